//! Webhooks and intercepts: builds their parts from the settings, and removes what has expired.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use secrecy::SecretString;
use talk_domain::hooks::gateway::{Intercepts as _, Reports};
use talk_domain::hooks::unit::Hooks;
use talk_domain::hooks::webhook::Webhook;
use talk_domain::kernel::future::BoxFuture;
use talk_domain::kernel::store::{ReadLane, Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::unit::{Talk, TalkUnit};
use talk_events::{LogReader, NodeHandle};
use talk_outgoing::{Client, ClientSettings, Guard};
use talk_webhooks::{DeliveryConsumer, Dispatcher, InterceptCaller, SealingKey, SealingKeys};
use talk_wire::socket::ServerFrame;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::cleaner::leave_time;
use crate::failure::Failure;
use crate::installation::{now, random};
use crate::settings::{Settings, SettingsError};

/// Time from one removal of expired deliveries to the next.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Time from one removal of deliveries of deleted webhooks to the next.
const MINUTE: Duration = Duration::from_secs(60);

/// Time from one measurement of the backlog to the next.
const MEASURED: Duration = Duration::from_secs(30);

/// Admins and managers of a customer that get a report, at most.
const REPORTED: u32 = 1_000;

/// Deliveries that one unit of work removes.
const REMOVED: u32 = 64;

/// The keys that secrets are sealed with.
pub(crate) fn sealing_keys(settings: &Settings) -> Result<SealingKeys, SettingsError> {
    let key = |name: &str, text: &Option<SecretString>| {
        let key = text.as_ref().map(SealingKey::new).transpose();
        key.map_err(|error| SettingsError::new(name, error.to_string()))
    };
    Ok(SealingKeys {
        current: key("secrets_key", &settings.secrets_key)?,
        previous: key("secrets_key_previous", &settings.secrets_key_previous)?,
    })
}

/// The client that sends deliveries.
pub(crate) fn client(settings: &Settings) -> Result<Client, SettingsError> {
    let guard = Guard::new(
        &settings.webhook_allow_networks.0,
        &settings.webhook_allow_ports.0,
        settings.webhook_allow_http,
    );
    let guard =
        guard.map_err(|error| SettingsError::new("webhook_allow_networks", error.to_string()))?;
    let read = |path: &std::path::PathBuf| read_authorities(path);
    let client = ClientSettings {
        user_agent: concat!("Talk-Webhooks/", env!("CARGO_PKG_VERSION")),
        timeout_ms: settings.webhook_timeout_ms,
        connect_timeout_ms: settings.webhook_connect_timeout_ms,
        authorities: settings.webhook_ca_file.as_ref().map(read).transpose()?,
    };
    Client::new(guard, &client)
        .map_err(|error| SettingsError::new("webhook_ca_file", error.to_string()))
}

fn read_authorities(path: &Path) -> Result<Vec<u8>, SettingsError> {
    std::fs::read(path)
        .map_err(|error| SettingsError::new("webhook_ca_file", format!("cannot be read: {error}")))
}

/// Refuses a start without the key that stored secrets were sealed with.
pub(crate) async fn check_key(
    store: &Arc<dyn Store<Talk>>,
    keys: &SealingKeys,
) -> Result<(), Failure> {
    if keys.current.is_some() {
        return Ok(());
    }
    let unit = Unit::installation("any_webhook");
    let any = store.read(unit, |snapshot| {
        Ok::<_, StoreError>(snapshot.webhooks().any()? || snapshot.intercepts().any()?)
    });
    if any.await.map_err(anyhow::Error::new)? {
        let reason = "is missing, and secrets of webhooks or intercepts are sealed with it";
        return Err(SettingsError::new("secrets_key", reason).into());
    }
    Ok(())
}

/// The ports of webhooks and intercepts.
pub(crate) fn ports(
    store: Arc<dyn Store<Hooks>>,
    secrets: Arc<SealingKeys>,
) -> talk_webhooks::Ports {
    talk_webhooks::Ports {
        store,
        secrets,
        clock: Arc::new(now),
    }
}

/// The reports of webhooks: to the sockets of `node`.
pub(crate) fn reports(store: &Arc<dyn Store<Talk>>, node: &NodeHandle) -> Arc<dyn Reports> {
    Arc::new(SocketReports {
        store: Arc::clone(store),
        node: node.clone(),
    })
}

/// Reports to the sockets of admins and managers.
struct SocketReports {
    /// The database, which knows who they are.
    store: Arc<dyn Store<Talk>>,
    /// The sockets.
    node: NodeHandle,
}

impl Reports for SocketReports {
    fn webhook_disabled(&self, webhook: Webhook) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let unit = Unit::of(webhook.customer, "administrators");
            let read = self
                .store
                .read(unit, |snapshot| snapshot.agents().administrators(REPORTED));
            match read.await {
                Ok(administrators) => {
                    let data = Box::new(talk_wire::resource::Webhook::from(&webhook));
                    let frame = ServerFrame::WebhookDisabled { data }.json();
                    self.node.report(administrators, frame.into());
                }
                Err(error) => tracing::warn!(%error, "admins got no report of a disabled webhook"),
            }
        })
    }
}

