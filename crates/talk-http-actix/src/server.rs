//! The server: two listeners, one application.

mod upgrade;

use std::fmt::Debug;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_http::{HttpService, Request, Response};
use actix_server::{Server, ServerBuilder};
use actix_service::{
    IntoServiceFactory, ServiceFactory, ServiceFactoryExt as _, boxed, map_config,
};
use actix_web::dev::{AppConfig, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::rt::net::TcpStream;
use actix_web::{App, Error, web};
use socket2::SockRef;

use crate::Api;
use crate::observe::observe;
use crate::routes::routes;
use crate::shared::Shared;
use upgrade::upgrade;

/// How long a client may take to send a request's head; bodies have a limit of their own.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a client may take to close its side once the server has said all.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// How long an idle connection is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long what was sent may stay unacknowledged, or find the client's window closed.
const UNACKNOWLEDGED: Duration = Duration::from_secs(20);

/// Where to listen, and how.
pub struct Listen {
    /// The API.
    pub public: TcpListener,
    /// Health and metrics, for operators.
    pub admin: Option<TcpListener>,
    /// Threads that serve requests.
    pub workers: usize,
    /// Seconds that requests in flight have to end when the server stops.
    pub shutdown_seconds: u64,
    /// The metrics in Prometheus' text format.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

/// See [`Listen::metrics`].
pub(crate) struct Metrics(pub(crate) Arc<dyn Fn() -> String + Send + Sync>);

/// Which listener a request came in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// The API's.
    Public,
    /// The operators'.
    Admin,
}

impl Door {
    pub(crate) fn of(request: &ServiceRequest) -> Self {
        let door = request.app_data::<Self>();
        door.copied().unwrap_or(Self::Public)
    }

    /// Whether programs ask for `path` again and again.
    pub(crate) fn is_probed(path: &str) -> bool {
        matches!(path, "/healthz" | "/readyz" | "/metrics")
    }

    /// Whether `path` is served here: metrics only for operators, to whom nothing else but health
    /// is.
    pub(crate) fn leads_to(self, path: &str) -> bool {
        match (self, path) {
            (_, "/healthz" | "/readyz") => true,
            (door, "/metrics") => door == Self::Admin,
            (door, _) => door == Self::Public,
        }
    }
}

/// A server that runs both listeners once it is awaited. It handles no signals: stop it through
/// its [`handle`](Server::handle).
///
/// # Errors
/// If a listener cannot be used.
pub fn server(api: Api, listen: Listen) -> std::io::Result<Server> {
    let has_legacy = api.has_legacy;
    let shared = web::Data::new(Shared::new(api));
    let metrics = web::Data::new(Metrics(listen.metrics));
    let app = move |door: Door| {
        App::new()
            .app_data(door)
            .app_data(shared.clone())
            .app_data(metrics.clone())
            .wrap(from_fn(observe))
            .configure(|app| routes(app, has_legacy))
    };
    let mut builder = Server::build()
        .workers(listen.workers.max(1))
        .shutdown_timeout(listen.shutdown_seconds)
        .disable_signals();
    if let Some(admin) = listen.admin {
        let app = app.clone();
        builder = open(builder, admin, move || app(Door::Admin))?;
    }
    let builder = open(builder, listen.public, move || app(Door::Public))?;
    Ok(builder.run())
}

/// Serves what `app` makes at `listener`, as [`HttpServer`](actix_web::HttpServer) does, but takes
/// sockets off the framework.
pub(crate) fn open<A, S>(
    builder: ServerBuilder,
    listener: TcpListener,
    app: impl Fn() -> A + Clone + Send + 'static,
) -> std::io::Result<ServerBuilder>
where
    A: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig, Response = ServiceResponse> + 'static,
    S::Error: Into<Error>,
    S::InitError: Debug,
{
    let address = listener.local_addr()?;
    let stopping = builder.graceful_shutdown_signal();
    builder.listen(address.to_string(), listener, move || {
        let stopping = stopping.clone();
        // Boxed, so that a connection has room for the answer it waits for only while it does.
        let app = || {
            let app = map_config(app(), |()| AppConfig::default());
            boxed::factory(app.map_err(|error: S::Error| Response::from(error.into())))
        };
        HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .keep_alive(KEEP_ALIVE)
            .client_request_timeout(HEAD_TIMEOUT)
            .client_disconnect_timeout(CLOSE_TIMEOUT)
            .h1_allow_half_closed(true)
            .tcp_nodelay(true)
            .local_addr(address)
            .on_connect_ext(|stream, _| cut_if_stalled(stream))
            .upgrade(upgrade(app()))
            .h1(app())
            .tcp()
    })
}

/// Whoever asks and does not take the answer is cut, and the answer's memory is free.
fn cut_if_stalled(stream: &TcpStream) {
    let timeout = SockRef::from(stream).set_tcp_user_timeout(Some(UNACKNOWLEDGED));
    if let Err(error) = timeout {
        tracing::debug!(%error, "a connection's timeout was not set");
    }
}

#[cfg(test)]
mod tests;
