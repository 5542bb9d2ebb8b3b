//! The server: two listeners, one application.

mod connections;

use std::io::Error;
use std::net::{IpAddr, TcpListener};
use std::sync::Arc;

use actix_http::Request;
use actix_server::Server;
use actix_service::map_config;
use actix_web::dev::AppConfig;
use actix_web::middleware::from_fn;
use actix_web::{App, web};
use talk_socket::Listener;

use crate::Api;
use crate::endpoint::{Routes, serve};
use crate::endpoints::{self, RateLimited};
use crate::observe::observe;
use crate::rate::Pace;
use crate::shared::Shared;
pub use connections::ConnectionLimits;
use connections::{Connection, Connections};

/// Maximum of open connections to the operators' listener, beside those of clients.
const ADMIN_CONNECTIONS: usize = 128;

/// Listeners and their limits.
pub struct Listen {
    /// The API.
    pub public: TcpListener,
    /// Health and metrics, for operators.
    pub admin: Option<TcpListener>,
    /// The limits on connections of the public listener.
    pub connections: ConnectionLimits,
    /// Threads that serve requests.
    pub workers: usize,
    /// Seconds that requests in flight have to end when the server stops.
    pub shutdown_seconds: u64,
    /// The metrics in Prometheus' text format.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

/// The sources of the metrics.
pub(crate) struct Metrics {
    /// See [`Listen::metrics`].
    pub(crate) render: Arc<dyn Fn() -> String + Send + Sync>,
    /// The open connections of each listener.
    pub(crate) connections: Vec<(&'static str, Arc<Connections>)>,
}

impl Metrics {
    /// Renders the metrics.
    pub(crate) fn now(&self) -> String {
        for (listener, connections) in &self.connections {
            #[expect(clippy::cast_precision_loss, reason = "connections are some thousands")]
            metrics::gauge!("talk_connections", "listener" => *listener)
                .set(connections.total() as f64);
        }
        (self.render)()
    }
}

/// A server that runs both listeners once it is awaited. It handles no signals: stop it through
/// its [`handle`](Server::handle).
///
/// # Errors
/// If a listener cannot be used.
pub fn server(api: Api, listen: Listen) -> std::io::Result<Server> {
    let trusted = api.trusted_proxies.clone();
    let shared = web::Data::new(Shared::new(api));
    let public = Connections::new(listen.connections, trusted.clone());
    let limits = ConnectionLimits {
        connections: ADMIN_CONNECTIONS,
        per_address: ADMIN_CONNECTIONS,
    };
    let admin = Connections::new(limits, trusted);
    let metrics = web::Data::new(Metrics {
        render: listen.metrics,
        connections: vec![
            ("public", Arc::clone(&public)),
            ("admin", Arc::clone(&admin)),
        ],
    });
    // The routes of a listener are those mounted on it: no path, however it is spelled, leads from
    // one listener to the routes of the other.
    let of_public = web::Data::new(endpoints::public(&shared.api).map_err(Error::other)?);
    let of_admin = web::Data::new(endpoints::admin().map_err(Error::other)?);
    let app = move |routes: web::Data<Routes>| {
        App::new()
            .app_data(shared.clone())
            .app_data(metrics.clone())
            .app_data(routes)
            .wrap(from_fn(observe))
            .default_service(web::to(serve))
    };
    let mut builder = Server::build()
        .workers(listen.workers.max(1))
        .shutdown_timeout(listen.shutdown_seconds)
        // The library's own limit stops accepting on all listeners; our limits close connections
        // instead.
        .max_concurrent_connections(usize::MAX)
        .disable_signals();
    if let Some(tcp) = listen.admin {
        let app = app.clone();
        let listener = listener(tcp, |_| false, admin);
        builder = talk_socket::listen(builder, listener, move || {
            map_config(app(of_admin.clone()), |()| AppConfig::default())
        })?;
    }
    let listener = listener(listen.public, endpoints::is_socket, public);
    let builder = talk_socket::listen(builder, listener, move || {
        let app = app(of_public.clone()).app_data(RateLimited);
        map_config(app, |()| AppConfig::default())
    });
    Ok(builder?.run())
}

/// The rules for the connections of a listener.
fn listener(
    tcp: TcpListener,
    is_upgrade: fn(&Request) -> bool,
    connections: Arc<Connections>,
) -> Listener<impl Fn(IpAddr) -> Option<Connection> + Clone> {
    Listener {
        tcp,
        is_upgrade,
        admit: move |address| connections.admit(address),
        on_connect: |data| {
            data.insert(Pace::default());
        },
    }
}

#[cfg(test)]
mod tests;
