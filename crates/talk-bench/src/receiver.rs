//! A receiver of webhooks and of calls to intercepts: accepts every request at once.

use std::time::Instant;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;

use crate::connection::content_length;

/// The end of a head.
const HEAD_END: &[u8] = b"\r\n\r\n";

/// The answer to each request.
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// A receiver. It ends when it is dropped.
pub(crate) struct Receiver {
    /// The port on the loopback.
    pub(crate) port: u16,
    arrivals: UnboundedReceiver<Instant>,
    listening: AbortHandle,
}

impl Receiver {
    /// Starts a receiver.
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let (arrived, arrivals) = unbounded_channel();
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, arrived.clone()));
            }
        });
        Ok(Self {
            port,
            arrivals,
            listening: listening.abort_handle(),
        })
    }

    /// Waits for a request that was not waited for yet, and returns the time of its arrival.
    pub(crate) async fn arrival(&mut self) -> Result<Instant> {
        self.arrivals.recv().await.context("the receiver ended")
    }

    /// The number of requests that were not waited for yet.
    pub(crate) fn waiting(&self) -> usize {
        self.arrivals.len()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Answers the requests of a connection until it ends.
async fn serve(mut stream: TcpStream, arrived: UnboundedSender<Instant>) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    loop {
        let head = memchr::memmem::find(&buffer, HEAD_END).map(|end| end + HEAD_END.len());
        if let Some(head) = head {
            let length = content_length(std::str::from_utf8(buffer.get(..head).unwrap_or(&[]))?)?;
            if buffer.len() >= head + length {
                arrived.send(Instant::now())?;
                buffer.drain(..head + length);
                stream.write_all(ANSWER).await?;
                continue;
            }
        }
        if stream.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
    }
}
