//! Unbuffered reads and writes on a TCP stream that several parties share.

use std::io;
use std::task::{Context, Poll, ready};

use tokio::net::TcpStream;

/// Bytes read at a time.
pub(crate) const READ: usize = 8 * 1024;

/// Writes all of `bytes`.
pub(crate) async fn send(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match stream.try_write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(sent) => bytes = bytes.get(sent..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => stream.writable().await?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads the bytes that have arrived into `buffer`. Returns 0 at the end of the stream.
pub(crate) fn poll_read(
    stream: &TcpStream,
    buffer: &mut [u8],
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    loop {
        ready!(stream.poll_read_ready(cx))?;
        match stream.try_read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            read => return Poll::Ready(read),
        }
    }
}

/// Ready when the client has ended its side. Drops the bytes it sends until then.
pub(crate) fn poll_end(stream: &TcpStream, cx: &mut Context<'_>) -> Poll<()> {
    let mut dropped = [0; READ];
    while let Ok(1..) = ready!(poll_read(stream, &mut dropped, cx)) {}
    Poll::Ready(())
}
