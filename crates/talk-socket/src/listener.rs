//! Serves an HTTP application at a TCP listener.

mod admission;

use std::fmt::Debug;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::time::Duration;

use actix_http::body::BoxBody;
use actix_http::{Extensions, HttpServiceBuilder, Request, Response};
use actix_server::{GracefulShutdownSignal, ServerBuilder};
use actix_service::{Service, ServiceFactory, ServiceFactoryExt as _, boxed};
use socket2::SockRef;

use crate::upgrade::upgrade;
use admission::admitted;

/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a client may take to close its side once the last answer was sent.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// How long an idle HTTP connection is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long sent bytes may stay unacknowledged, or find the client's window closed.
const UNACKNOWLEDGED: Duration = Duration::from_secs(20);

/// Bytes in flight to a client at most, with those not sent yet. Linux doubles the figure, and takes
/// its own bookkeeping out of it.
const SEND_BUFFER: usize = 256 * 1024;

/// Bytes the kernel takes beyond those in flight. Two hundred clients that read nothing cost 40 KiB
/// of kernel memory each; 131 KiB with `SO_SNDBUF` at 64 KiB instead, which lets a client that reads
/// from far away have a quarter of the bytes in flight; 2.6 MiB with neither.
const UNSENT: u32 = 32 * 1024;

/// A TCP listener, and the rules for its connections.
#[derive(Debug)]
pub struct Listener<A> {
    /// The socket that accepts connections.
    pub tcp: TcpListener,
    /// Whether a request that asks for an upgrade may become a WebSocket. Otherwise it is served
    /// like any other.
    pub is_upgrade: fn(&Request) -> bool,
    /// Admits a connection from an address. What it returns is dropped when the connection ends. A
    /// connection that is not admitted is closed at once: it costs neither memory nor a file
    /// descriptor.
    pub admit: A,
    /// Fills the extensions of a new connection, which its requests read with `conn_data`.
    pub on_connect: fn(&mut Extensions),
}

/// Serves what `app` makes at a listener, as `actix_web::HttpServer` does, but with socket options
/// and limits of our own. Requests for an upgrade find in their extensions what
/// [`accept`](crate::accept) needs.
///
/// # Errors
/// If a socket option cannot be set.
pub fn listen<A, G, F, S>(
    builder: ServerBuilder,
    listener: Listener<A>,
    app: F,
) -> std::io::Result<ServerBuilder>
where
    A: Fn(IpAddr) -> Option<G> + Clone + Send + 'static,
    G: 'static,
    F: Fn() -> S + Clone + Send + 'static,
    S: ServiceFactory<Request, Config = ()> + 'static,
    S::Response: Into<Response<BoxBody>> + 'static,
    S::Error: Into<Response<BoxBody>>,
    S::InitError: Debug,
{
    let Listener {
        tcp,
        is_upgrade,
        admit,
        on_connect,
    } = listener;
    prepare(&tcp)?;
    let address = tcp.local_addr()?;
    let stopping = builder.graceful_shutdown_signal();
    builder.listen(address.to_string(), tcp, move || {
        // Boxed, so that a connection has room for the answer it waits for only while it does.
        let app = || boxed::factory(app().map_err(Into::<Response<BoxBody>>::into));
        let http = || http(address, &stopping).on_connect_ext(move |_, data| on_connect(data));
        let ordinary = http().h1(app());
        let with_upgrade = http()
            .upgrade(upgrade(is_upgrade, app(), ordinary))
            .h1(app());
        admitted(admit.clone(), with_upgrade)
    })
}

/// Settings that all connections have in common. Idle connections end when the server is `stopping`.
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
}

/// Sets the options that every accepted connection inherits from `listener` (Linux copies them).
///
/// - `TCP_NODELAY`: small answers and frames are sent at once. Without it they wait up to 40 ms for
///   the acknowledgement of earlier ones. The setting of actix has no effect on HTTP/1.
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
mod tests {
    use super::*;
    use actix_server::Server;
    use actix_service::fn_service;
    use std::net::TcpStream;

    /// Case 47: read back from a connection that was accepted.
    #[test]
    fn every_accepted_connection_sends_at_once_and_holds_little_for_a_client_that_does_not_read() {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = tcp.local_addr().unwrap();
        let same = tcp.try_clone().unwrap();
        // Opened as every listener is, but not run: the connection is accepted here.
        let listener = Listener {
            tcp,
            is_upgrade: |_| false,
            admit: |_| Some(()),
            on_connect: |_| {},
        };
        let app = || {
            fn_service(async |_: Request| {
                Ok::<_, Response<BoxBody>>(Response::ok().map_into_boxed_body())
            })
        };
        let _opened = listen(Server::build(), listener, app).unwrap();
        let _client = TcpStream::connect(address).unwrap();
        same.set_nonblocking(false).unwrap();
        let (accepted, _) = same.accept().unwrap();
        let accepted = SockRef::from(&accepted);
        assert!(accepted.tcp_nodelay().unwrap());
        assert_eq!(accepted.tcp_user_timeout().unwrap(), Some(UNACKNOWLEDGED));
        // Linux doubles the requested size.
        assert!(accepted.send_buffer_size().unwrap() <= 2 * SEND_BUFFER);
        assert_eq!(accepted.tcp_notsent_lowat().unwrap(), UNSENT);
    }
}
