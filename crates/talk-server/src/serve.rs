//! `serve`: checks settings before creating anything, and finishes requests before the end.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use conversation_channels::Channels;
use conversation_domain::live::ConversationEntitlements;
use conversation_domain::model::conversation;
use conversation_domain::unit::Conversations;
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::SecretString;
use talk_console::DemoAgent;
use talk_domain::hooks::unit::Hooks;
use talk_domain::kernel::live::Entitlements;
use talk_domain::kernel::store::Store;
use talk_domain::talk::live::TalkEntitlements;
use talk_domain::talk::model::chat::CHAT;
use talk_domain::talk::unit::Talk;

use talk_events::{ByRealm, Node, ReaderBell};
use talk_files::Files;
use talk_http_actix::{Api, Listen};
use talk_identity::{ArgonPasswords, SignedTokens};
use talk_outgoing::Client;
use talk_store_diesel::{DatabaseLock, Marker, SqliteStore};
use talk_webhooks::SealingKeys;
use tokio::signal::unix::Signal;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::bootstrap::{FirstAdmin, bootstrap, no_agents};
use crate::descriptors::{connection_limits, raise_file_limit};
use crate::failure::Failure;
use crate::settings::{Loaded, OptionalAddress, Settings, SettingsError};
use crate::signals::{stop_signal, stop_signals};
use crate::usernames::warn_of_collisions;
use crate::{channels, console, demo, files, installation, observe, upkeep, webhooks};

/// Time for the end of the sessions with message centres.
const SESSIONS_END: Duration = Duration::from_secs(5);

/// A server with bound listeners and an open database that does not accept requests yet.
pub(crate) struct Prepared {
    /// Dropped before `store`: the marker has the database open too, and closing the store waits
    /// for it.
    marker: Marker,
    /// The database.
    pub(crate) store: Arc<dyn Store<Talk>>,
    /// The same database, for the use cases of webhooks.
    hooks_store: Arc<dyn Store<Hooks>>,
    /// The same store, for conversations with people outside.
    pub(crate) conversations: Arc<dyn Store<Conversations>>,
    /// Tokens.
    pub(crate) tokens: Arc<SignedTokens>,
    /// Password hashing.
    pub(crate) passwords: Arc<ArgonPasswords>,
    pub(crate) files: Files,
    /// The keys that secrets are sealed with.
    pub(crate) keys: Arc<SealingKeys>,
    hooks: Client,
    /// The providers of messages.
    channels: Arc<Channels>,
    committed: watch::Receiver<()>,
    node: Node,
    /// The agents that log in to the console with one click: those of `dev`.
    pub(crate) demo_agents: Vec<DemoAgent>,
    public: TcpListener,
    admin: Option<TcpListener>,
    metrics: PrometheusHandle,
    /// Dropped last, after the database is closed.
    lock: DatabaseLock,
}

/// Serves in production until SIGTERM or SIGINT.
pub(crate) async fn serve(loaded: &Loaded) -> Result<(), Failure> {
    let settings = &loaded.settings;
    let secret = signing_secret(settings)?;
    if !installation::has_database(settings)? && FirstAdmin::from(settings)?.is_none() {
        return Err(no_agents());
    }
    let keys = webhooks::sealing_keys(settings)?;
    let prepared = prepare(loaded, secret, keys)?;
    webhooks::check_key(&prepared.store, &prepared.keys).await?;
    channels::check_key(&prepared.conversations, &prepared.keys).await?;
    bootstrap(&prepared.store, &*prepared.passwords, settings).await?;
    warn_of_collisions(&prepared.store)
        .await
        .map_err(installation::refused)?;
    demo::refuse_known_passwords(&prepared.store, &*prepared.passwords).await?;
    files::check(&prepared.files).await?;
    run(settings, prepared).await
}

/// Returns the signing secret, which `serve` never generates.
pub(crate) fn signing_secret(settings: &Settings) -> Result<&SecretString, Failure> {
    let secret = settings.jwt_secret.as_ref().ok_or_else(|| {
        let least = talk_identity::MIN_SECRET_BYTES;
        let reason = format!("is missing; set TALK_JWT_SECRET to at least {least} random bytes");
        SettingsError::new("jwt_secret", reason)
    })?;
    Ok(secret)
}

