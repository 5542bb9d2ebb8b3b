//! The server: two listeners, one application.

mod connections;
mod upgrade;
mod wire;

use std::fmt::Debug;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_http::body::BoxBody;
use actix_http::{Extensions, HttpServiceBuilder, Request, Response};
use actix_server::{GracefulShutdownSignal, Server, ServerBuilder};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt as _, boxed, map_config,
};
use actix_web::dev::{AppConfig, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App, Error, web};
use socket2::SockRef;

use crate::Api;
use crate::observe::observe;
use crate::rate::Pace;
use crate::routes;
use crate::shared::Shared;
pub use connections::ConnectionLimits;
pub(crate) use connections::Connections;
use connections::counted;
use upgrade::{IsSocket, upgrade};

/// How long a client may take to send a request's head; bodies have a limit of their own.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a client may take to close its side once the server has said all.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// How long an idle connection is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long what was sent may stay unacknowledged, or find the client's window closed.
const UNACKNOWLEDGED: Duration = Duration::from_secs(20);

/// Bytes on their way to a client at most, with those not sent yet. Linux doubles the figure, and
/// takes its own bookkeeping out of it.
const SEND_BUFFER: usize = 256 * 1024;

/// Bytes the kernel takes beyond those on their way. Two hundred clients that read nothing cost
/// 40 KiB of kernel memory each; 131 KiB with `SO_SNDBUF` at 64 KiB instead, which lets a client
/// that reads from far away have a quarter of the bytes on their way; 2.6 MiB with neither.
const UNSENT: u32 = 32 * 1024;

/// Connections that operators and their programs may have open at a time, beside those of clients.
const ADMIN_CONNECTIONS: usize = 128;

