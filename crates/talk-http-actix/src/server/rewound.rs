//! A connection whose first bytes were read already and are to be read again.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_codec::{AsyncRead, AsyncWrite, ReadBuf};
use actix_http::Request;
use actix_web::http::header::{CONNECTION, UPGRADE};
use actix_web::rt::net::TcpStream;
use bytes::{Buf as _, Bytes, BytesMut};

/// A TCP stream behind bytes that are read before it.
pub(super) struct Rewound {
    first: Bytes,
    stream: TcpStream,
}

impl Rewound {
    pub(super) const fn new(first: Bytes, stream: TcpStream) -> Self {
        Self { first, stream }
    }
}

impl AsyncRead for Rewound {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.first.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buffer);
        }
        let length = self.first.len().min(buffer.remaining());
        buffer.put_slice(self.first.get(..length).unwrap_or_default());
        self.first.advance(length);
        if self.first.is_empty() {
            // Gives its memory back.
            self.first = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Rewound {
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
    use actix_web::test::TestRequest;

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
}