/// Binds the listeners and opens the database.
pub(crate) fn prepare(
    loaded: &Loaded,
    secret: &SecretString,
    keys: SealingKeys,
) -> Result<Prepared, Failure> {
    let settings = &loaded.settings;
    installation::check_database(settings)?;
    let tokens = Arc::new(installation::tokens(settings, secret)?);
    let hooks = webhooks::client(settings)?;
    let providers = (channels::client(settings)?, Arc::clone(&tokens));
    let keys = Arc::new(keys);
    let public = listen("bind", settings.bind)?;
    let admin = settings.admin_bind.0;
    let admin = admin
        .map(|address| listen("admin_bind", address))
        .transpose()?;
    observe::logs(settings)?;
    if !loaded.ignored.is_empty() {
        let variables = loaded.ignored.join(", ");
        tracing::debug!(variables, "ignored: Kubernetes sets these for a Service");
    }
    raise_file_limit();
    let metrics = observe::metrics()?;
    let passwords = Arc::new(ArgonPasswords::new().map_err(anyhow::Error::new)?);
    let node = Node::new(settings.socket_queue_bytes);
    let bell = Arc::new(ReaderBell::new(node.bell()));
    let committed = bell.subscribe();
    let lock = installation::lock(settings)?;
    let files = files::open(settings)?;
    installation::renew_if_older(settings)?;
    let store = installation::open_for(settings, bell, Some(Arc::new(end_at_once)))?;
    Ok(Prepared {
        channels: channels::channels(settings, (store.clone(), keys.clone()), providers),
        hooks_store: Arc::<SqliteStore>::clone(&store),
        conversations: Arc::<SqliteStore>::clone(&store),
        store,
        tokens,
        passwords,
        files,
        keys,
        hooks,
        committed,
        node,
        demo_agents: Vec::new(),
        public,
        admin,
        metrics,
        marker: installation::marker(settings)?,
        lock,
    })
}

/// Ends the process at once: after a failed commit the state of the database is unknown, so nothing
/// more may be answered. The next start recovers it.
fn end_at_once(reason: &str) {
    tracing::error!(reason, "the database failed; the process ends");
    observe::flush();
    std::process::exit(1);
}

fn listen(name: &str, address: SocketAddr) -> Result<TcpListener, Failure> {
    let listener = TcpListener::bind(address);
    Ok(listener.with_context(|| format!("{name}: cannot listen at {address}"))?)
}

impl Prepared {
    /// Returns the address of the API, with the actual port if the setting was port 0.
    pub(crate) fn address(&self) -> Result<SocketAddr, Failure> {
        Ok(self.public.local_addr()?)
    }

    /// Returns a function that logs the addresses once the server accepts requests.
    fn announcement(&self, settings: &Settings) -> Result<impl FnOnce() + use<>, Failure> {
        let bind = self.address()?;
        let admin = self.admin.as_ref().map(TcpListener::local_addr);
        let admin_bind = OptionalAddress(admin.transpose()?);
        let database = installation::database(settings)?;
        let public_url = settings.public_url.as_ref().map(ToString::to_string);
        let version = env!("CARGO_PKG_VERSION");
        Ok(move || {
            tracing::info!(%bind, %admin_bind, public_url, database, version, "serving");
        })
    }
}

