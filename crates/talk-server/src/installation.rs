//! Builds the parts of an installation from its settings: clock, randomness, store and identity.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use secrecy::{ExposeSecret, SecretString};
use talk_domain::kernel::error::{DomainError, ErrorKind};
use talk_domain::kernel::log::{Bell, Logged};
use talk_domain::kernel::secret::Secrets as _;
use talk_domain::kernel::store::Store;
use talk_domain::kernel::time::Timestamp;
use talk_domain::talk::unit::Talk;

use talk_identity::{Issuer, IssuerKey, IssuerOptions, SignedTokens};
use talk_store_diesel::{
    DatabaseLock, FatalHook, FreeSpace, Marker, OpenError, SealedSecret, SqliteStore, StoreOptions,
};
use talk_wire::frame::ChatFrames;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::failure::Failure;
use crate::settings::{Settings, SettingsError};
use crate::webhooks::sealing_keys;

/// The time.
pub(crate) fn now() -> Timestamp {
    // Fails only if the clock is outside the years 0 to 9999.
    Timestamp::try_from(OffsetDateTime::now_utc())
        .unwrap_or_else(|_| unreachable!("the clock of this machine shows an impossible year"))
}

/// Random bits.
pub(crate) fn random() -> u128 {
    // Six bits of a random UUID are fixed; XOR with a rotated second one makes them random.
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

/// Deadline of reads in commands: long enough to scan any database. The setting `read_timeout_ms`
/// protects a server from its clients and does not apply here.
const UNHURRIED: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// An hour in microseconds.
const HOUR: i64 = 3_600_000_000;

/// A bell for commands: nobody is subscribed.
struct Silence;

impl Bell for Silence {
    fn ring(&self, _: &[Arc<Logged>]) {}
}

/// Locks the database for one server, since sockets of a second server would miss events of the
/// first. The lock is released when the process ends, also by a crash.
pub(crate) fn lock(settings: &Settings) -> Result<DatabaseLock, Failure> {
    locked(talk_store_diesel::lock(
        settings.database_url().expose_secret(),
    ))
}

/// Takes a shared lock for a command that writes, beside a server and other commands: a restore
/// must not replace the file meanwhile. Must outlive the open database.
pub(crate) fn lock_for_command(settings: &Settings) -> Result<DatabaseLock, Failure> {
    locked(talk_store_diesel::lock_for_command(
        settings.database_url().expose_secret(),
    ))
}

fn locked(lock: Result<DatabaseLock, OpenError>) -> Result<DatabaseLock, Failure> {
    match lock {
        Err(error @ (OpenError::InUse | OpenError::BesideCommand)) => {
            Err(SettingsError::new("database_url", error.to_string()).into())
        }
        lock => Ok(lock.context("the lock of the database")?),
    }
}

/// Gives the database a new epoch if it is older than the one last served here.
pub(crate) fn renew_if_older(settings: &Settings) -> Result<(), Failure> {
    let renewed = talk_store_diesel::renew_if_older(settings.database_url().expose_secret());
    if let Some(epoch) = renewed.context("the database")? {
        tracing::warn!(
            epoch,
            "the database is older than the one last served here: its log has a new epoch, and \
             clients that resume are told to read their chats again"
        );
    }
    Ok(())
}

/// Rewrites the mark beside the database: see [`marker`].
pub(crate) fn rewrite_mark(settings: &Settings) -> Result<(), Failure> {
    let rewritten = talk_store_diesel::rewrite_mark(settings.database_url().expose_secret());
    Ok(rewritten.context("the mark of the database")?)
}

/// Starts the task that keeps the mark file beside the database current; [`renew_if_older`] reads
/// it.
pub(crate) fn marker(settings: &Settings) -> Result<Marker, Failure> {
    let marker = Marker::start(settings.database_url().expose_secret());
    Ok(marker.context("the mark of the database")?)
}

/// Returns the name of the database for the log: the file, never a URL that could hold a password.
pub(crate) fn database(settings: &Settings) -> Result<String, Failure> {
    let name = talk_store_diesel::display_name(settings.database_url().expose_secret());
    Ok(name.context("the database")?)
}

/// Opens and migrates the database for a command. `is_served` says whether a server runs on it.
pub(crate) fn open_beside(
    settings: &Settings,
    is_served: bool,
) -> Result<Arc<dyn Store<Talk>>, Failure> {
    let options = StoreOptions {
        is_beside_server: is_served,
        read_timeout: UNHURRIED,
        ..options(settings)
    };
    Ok(open_with(settings, &options, Arc::new(Silence))?)
}

/// Opens and migrates the database for a server. `bell` is called after every commit.
pub(crate) fn open_for(
    settings: &Settings,
    bell: Arc<dyn Bell>,
    on_fatal: Option<FatalHook>,
) -> Result<Arc<SqliteStore>, Failure> {
    let options = StoreOptions {
        on_fatal,
        ..options(settings)
    };
    open_with(settings, &options, bell)
}

fn options(settings: &Settings) -> StoreOptions {
    StoreOptions {
        readers: settings.readers,
        read_timeout: Duration::from_millis(settings.read_timeout_ms.into()),
        waiting_reads_per_agent: settings.waiting_reads_per_agent,
        waiting_reads_per_customer: settings.waiting_reads_per_customer,
        queue: settings.queue,
        group: settings.group_commit,
        max_bytes: (settings.max_database_bytes > 0).then_some(settings.max_database_bytes),
        ..StoreOptions::default()
    }
}

fn open_with(
    settings: &Settings,
    options: &StoreOptions,
    bell: Arc<dyn Bell>,
) -> Result<Arc<SqliteStore>, Failure> {
    let url = settings.database_url();
    let store = talk_store_diesel::open(url.expose_secret(), options, Arc::new(ChatFrames), bell);
    Ok(store.context("the database")?)
}

/// Scans the whole database and returns the problems found.
pub(crate) fn examine(settings: &Settings) -> Result<Vec<String>, Failure> {
    let url = settings.database_url();
    let problems = talk_store_diesel::examine(url.expose_secret());
    let mut problems = problems.context("the database")?;
    let keys = sealing_keys(settings)?;
    if keys.current.is_none() {
        return Ok(problems);
    }
    let secrets = sealed_secrets(settings)?;
    for kind in ["account", "webhook"] {
        let of_kind = secrets.iter().filter(|secret| secret.kind == kind);
        let closed = of_kind.filter(|secret| keys.open(&secret.owner, &secret.sealed).is_err());
        let count = closed.count();
        if count > 0 {
            problems.push(format!(
                "{count} × secrets of {kind}s that `secrets_key` does not open"
            ));
        }
    }
    Ok(problems)
}

fn sealed_secrets(settings: &Settings) -> Result<Vec<SealedSecret>, Failure> {
    let url = settings.database_url();
    let secrets = talk_store_diesel::sealed_secrets(url.expose_secret());
    Ok(secrets.context("the database")?)
}

/// Returns hints at a state of the database that need not be a problem: requests of providers wait while
/// no server runs, and secrets cannot be checked without their key.
pub(crate) fn notes(settings: &Settings) -> Result<Vec<String>, Failure> {
    let url = settings.database_url();
    let before = now().as_micros() - HOUR;
    let waiting = talk_store_diesel::receipts_waiting(url.expose_secret(), before);
    let waiting = match waiting.context("the database")? {
        0 => None,
        count => Some(format!(
            "{count} requests of providers have waited for more than an hour"
        )),
    };
    let unchecked = match sealed_secrets(settings)?.len() {
        count if count > 0 && settings.secrets_key.is_none() => Some(format!(
            "{count} secrets were not opened, since `secrets_key` is not set"
        )),
        _ => None,
    };
    Ok(waiting.into_iter().chain(unchecked).collect())
}

/// Returns the free pages of the database.
pub(crate) fn free_space(settings: &Settings) -> Result<FreeSpace, Failure> {
    let url = settings.database_url();
    let space = talk_store_diesel::free_space(url.expose_secret());
    Ok(space.context("the database")?)
}

/// Refuses a database that does not exist.
pub(crate) fn check_existing(settings: &Settings) -> Result<(), Failure> {
    if has_database(settings)? {
        return Ok(());
    }
    let reason = "there is no such database; `migrate` or `customer create` makes one";
    Err(SettingsError::new("database_url", reason).into())
}

/// Returns whether the database exists already.
pub(crate) fn has_database(settings: &Settings) -> Result<bool, Failure> {
    check_database(settings)?;
    let exists = talk_store_diesel::exists(settings.database_url().expose_secret());
    Ok(exists.context("the database")?)
}

/// Builds the verifier of tokens signed with `secret` and of those of the trusted issuer.
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

/// Converts a refusal of the domain into an error for the operator.
pub(crate) fn refused<E: DomainError>(error: E) -> Failure {
    match error.kind() {
        ErrorKind::InvalidArgument => Failure::Usage(error.to_string()),
        _ => Failure::Failed(anyhow::Error::new(error)),
    }
}
