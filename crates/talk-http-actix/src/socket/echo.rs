//! The way in and out of a socket with nothing in between: what a conformance suite drives.

use std::future::poll_fn;
use std::net::TcpListener;

use actix_server::Server;
use actix_web::{App, HttpRequest, HttpResponse, web};

use super::incoming::{Incoming, Received};
use super::outgoing::Outgoing;
use crate::address::TrustedProxies;
use crate::server::{ConnectionLimits, Connections, Door, open};

/// Bytes of a frame here; some cases of the suite are large.
const MAX_FRAME: usize = 32 * 1024 * 1024;

/// Serves an echo at `listener`, over the same code that serves events.
///
/// # Errors
/// If the listener cannot be used.
pub fn echo(listener: TcpListener) -> std::io::Result<Server> {
    let app = || App::new().default_service(web::to(accept));
    let unlimited = ConnectionLimits {
        connections: usize::MAX,
        per_address: usize::MAX,
    };
    let door = Door {
        listener,
        is_socket: |_| true,
        connections: Connections::new(unlimited, TrustedProxies::default()),
    };
    Ok(open(Server::build(), door, app)?.run())
}

async fn accept(
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, actix_web::Error> {
    let (response, _, messages) = actix_ws::handle(&request, payload)?;
    let outgoing = Outgoing::default();
    let incoming = Incoming::new(messages, MAX_FRAME);
    actix_web::rt::spawn(converse(incoming, outgoing.clone()));
    Ok(response.map_body(|_, framework| outgoing.body(framework)))
}

async fn converse(mut incoming: Incoming, outgoing: Outgoing) {
    loop {
        poll_fn(|cx| outgoing.poll_space(cx)).await;
        match incoming.next().await {
            Received::Text(text) => outgoing.text(&text),
            Received::Binary(bytes) => outgoing.binary(&bytes),
            Received::Ping(payload) => outgoing.pong(&payload),
            Received::Pong => {}
            Received::Close(code) => break outgoing.close(code, ""),
            Received::Fault(code, reason) => break outgoing.close(Some(code), reason),
            Received::Gone => break,
        }
    }
    outgoing.finish();
}