/// Serves until SIGTERM or SIGINT; then finishes the requests in flight and closes the database.
pub(crate) async fn run(settings: &Settings, prepared: Prepared) -> Result<(), Failure> {
    let (metrics, channels) = (prepared.metrics.clone(), Arc::clone(&prepared.channels));
    let announce = prepared.announcement(settings)?;
    let (store, database) = (Arc::clone(&prepared.store), prepared.store);
    let entitlements = Arc::new(entitlements(&store, &prepared.conversations));
    let (live, delivery) = prepared.node.run(entitlements);
    let (revocations, watching) = talk_http_actix::watch_revocations(Arc::clone(&store));
    let mut background = upkeep::maintenance(settings, &store, &metrics);
    background.spawn(delivery);
    background.spawn(watching);
    background.spawn(files::clean_up(settings, &store, &prepared.files));
    let ports = webhooks::ports(prepared.hooks_store, Arc::clone(&prepared.keys));
    let hooks = (ports, prepared.hooks, webhooks::reports(&store, &live));
    let intercepts = webhooks::start(settings, hooks, prepared.committed, &mut background).await?;
    let providers = (prepared.channels, prepared.files.clone());
    let (stop_sockets, stopping) = watch::channel(false);
    let api = Api {
        has_legacy: settings.legacy_api,
        static_files: console::files(settings, &prepared.demo_agents),
        store,
        conversations: prepared.conversations,
        channels: channels::start(settings, providers, &mut background),
        passwords: prepared.passwords,
        tokens: prepared.tokens,
        secrets: prepared.keys,
        intercepts,
        held_limits: settings.held_limits(),
        hook_limits: settings.hook_limits(),
        conversation_limits: settings.conversation_limits(),
        limits: settings.limits(),
        body_limits: settings.body_limits(),
        allowed_origins: settings.allowed_origins.0.clone(),
        files: Arc::new(prepared.files),
        file_limits: settings.file_limits(),
        public_url: settings.public_url.as_ref().map(ToString::to_string),
        page_bytes: settings.max_page_bytes,
        unsent: settings.unsent_limits(),
        sockets: settings.socket_limits(),
        logins: settings.login_limits(),
        rates: settings.rates(),
        trusted_proxies: settings.trusted_proxies.clone(),
        live: Arc::new(live),
        revocations,
        stopping,
        clock: Arc::new(installation::now),
        random: Arc::new(installation::random),
    };
    let listen = listeners(settings, (prepared.public, prepared.admin), metrics);
    let stops = stop_signals()?;
    let server = talk_http_actix::server(api, listen).context("the server")?;
    let handle = server.handle();
    announce();
    let finish = finish(move || handle.stop(true), channels);
    let stop = tokio::spawn(stop_in_order(stops, background, stop_sockets, finish));
    server.await.context("the server")?;
    let is_broken = stop.await.context("the end")?;
    close(database, prepared.marker, prepared.lock).await;
    whole(is_broken)
}

/// Returns the ports that decide which streams a connection may read.
fn entitlements(
    store: &Arc<dyn Store<Talk>>,
    conversations: &Arc<dyn Store<Conversations>>,
) -> ByRealm {
    let talk = TalkEntitlements::new(Arc::clone(store));
    let outside = ConversationEntitlements::new(Arc::clone(conversations));
    ByRealm::new([
        (CHAT, Arc::new(talk) as Arc<dyn Entitlements>),
        (conversation::REALM, Arc::new(outside)),
    ])
}

/// The listeners, and the limits of their connections.
fn listeners(
    settings: &Settings,
    (public, admin): (TcpListener, Option<TcpListener>),
    metrics: PrometheusHandle,
) -> Listen {
    Listen {
        public,
        admin,
        connections: connection_limits(settings),
        workers: workers(settings),
        shutdown_seconds: settings.shutdown_seconds,
        metrics: Arc::new(move || metrics.render()),
    }
}

/// Stops the server after a signal, or after a background task has ended: without one of these tasks
/// events or revocations would be lost silently. Returns whether a task has ended.
async fn stop_in_order(
    stops: [Signal; 2],
    mut background: JoinSet<()>,
    stop_sockets: watch::Sender<bool>,
    finish: impl Future<Output = ()>,
) -> bool {
    let is_broken = tokio::select! {
        () = stop_signal(stops) => false,
        _ = background.join_next() => true,
    };
    tracing::info!("stopping: requests in flight are finished");
    stop_sockets.send_replace(true);
    finish.await;
    // Their handles of the database must be dropped before it is closed.
    background.shutdown().await;
    is_broken
}

/// Finishes requests in flight, then ends the sessions with message centres.
async fn finish<F: Future<Output = ()>>(stop: impl FnOnce() -> F, channels: Arc<Channels>) {
    stop().await;
    channels.end_sessions(SESSIONS_END).await;
}

/// Writes everything and closes the database as one file. Drops the marker first, which has the
/// database open, and the lock last.
async fn close(database: Arc<dyn Store<Talk>>, marker: Marker, lock: DatabaseLock) {
    drop(marker);
    database.close().await;
    drop(lock);
    tracing::info!("stopped");
}

fn whole(is_broken: bool) -> Result<(), Failure> {
    let broken = || anyhow::anyhow!("a background task ended unexpectedly").into();
    (!is_broken).then_some(()).ok_or_else(broken)
}

fn workers(settings: &Settings) -> usize {
    match settings.workers {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        workers => workers,
    }
}
