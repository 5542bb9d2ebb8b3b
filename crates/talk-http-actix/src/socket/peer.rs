//! The connection below HTTP: its socket options, and its end when nobody reads it.

use std::any::Any;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use socket2::Socket;

/// How long what was sent may stay unacknowledged, or find the client's window closed.
const UNACKNOWLEDGED: Duration = Duration::from_secs(20);

/// Bytes the kernel keeps for a client that does not read; it doubles the figure.
const SEND_BUFFER: usize = 64 * 1024;

/// A second handle of a client's socket. The framework cannot end a connection that waits for its
/// client to read; this can.
#[derive(Clone)]
pub(crate) struct Peer(Arc<Socket>);

impl Peer {
    /// Keeps a handle of a connection that was just accepted.
    pub(crate) fn remember(connection: &dyn Any, data: &mut Extensions) {
        let stream = connection.downcast_ref::<TcpStream>();
        let handle = stream.map(|stream| stream.as_fd().try_clone_to_owned());
        match handle {
            Some(Ok(handle)) => {
                data.insert(Self(Arc::new(handle.into())));
            }
            Some(Err(error)) => tracing::warn!(%error, "no second handle of a connection"),
            None => {}
        }
    }

    /// Bounds what the kernel holds for a client that does not read, and for how long.
    pub(crate) fn bound(&self) {
        let bounded = self
            .0
            .set_send_buffer_size(SEND_BUFFER)
            .and_then(|()| self.0.set_tcp_user_timeout(Some(UNACKNOWLEDGED)));
        if let Err(error) = bounded {
            tracing::debug!(%error, "a connection's options were not set");
        }
    }

    /// Reads nothing more: both sides have said goodbye. Otherwise the framework waits a second
    /// for the client to close first, and the client waits for the server.
    pub(crate) fn stop_reading(&self) {
        // An error means that it has ended already.
        let _ = self.0.shutdown(Shutdown::Read);
    }

    /// Ends the connection at once; what was not sent is dropped.
    pub(crate) fn cut(&self) {
        // Errors mean that it has ended already.
        let _ = self.0.set_linger(Some(Duration::ZERO));
        let _ = self.0.shutdown(Shutdown::Both);
    }
}
