//! The connection below HTTP: its socket options, and its end when nobody reads it.

use std::net::Shutdown;
use std::rc::Rc;
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use socket2::SockRef;

/// Bytes the kernel keeps for a client that does not read; it doubles the figure.
const SEND_BUFFER: usize = 64 * 1024;

/// The client's connection, which waits for its client to read until somebody ends it.
#[derive(Clone)]
pub(crate) struct Peer(Rc<TcpStream>);

impl Peer {
    pub(crate) const fn new(connection: Rc<TcpStream>) -> Self {
        Self(connection)
    }

    /// Bounds what the kernel holds for a client that does not read.
    pub(crate) fn bound(&self) {
        let socket = SockRef::from(&*self.0);
        if let Err(error) = socket.set_send_buffer_size(SEND_BUFFER) {
            tracing::debug!(%error, "a connection's buffer was not bounded");
        }
    }

    /// Ends the connection at once; what was not sent is dropped.
    pub(crate) fn cut(&self) {
        let socket = SockRef::from(&*self.0);
        // Errors mean that it has ended already.
        let _ = socket.set_linger(Some(Duration::ZERO));
        let _ = socket.shutdown(Shutdown::Both);
    }
}