/// Where to listen, and how.
pub struct Listen {
    /// The API.
    pub public: TcpListener,
    /// Health and metrics, for operators.
    pub admin: Option<TcpListener>,
    /// How many connections the public listener may have.
    pub connections: ConnectionLimits,
    /// Threads that serve requests.
    pub workers: usize,
    /// Seconds that requests in flight have to end when the server stops.
    pub shutdown_seconds: u64,
    /// The metrics in Prometheus' text format.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

/// Where the figures for operators come from.
pub(crate) struct Metrics {
    /// See [`Listen::metrics`].
    pub(crate) render: Arc<dyn Fn() -> String + Send + Sync>,
    /// The open connections of each listener.
    pub(crate) connections: Vec<(&'static str, Arc<Connections>)>,
}

impl Metrics {
    /// The figures as they are now.
    pub(crate) fn now(&self) -> String {
        for (listener, connections) in &self.connections {
            #[expect(clippy::cast_precision_loss, reason = "connections are some thousands")]
            metrics::gauge!("talk_connections", "listener" => *listener)
                .set(connections.total() as f64);
        }
        (self.render)()
    }
}

/// A listener, and what its connections may do.
pub(crate) struct Door {
    pub(crate) listener: TcpListener,
    /// Finds the requests that may leave HTTP.
    pub(crate) is_socket: IsSocket,
    pub(crate) connections: Arc<Connections>,
}

/// A server that runs both listeners once it is awaited. It handles no signals: stop it through
/// its [`handle`](Server::handle).
///
/// # Errors
/// If a listener cannot be used.
pub fn server(api: Api, listen: Listen) -> std::io::Result<Server> {
    let (has_legacy, trusted) = (api.has_legacy, api.trusted_proxies.clone());
    let shared = web::Data::new(Shared::new(api));
    let public = Connections::new(listen.connections, trusted.clone());
    let of_admin = ConnectionLimits {
        connections: ADMIN_CONNECTIONS,
        per_address: ADMIN_CONNECTIONS,
    };
    let admin = Connections::new(of_admin, trusted);
    let metrics = web::Data::new(Metrics {
        render: listen.metrics,
        connections: vec![
            ("public", Arc::clone(&public)),
            ("admin", Arc::clone(&admin)),
        ],
    });
    // The routes of a listener are those mounted on it: no path, however it is spelled, leads from
    // one listener to the routes of the other.
    let app = move |routes: fn(&mut web::ServiceConfig, bool)| {
        App::new()
            .app_data(shared.clone())
            .app_data(metrics.clone())
            .wrap(from_fn(observe))
            .configure(|app| routes(app, has_legacy))
    };
    let mut builder = Server::build()
        .workers(listen.workers.max(1))
        .shutdown_timeout(listen.shutdown_seconds)
        // The library would stop accepting, also from operators; ours are closed instead.
        .max_concurrent_connections(usize::MAX)
        .disable_signals();
    if let Some(listener) = listen.admin {
        let app = app.clone();
        let door = Door {
            listener,
            is_socket: |_| false,
            connections: admin,
        };
        builder = open(builder, door, move || app(routes::admin))?;
    }
    let door = Door {
        listener: listen.public,
        is_socket: routes::is_socket,
        connections: public,
    };
    Ok(open(builder, door, move || app(routes::public))?.run())
}

/// Serves what `app` makes at a listener, as [`HttpServer`](actix_web::HttpServer) does, but with
/// socket options and limits of our own, and takes the connections of sockets off the framework.
pub(crate) fn open<A, S>(
    builder: ServerBuilder,
    door: Door,
    app: impl Fn() -> A + Clone + Send + 'static,
) -> std::io::Result<ServerBuilder>
where
    A: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig, Response = ServiceResponse> + 'static,
    S::Error: Into<Error>,
    S::InitError: Debug,
{
    let Door {
        listener,
        is_socket,
        connections,
    } = door;
    prepare(&listener)?;
    let address = listener.local_addr()?;
    let stopping = builder.graceful_shutdown_signal();
    builder.listen(address.to_string(), listener, move || {
        // Boxed, so that a connection has room for the answer it waits for only while it does.
        let app = || {
            let app = map_config(app(), |()| AppConfig::default());
            boxed::factory(app.map_err(|error: S::Error| Response::from(error.into())))
        };
        let ordinary = http(address, &stopping).h1(app());
        let http = http(address, &stopping)
            .upgrade(upgrade(is_socket, app(), ordinary))
            .h1(app());
        counted(Arc::clone(&connections), http)
    })
}

/// What every connection has in common. Ends idle connections when the server is `stopping`.
fn http<T, S>(address: SocketAddr, stopping: &GracefulShutdownSignal) -> HttpServiceBuilder<T, S>
where
    S: ServiceFactory<Request, Config = ()>,
    S::Error: Into<Response<BoxBody>> + 'static,
    S::InitError: Debug,
    <S::Service as Service<Request>>::Future: 'static,
{
    let stopping = stopping.clone();
    HttpServiceBuilder::default()
        .graceful_shutdown_signal(move || {
            let stopping = stopping.clone();
            async move { stopping.notified().await }
        })
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(HEAD_TIMEOUT)
        .client_disconnect_timeout(CLOSE_TIMEOUT)
        .h1_allow_half_closed(true)
        .local_addr(address)
        .on_connect_ext(|_: &T, connection: &mut Extensions| {
            connection.insert(Pace::default());
        })
}

/// Sets the options that every accepted connection inherits from `listener` (Linux copies them), so
/// that no connection can be without them, whatever serves it.
///
/// - `TCP_NODELAY`: small answers and frames are sent at once. Without it they wait up to 40 ms for
///   the acknowledgement of earlier ones. The framework's own setting has no effect on HTTP/1.
/// - `SO_SNDBUF` and `TCP_NOTSENT_LOWAT`: bound what the kernel holds for a client that does not
///   read.
/// - `TCP_USER_TIMEOUT`: ends the connection of a client that takes nothing, and frees its memory.
fn prepare(listener: &TcpListener) -> std::io::Result<()> {
    let socket = SockRef::from(listener);
    socket.set_tcp_nodelay(true)?;
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.set_tcp_notsent_lowat(UNSENT)?;
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED))
}

#[cfg(test)]
mod tests;
