//! The opening handshake of a WebSocket (RFC 6455, 4.2).

use std::error::Error;
use std::fmt;
use std::rc::Rc;

use actix_http::body::BoxBody;
use actix_http::{Extensions, RequestHead, Response, ws};
use bytes::Bytes;
use tokio::net::TcpStream;

use crate::incoming::{Incoming, InputLimits};
use crate::outgoing::Outgoing;
use crate::peer::Peer;

/// The TCP connection of a request that may become a WebSocket. [`listen`](crate::listen) puts it
/// into the extensions of the request.
#[derive(Debug)]
pub(crate) struct Transport {
    pub(crate) stream: Rc<TcpStream>,
    /// Bytes that the HTTP library has read beyond the head of the request.
    pub(crate) read: Bytes,
}

/// An open WebSocket.
#[derive(Debug)]
pub struct Socket {
    /// The messages of the client.
    pub incoming: Incoming,
    /// The frames that wait for the client.
    pub outgoing: Outgoing,
    /// The connection below.
    pub peer: Peer,
}

/// The request is no handshake of a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandshakeRefused;

impl fmt::Display for HandshakeRefused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the request is no handshake of a WebSocket")
    }
}

impl Error for HandshakeRefused {}

/// Checks the handshake of a request with this `head` and these `extensions`, which
/// [`listen`](crate::listen) has filled. Returns the response 101, whose body sends what is queued
/// in the [`Outgoing`] of the socket.
///
/// # Errors
/// If the request is no handshake, or was not served by [`listen`](crate::listen) as an upgrade.
pub fn accept(
    head: &RequestHead,
    extensions: &mut Extensions,
    limits: InputLimits,
) -> Result<(Response<BoxBody>, Socket), HandshakeRefused> {
    let mut response = ws::handshake(head).map_err(|_| HandshakeRefused)?;
    let transport = extensions.remove::<Transport>().ok_or(HandshakeRefused)?;
    let outgoing = Outgoing::default();
    let response = response
        .message_body(outgoing.body())
        .map_err(|_| HandshakeRefused)?;
    let socket = Socket {
        peer: Peer::new(Rc::clone(&transport.stream)),
        incoming: Incoming::new(transport.stream, &transport.read, limits),
        outgoing,
    };
    Ok((response, socket))
}
