//! The TCP connection below a WebSocket, kept to end it when its client does not read.

use std::net::Shutdown;
use std::rc::Rc;
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use socket2::SockRef;

/// A client's TCP connection.
#[derive(Clone)]
pub(crate) struct Peer(Rc<TcpStream>);

impl Peer {
    pub(crate) const fn new(connection: Rc<TcpStream>) -> Self {
        Self(connection)
    }

    /// Ends the connection at once; what was not sent is dropped.
    pub(crate) fn cut(&self) {
        let socket = SockRef::from(&*self.0);
        // Errors mean that it has ended already.
        let _ = socket.set_linger(Some(Duration::ZERO));
        let _ = socket.shutdown(Shutdown::Both);
    }
}
