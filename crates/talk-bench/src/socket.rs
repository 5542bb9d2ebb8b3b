//! A WebSocket client with no more in it than a load generator needs.

use std::cell::RefCell;
use std::io::ErrorKind;

use anyhow::{Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::frames::{Frames, masked};

/// Bytes taken from a connection at a time.
const CHUNK: usize = 256 * 1024;

thread_local! {
    /// Bytes are only counted, so all connections of a thread read into one buffer.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; CHUNK]);
}

/// An open connection that frames come in on.
pub(crate) struct Socket {
    stream: TcpStream,
    frames: Frames,
}

impl Socket {
    /// Opens the server's WebSocket.
    pub(crate) async fn open(address: &str, token: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Self::upgraded(stream, token).await
    }

    /// Opens the server's WebSocket on a connection.
    pub(crate) async fn upgraded(mut stream: TcpStream, token: &str) -> Result<Self> {
        let request = format!(
            "GET /v1.0/ws HTTP/1.1\r\nHost: talk\r\nAuthorization: Bearer {token}\r\n\
             Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut head = Vec::new();
        // Byte by byte, so that nothing after the head is taken.
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        let head = String::from_utf8_lossy(&head);
        ensure!(head.starts_with("HTTP/1.1 101 "), "refused: {head}");
        let frames = Frames::default();
        Ok(Self { stream, frames })
    }

    /// Opens it and follows a topic; events count from the answer on.
    pub(crate) async fn subscribed(address: &str, token: &str, topic: &str) -> Result<Self> {
        let mut socket = Self::open(address, token).await?;
        let subscribe = format!(r#"{{"type":"subscribe","id":"bench","topics":["{topic}"]}}"#);
        socket.send(&masked(&subscribe)).await?;
        loop {
            let frame = socket.frame().await?;
            if frame.starts_with(br#"{"type":"subscribed""#) {
                let frame = String::from_utf8_lossy(&frame);
                ensure!(frame.contains(r#""refused":[]"#), "refused: {frame}");
                return Ok(socket);
            }
        }
    }

    /// Opens a connection of the raw limit, to send or to receive.
    pub(crate) async fn raw(address: &str, role: u8) -> Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        stream.write_u8(role).await?;
        let frames = Frames::default();
        let mut socket = Self { stream, frames };
        if role == b'r' {
            socket.frame().await?;
        }
        Ok(socket)
    }

    /// Sends bytes that are framed already.
    pub(crate) async fn send(&mut self, framed: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(framed).await?)
    }

    /// The next frame's payload, while few are expected.
    async fn frame(&mut self) -> Result<Vec<u8>> {
        let mut length = None;
        let mut bytes = Vec::new();
        let mut header = 2;
        loop {
            let byte = self.stream.read_u8().await?;
            bytes.push(byte);
            if bytes.len() == 2 {
                header += match byte {
                    126 => 2,
                    127 => 8,
                    _ => 0,
                };
            }
            self.frames.take(&[byte], |payload| length = Some(payload));
            if length.is_some() {
                return Ok(bytes.split_off(header));
            }
        }
    }

    /// Waits for bytes, reads them, and calls `on_end` with the payload's length of every frame
    /// that ended. Cancelling loses nothing.
    pub(crate) async fn take(&mut self, mut on_end: impl FnMut(usize)) -> Result<()> {
        loop {
            self.stream.readable().await?;
            let (stream, frames) = (&self.stream, &mut self.frames);
            let read = BUFFER.with_borrow_mut(|buffer| {
                let read = stream.try_read(buffer)?;
                frames.take(buffer.get(..read).unwrap_or_default(), &mut on_end);
                Ok::<_, std::io::Error>(read)
            });
            match read {
                Ok(0) => bail!("the server hung up"),
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Takes what has come in and forgets it, so that the peer never waits.
    pub(crate) fn drop_received(&mut self) -> Result<()> {
        let (stream, frames) = (&self.stream, &mut self.frames);
        BUFFER.with_borrow_mut(|buffer| {
            loop {
                match stream.try_read(buffer) {
                    Ok(0) => bail!("the server hung up"),
                    Ok(read) => frames.take(buffer.get(..read).unwrap_or_default(), |_| {}),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                    Err(error) => return Err(error.into()),
                }
            }
        })
    }
}
