//! The TCP connection of a client, as the HTTP library reads and writes it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_codec::{AsyncRead, AsyncWrite, ReadBuf};
use actix_http::Request;
use actix_http::header::{CONNECTION, UPGRADE};
use bytes::{Bytes, BytesMut};
use tokio::net::TcpStream;

/// Bytes read before the other connections of the thread have their turn. The library reads all that
/// has arrived before it parses it, into a buffer that keeps its size.
const TURN: usize = 16 * 1024;

/// A TCP stream that is read in turns, after the bytes `first` that were read from it before.
pub(crate) struct Wire {
    first: Bytes,
    /// Bytes read in this turn.
    taken: usize,
    stream: TcpStream,
}

impl Wire {
    pub(crate) const fn new(stream: TcpStream) -> Self {
        Self {
            first: Bytes::new(),
            taken: 0,
            stream,
        }
    }

    /// The same connection, from which the bytes `first` are read once more before all others.
    pub(crate) fn behind(self, first: Bytes) -> Self {
        Self { first, ..self }
    }

    pub(crate) const fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// The stream itself. The bytes `first` must have been read.
    pub(crate) fn into_stream(self) -> TcpStream {
        self.stream
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.taken >= TURN {
            self.taken = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        if self.first.is_empty() {
            let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
            if read.is_pending() {
                self.taken = 0;
                return Poll::Pending;
            }
            ready!(read)?;
        } else {
            let length = self.first.len().min(buffer.remaining());
            buffer.put_slice(&self.first.split_to(length));
        }
        self.taken += buffer.filled().len() - before;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The head of `request` without its wish for another protocol. It becomes the last request of its
/// connection: the next one may have the same wish, and nobody would take that out.
pub(crate) fn head_without_upgrade(request: &Request) -> BytesMut {
    let mut head = BytesMut::new();
    let line = format!(
        "{} {} {:?}\r\nconnection: close\r\n",
        request.method(),
        request.uri(),
        request.version()
    );
    head.extend_from_slice(line.as_bytes());
    for (name, value) in request.head().headers() {
        if *name != UPGRADE && *name != CONNECTION {
            for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
                head.extend_from_slice(part);
            }
        }
    }
    head.extend_from_slice(b"\r\n");
    head
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_http::Method;
    use actix_http::test::TestRequest;
    use std::task::Waker;
    use tokio::net::TcpListener;

    #[test]
    fn only_the_wish_for_another_protocol_is_left_out() {
        let request = TestRequest::with_uri("/a%20b?c=%64")
            .method(Method::POST)
            .append_header(("connection", "Keep-Alive, Upgrade"))
            .append_header(("upgrade", "websocket"))
            .append_header(("x", "1"))
            .append_header(("x", "2"))
            .finish();
        let head = head_without_upgrade(&request);
        let head = std::str::from_utf8(&head).unwrap();
        let mut lines: Vec<_> = head.lines().collect();
        assert_eq!(lines.remove(0), "POST /a%20b?c=%64 HTTP/1.1");
        assert_eq!(lines.pop(), Some(""));
        lines.sort_unstable();
        assert_eq!(lines, ["connection: close", "x: 1", "x: 2"]);
    }

    /// A client that sends all the time fills no large buffer. Case 45.
    #[actix_rt::test]
    async fn a_client_that_never_stops_is_read_in_turns() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap());
        let (client, accepted) = (client.await.unwrap(), listener.accept().await.unwrap().0);
        let sent = 3 * TURN;
        actix_rt::spawn(async move {
            let mut left = sent;
            while left > 0 {
                client.writable().await.unwrap();
                left -= client.try_write(&vec![b'x'; left]).unwrap_or_default();
            }
            std::future::pending::<()>().await;
        });
        let mut there = vec![0; sent];
        while accepted.peek(&mut there).await.unwrap() < there.len() {
            tokio::task::yield_now().await;
        }
        let mut wire = Wire::new(accepted).behind(Bytes::from_static(b"first"));
        let mut cx = Context::from_waker(Waker::noop());
        let mut turns = Vec::new();
        while turns.iter().sum::<usize>() < sent + 5 {
            let mut turn = 0;
            loop {
                let mut bytes = [0; 1_000];
                let mut buffer = ReadBuf::new(&mut bytes);
                let read = Pin::new(&mut wire).poll_read(&mut cx, &mut buffer);
                if read.is_pending() {
                    break;
                }
                turn += buffer.filled().len();
            }
            assert!(turn < TURN + 1_000, "{turn}");
            turns.push(turn);
        }
        assert!(turns.len() > 2, "{turns:?}");
    }
}
