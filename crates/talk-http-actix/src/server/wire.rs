//! A client's TCP connection as the HTTP library reads and writes it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_codec::{AsyncRead, AsyncWrite, ReadBuf};
use actix_http::Request;
use actix_web::http::header::{CONNECTION, UPGRADE};
use actix_web::rt::net::TcpStream;
use bytes::{Bytes, BytesMut};

/// Bytes read before the other connections of the thread have their turn. The library reads what
/// there is before it looks at it, into a buffer that keeps its size.
const TURN: usize = 16 * 1024;

/// A TCP stream that is read in turns, behind bytes that were read from it before.
pub(super) struct Wire {
    first: Bytes,
    /// Bytes read in this turn.
    taken: usize,
    stream: TcpStream,
}

impl Wire {
    pub(super) const fn new(stream: TcpStream) -> Self {
        Self {
            first: Bytes::new(),
            taken: 0,
            stream,
        }
    }

    /// The same connection, of which `first` is read first, again.
    pub(super) fn behind(self, first: Bytes) -> Self {
        Self { first, ..self }
    }

    pub(super) const fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// The stream, when everything behind `first` was read.
    pub(super) fn into_stream(self) -> TcpStream {
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

/// The head of `request` without its wish for another protocol. It is the last request of its
/// connection, because the next one may wish the same and nobody would take that out.
pub(super) fn head_without_upgrade(request: &Request) -> BytesMut {
    let mut head = BytesMut::new();
    let line = format!(
        "{} {} {:?}
connection: close
",
        request.method(),
        request.uri(),
        request.version()
    );
    head.extend_from_slice(line.as_bytes());
    for (name, value) in request.head().headers() {
        if *name != UPGRADE && *name != CONNECTION {
            for part in [
                name.as_str().as_bytes(),
                b": ",
                value.as_bytes(),
                b"
",
            ] {
                head.extend_from_slice(part);
            }
        }
    }
    head.extend_from_slice(
        b"
",
    );
    head
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::rt::net::TcpListener;
    use actix_web::test::TestRequest;
    use std::task::Waker;

    #[test]
    fn only_the_wish_for_another_protocol_is_left_out() {
        let request = TestRequest::post()
            .uri("/a%20b?c=%64")
            .append_header(("connection", "Keep-Alive, Upgrade"))
            .append_header(("upgrade", "websocket"))
            .append_header(("x", "1"))
            .append_header(("x", "2"))
            .to_request();
        let head = head_without_upgrade(&request);
        let head = std::str::from_utf8(&head).unwrap();
        let mut lines: Vec<_> = head.lines().collect();
        assert_eq!(lines.remove(0), "POST /a%20b?c=%64 HTTP/1.1");
        assert_eq!(lines.pop(), Some(""));
        lines.sort_unstable();
        assert_eq!(lines, ["connection: close", "x: 1", "x: 2"]);
    }

    /// Case 45: a client that sends all the time fills no large buffer.
    #[actix_web::test]
    async fn a_client_that_never_stops_is_read_in_turns() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap());
        let (client, accepted) = (client.await.unwrap(), listener.accept().await.unwrap().0);
        let sent = 3 * TURN;
        actix_web::rt::spawn(async move {
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
