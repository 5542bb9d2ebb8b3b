//! The parts of an installation, made from its settings: clock, randomness, store and identity.

use std::fs::{DirBuilder, File, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use secrecy::{ExposeSecret, SecretString};
use talk_domain::error::{DomainError, ErrorKind};
use talk_domain::event::{Bell, LoggedEvent};
use talk_domain::store::Store;
use talk_domain::time::Timestamp;
use talk_identity::{Issuer, IssuerKey, IssuerOptions, SignedTokens};
use talk_store_diesel::{FatalHook, StoreOptions};
use talk_wire::frame::ChatFrames;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::failure::Failure;
use crate::settings::{Settings, SettingsError};

/// The time.
pub(crate) fn now() -> Timestamp {
    // Only a clock outside the years 0 to 9999 has no timestamp, and no answer is right then.
    Timestamp::try_from(OffsetDateTime::now_utc())
        .unwrap_or_else(|_| unreachable!("the clock of this machine shows an impossible year"))
}

/// Random bits.
pub(crate) fn random() -> u128 {
    // Six bits of a random UUID are fixed; the other one covers them.
    Uuid::new_v4().as_u128() ^ Uuid::new_v4().as_u128().rotate_left(64)
}

/// A fresh id for something the operator creates.
pub(crate) fn fresh<T: From<Uuid>>() -> T {
    Uuid::now_v7().into()
}

/// A fresh secret, long enough to sign with.
pub(crate) fn secret() -> SecretString {
    format!("{:032x}{:032x}", random(), random()).into()
}

/// Checks the database URL, and creates nothing.
pub(crate) fn check_database(settings: &Settings) -> Result<(), Failure> {
    talk_store_diesel::check_url(settings.database_url().expose_secret())
        .map_err(|error| SettingsError::new("database_url", error.to_string()).into())
}

/// For commands that serve nobody.
struct Silence;

impl Bell for Silence {
    fn ring(&self, _: &[LoggedEvent]) {}
}

/// Takes the database for one server: sockets of a second one would miss events of the first.
/// Commands need no lock. It ends with the process, however it ends.
pub(crate) fn lock(settings: &Settings) -> Result<Option<File>, Failure> {
    let url = settings.database_url();
    let Some(path) = url.expose_secret().strip_prefix("sqlite:") else {
        return Ok(None);
    };
    let path = format!("{path}.lock");
    if let Some(directory) = Path::new(&path).parent() {
        let made = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory);
        made.with_context(|| format!("the directory {}", directory.display()))?;
    }
    let mut options = File::options();
    let file = options.create(true).append(true).mode(0o600).open(&path);
    let file = file.with_context(|| format!("the lock {path}"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => {
            let reason = "another server uses this database; one database has one server";
            Err(SettingsError::new("database_url", reason).into())
        }
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("the lock {path}"))?
        }
    }
}

/// The database as the log may name it: a file, or nothing that could hold a password.
pub(crate) fn database(settings: &Settings) -> String {
    let url = settings.database_url();
    let path = url.expose_secret().strip_prefix("sqlite:");
    path.unwrap_or("a server").to_owned()
}

/// Opens the database, migrated, for a command.
pub(crate) fn open(settings: &Settings) -> Result<Arc<dyn Store>, Failure> {
    open_for(settings, Arc::new(Silence), None)
}

/// Opens the database, migrated; `bell` hears of every commit.
pub(crate) fn open_for(
    settings: &Settings,
    bell: Arc<dyn Bell>,
    on_fatal: Option<FatalHook>,
) -> Result<Arc<dyn Store>, Failure> {
    let options = StoreOptions {
        readers: settings.readers,
        read_timeout: Duration::from_millis(settings.read_timeout_ms.into()),
        waiting_reads_per_agent: settings.waiting_reads_per_agent,
        waiting_reads_per_customer: settings.waiting_reads_per_customer,
        queue: settings.queue,
        group: settings.group_commit,
        max_bytes: (settings.max_database_bytes > 0).then_some(settings.max_database_bytes),
        on_fatal,
        ..StoreOptions::default()
    };
    let url = settings.database_url();
    let store = talk_store_diesel::open(url.expose_secret(), &options, Arc::new(ChatFrames), bell);
    Ok(store.context("the database")?)
}

/// What a look through the whole database finds wrong.
pub(crate) fn examine(settings: &Settings) -> Result<Vec<String>, Failure> {
    let url = settings.database_url();
    let problems = talk_store_diesel::examine(url.expose_secret());
    Ok(problems.context("the database")?)
}

/// Opens a database that is there already, so that a mistyped name creates nothing.
pub(crate) fn open_existing(settings: &Settings) -> Result<Arc<dyn Store>, Failure> {
    check_existing(settings)?;
    open(settings)
}

/// Refuses a database that is not there.
pub(crate) fn check_existing(settings: &Settings) -> Result<(), Failure> {
    if has_database(settings) {
        return Ok(());
    }
    let reason = "there is no such database; `migrate` or `customer create` makes one";
    Err(SettingsError::new("database_url", reason).into())
}

/// Whether the database may be there already; only a file can be seen to be missing.
pub(crate) fn has_database(settings: &Settings) -> bool {
    let url = settings.database_url();
    let path = url.expose_secret().strip_prefix("sqlite:");
    path.is_none_or(|path| Path::new(path).exists())
}

/// Tokens signed with `secret`, and those of the trusted issuer.
pub(crate) fn tokens(settings: &Settings, secret: &SecretString) -> Result<SignedTokens, Failure> {
    let issuer = issuer(settings)?;
    let tokens = SignedTokens::new(secret, settings.token_lifetime_seconds, issuer);
    let tokens = match &settings.jwt_secret_previous {
        Some(previous) => tokens.and_then(|tokens| tokens.with_previous(previous)),
        None => tokens,
    };
    tokens.map_err(|error| Failure::Usage(error.to_string()))
}

fn issuer(settings: &Settings) -> Result<Option<Issuer>, Failure> {
    let Some(algorithm) = settings.issuer_algorithm else {
        return Ok(None);
    };
    let read = |name: &str, path: &Path| {
        std::fs::read_to_string(path)
            .map_err(|error| SettingsError::new(name, format!("cannot be read: {error}")))
    };
    let key = if let Some(path) = &settings.issuer_key_file {
        IssuerKey::Pem(read("issuer_key_file", path)?)
    } else if let Some(path) = &settings.issuer_jwks_file {
        IssuerKey::Jwks(read("issuer_jwks_file", path)?)
    } else {
        IssuerKey::Secret(settings.issuer_secret.clone().unwrap_or_default())
    };
    let issuer = Issuer::new(IssuerOptions {
        algorithm,
        key,
        issuer: settings.issuer_issuer.clone(),
        audience: settings.issuer_audience.clone(),
        agent_claim: settings.issuer_agent_claim.clone(),
        customer_claim: settings.issuer_customer_claim.clone(),
        expire_claim: settings.issuer_expire_claim.clone(),
    });
    let issuer = issuer.map_err(|error| SettingsError::new("issuer", error.to_string()))?;
    Ok(Some(issuer))
}

/// A refusal of the domain, as the operator sees it.
pub(crate) fn refused<E: DomainError>(error: E) -> Failure {
    match error.kind() {
        ErrorKind::InvalidArgument => Failure::Usage(error.to_string()),
        _ => Failure::Failed(anyhow::Error::new(error)),
    }
}
