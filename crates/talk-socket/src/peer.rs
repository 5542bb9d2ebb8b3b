//! The TCP connection below a WebSocket, kept to end it when its client does not read.

use std::net::Shutdown;
use std::rc::Rc;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::TcpStream;

/// The TCP connection of a client.
#[derive(Clone, Debug)]
pub struct Peer(Rc<TcpStream>);

impl Peer {
    pub(crate) const fn new(connection: Rc<TcpStream>) -> Self {
        Self(connection)
    }

    /// Ends the connection at once. Bytes that were not sent are dropped.
    pub fn cut(&self) {
        let socket = SockRef::from(&*self.0);
        // Errors mean that it has ended already.
        let _ = socket.set_linger(Some(Duration::ZERO));
        let _ = socket.shutdown(Shutdown::Both);
    }
}
