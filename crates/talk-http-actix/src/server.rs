//! The server: two listeners, one application.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServiceRequest};
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};

use crate::Api;
use crate::observe::observe;
use crate::routes::routes;
use crate::shared::Shared;
use crate::socket::Peer;

/// How long a client may take to send a request's head; bodies have a limit of their own.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an idle connection is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

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

/// What the listeners need to know of each other.
#[derive(Clone)]
pub(crate) struct Admin {
    /// Where operators come in.
    pub(crate) address: Option<SocketAddr>,
    /// See [`Listen::metrics`].
    pub(crate) metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

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
        let admin = request
            .app_data::<web::Data<Admin>>()
            .and_then(|admin| admin.address);
        if admin == Some(request.app_config().local_addr()) {
            Self::Admin
        } else {
            Self::Public
        }
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
    let admin = web::Data::new(Admin {
        address: listen
            .admin
            .as_ref()
            .map(TcpListener::local_addr)
            .transpose()?,
        metrics: listen.metrics,
    });
    let http = HttpServer::new(move || {
        App::new()
            .app_data(shared.clone())
            .app_data(admin.clone())
            .wrap(from_fn(observe))
            .configure(|app| routes(app, has_legacy))
    });
    let http = http
        .workers(listen.workers.max(1))
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(HEAD_TIMEOUT)
        .tcp_nodelay(true)
        .on_connect(Peer::remember)
        .shutdown_timeout(listen.shutdown_seconds)
        .disable_signals()
        .listen(listen.public)?;
    let http = match listen.admin {
        Some(admin) => http.listen(admin)?,
        None => http,
    };
    Ok(http.run())
}

#[cfg(test)]
mod tests;
