//! Providers of messages to people outside: builds their parts from the settings.

use std::sync::Arc;
use std::time::{Duration, Instant};

use conversation_channels::{
    Channels, FetchSettings, Fetcher, Ports, Reader, SendSettings, Sender, Sessions,
};
use conversation_domain::unit::Conversations;
use talk_domain::files::model::StoredFile;
use talk_domain::identity::credentials::Tokens as _;
use talk_domain::kernel::store::{Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_files::Files;
use talk_http_actix::FileLinks;
use talk_identity::SignedTokens;
use talk_outgoing::{Client, ClientSettings, Guard};
use talk_webhooks::SealingKeys;
use tokio::task::JoinSet;

use crate::cleaner::leave_time;
use crate::failure::Failure;
use crate::installation::{now, random};
use crate::settings::{Settings, SettingsError};

/// Time from one removal of expired receipts to the next.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Medias of incoming messages that are fetched at a time. A customer has an eighth of them.
const FETCHES: usize = 32;

/// Time for the fetch of a media.
const FETCH_TIME: Duration = Duration::from_secs(60);

/// Receipts that one unit of work removes.
const REMOVED: u32 = 64;

/// Refuses the start without the key with which secrets of accounts are sealed.
///
/// # Errors
/// If it is missing and an account has secrets, and when storage fails.
pub(crate) async fn check_key(
    store: &Arc<dyn Store<Conversations>>,
    keys: &SealingKeys,
) -> Result<(), Failure> {
    if keys.current.is_some() {
        return Ok(());
    }
    let unit = Unit::installation("any_sealed_account");
    let any = store.read(unit, |snapshot| snapshot.accounts().any_sealed());
    if any.await.map_err(anyhow::Error::new)? {
        let reason = "is missing, and secrets of conversation accounts are sealed with it";
        return Err(SettingsError::new("secrets_key", reason).into());
    }
    Ok(())
}

/// The client that sends requests to providers.
pub(crate) fn client(settings: &Settings) -> Result<Client, SettingsError> {
    let guard = Guard::new(
        &settings.provider_allow_networks.0,
        &settings.provider_allow_ports.0,
        settings.provider_allow_http,
    );
    let name = "provider_allow_networks";
    let guard = guard.map_err(|error| SettingsError::new(name, error.to_string()))?;
    let timeout_ms = u64::from(settings.provider_timeout_seconds) * 1_000;
    let client = ClientSettings {
        user_agent: concat!("Talk/", env!("CARGO_PKG_VERSION")),
        timeout_ms,
        connect_timeout_ms: timeout_ms.min(5_000),
        authorities: None,
    };
    Client::new(guard, &client).map_err(|error| SettingsError::new(name, error.to_string()))
}

/// The providers, whose requests `client` makes. Links to files are signed like `tokens`.
pub(crate) fn channels(
    settings: &Settings,
    (store, secrets): (Arc<dyn Store<Conversations>>, Arc<SealingKeys>),
    (client, tokens): (Client, Arc<SignedTokens>),
) -> Arc<Channels> {
    let public_url = settings.public_url.as_ref().map(ToString::to_string);
    let ports = Ports {
        store,
        secrets,
        clock: Arc::new(now),
        link: links(public_url.clone(), settings, tokens.fingerprint_secret()),
        random: Arc::new(random),
    };
    Arc::new(Channels::new(ports, client, public_url))
}

/// Makes links to files.
fn links(
    public_url: Option<String>,
    settings: &Settings,
    secret: String,
) -> Arc<dyn Fn(StoredFile) -> Option<String> + Send + Sync> {
    let links = FileLinks {
        public_url,
        secret,
        seconds: settings.file_limits().link_seconds,
    };
    Arc::new(move |file| Some(links.link(file, now())?.0))
}

/// Removes old receipts, and reports about messages that were never sent, every hour until dropped.
async fn expire_hourly(store: Arc<dyn Store<Conversations>>, days: u32) {
    let mut hours = tokio::time::interval(HOUR);
    loop {
        hours.tick().await;
        let before = now().minus_days(days);
        loop {
            let start = Instant::now();
            let unit = Unit::installation("expire_receipts");
            let expired = store.write(unit, move |uow| {
                let receipts = uow.receipts().expire(before, REMOVED)?;
                Ok::<_, StoreError>(receipts | uow.parts().expire(before, REMOVED)?)
            });
            match expired.await {
                Ok(true) => leave_time(start).await,
                Ok(false) => break,
                Err(error) => {
                    tracing::warn!(%error, "expired receipts were not removed; they are removed later");
                    break;
                }
            }
        }
    }
}

/// Starts the tasks that send messages and read what providers send.
pub(crate) fn start(
    settings: &Settings,
    (channels, files): (Arc<Channels>, Files),
    tasks: &mut JoinSet<()>,
) -> Arc<Channels> {
    let sending = SendSettings {
        parallel: settings.provider_parallel,
        connections: settings.provider_connections,
        // A lease outlives the request and the record of its outcome.
        lease_seconds: settings
            .provider_timeout_seconds
            .saturating_mul(2)
            .saturating_add(15),
    };
    tasks.spawn(Sender::new(Arc::clone(&channels), sending).run());
    tasks.spawn(Reader::new(Arc::clone(&channels)).run());
    tasks.spawn(Sessions::new(Arc::clone(&channels)).run());
    let limits = settings.file_limits();
    let fetching = FetchSettings {
        bytes: limits.bytes as u64,
        quota: limits.quota,
        parallel: FETCHES,
        time: FETCH_TIME,
    };
    tasks.spawn(Fetcher::new(Arc::clone(&channels), Arc::new(files), fetching).run());
    tasks.spawn(expire_hourly(channels.store(), settings.receipts_days));
    channels
}