/// Starts the tasks of webhooks and intercepts: the reader of the log, which `woken` wakes, the one that
/// gives endpoints what they missed, and the dispatcher. Returns the part that calls intercepts, with those of the database.
pub(crate) async fn start(
    settings: &Settings,
    (ports, client, reports): (talk_webhooks::Ports, Client, Arc<dyn Reports>),
    woken: watch::Receiver<()>,
    tasks: &mut JoinSet<()>,
) -> Result<Arc<InterceptCaller>, Failure> {
    let connections = settings.intercept_connections;
    let caller = InterceptCaller::new(ports.clone(), client.clone(), connections);
    let caller = Arc::new(caller);
    // Before the first message is posted.
    caller.refresh().await.map_err(anyhow::Error::new)?;
    let (dispatcher, waker) = Dispatcher::new(ports.clone(), client, reports, settings.dispatch());
    let store = Arc::clone(&ports.store);
    let consumer = DeliveryConsumer::new(ports, Arc::new(random), waker);
    tasks.spawn(consumer.catch_up().run());
    let reader = LogReader::new(store, Arc::new(consumer), woken);
    tasks.spawn(reader.run());
    tasks.spawn(dispatcher.run());
    tasks.spawn(Arc::clone(&caller).watch());
    Ok(caller)
}

/// The days that rows of webhooks and intercepts are kept.
#[derive(Clone, Copy)]
pub(crate) struct KeptDays {
    /// Deliveries that ended.
    pub(crate) deliveries: u32,
    /// Decisions.
    pub(crate) decisions: u32,
    /// Held messages.
    pub(crate) held: u32,
}

/// Removes expired deliveries, decisions and held messages every hour, until dropped.
pub(crate) async fn expire_hourly(store: Arc<dyn Store<Talk>>, days: KeptDays) {
    let mut hours = tokio::time::interval(HOUR);
    loop {
        hours.tick().await;
        let before = now().minus_days(days.deliveries);
        let step = move |uow: &mut dyn TalkUnit| uow.deliveries().expire(before, REMOVED);
        repeat(&store, "expire_deliveries", step).await;
        let before = now().minus_days(days.decisions);
        let step = move |uow: &mut dyn TalkUnit| uow.decisions().expire(before, REMOVED);
        repeat(&store, "expire_decisions", step).await;
        let before = now().minus_days(days.held);
        let step = move |uow: &mut dyn TalkUnit| uow.held().expire(before, REMOVED);
        repeat(&store, "expire_held_messages", step).await;
    }
}

/// Removes deliveries of deleted webhooks, every minute, until dropped.
pub(crate) async fn remove_orphans(store: Arc<dyn Store<Talk>>) {
    let mut minutes = tokio::time::interval(MINUTE);
    loop {
        minutes.tick().await;
        let step = |uow: &mut dyn TalkUnit| uow.deliveries().remove_orphans(REMOVED);
        repeat(&store, "remove_orphaned_deliveries", step).await;
    }
}

/// Repeats a step until it finds nothing, with pauses for the other units of work.
async fn repeat(
    store: &Arc<dyn Store<Talk>>,
    name: &'static str,
    step: impl Fn(&mut dyn TalkUnit) -> Result<bool, StoreError> + Copy + Send + 'static,
) {
    loop {
        let start = Instant::now();
        let unit = Unit::installation(name);
        match store.write(unit, move |uow| step(uow)).await {
            Ok(true) => leave_time(start).await,
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(%error, "expired rows were not removed; they are removed later");
                return;
            }
        }
    }
}

/// Measures what waits and what is dead, until dropped.
pub(crate) async fn measure(store: Arc<dyn Store<Talk>>) {
    let mut interval = tokio::time::interval(MEASURED);
    loop {
        interval.tick().await;
        let unit = Unit::installation("webhook_backlog").in_lane(ReadLane::Shared);
        match store
            .read(unit, |snapshot| snapshot.deliveries().backlog())
            .await
        {
            Ok(backlog) => {
                let age = backlog.oldest.map_or(0, |oldest| {
                    now().as_micros().saturating_sub(oldest.as_micros()) / 1_000_000
                });
                #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
                metrics::gauge!("talk_webhook_oldest_pending_seconds").set(age as f64);
                #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
                metrics::gauge!("talk_webhook_dead").set(backlog.dead as f64);
            }
            Err(error) => tracing::debug!(%error, "the backlog of webhooks was not measured"),
        }
    }
}
