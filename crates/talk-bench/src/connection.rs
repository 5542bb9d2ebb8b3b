//! A minimal keep-alive HTTP/1.1 client: the load generator must cost less than the measured
//! server.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// An open connection.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(16 * 1024),
        })
    }

    /// Connects from another address of this machine.
    pub(crate) async fn open_from(source: IpAddr, address: &str) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(source, 0))?;
        let stream = socket.connect(address.parse()?).await?;
        stream.set_nodelay(true)?;
        let buffer = Vec::new();
        Ok(Self { stream, buffer })
    }

    /// The connection itself.
    pub(crate) fn into_stream(self) -> TcpStream {
        self.stream
    }

    /// Sends arbitrary bytes and reads nothing.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(bytes).await?)
    }

    /// Sends `request` and returns the body of a 200 answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<&[u8]> {
        let (status, head) = self.answer(request).await?;
        if status != 200 {
            bail!("refused: {}", String::from_utf8_lossy(&self.buffer));
        }
        self.buffer.get(head..).context("a short answer")
    }

    /// Sends `request` and returns the status of the answer, and where in the buffer its body
    /// begins.
    pub(crate) async fn answer(&mut self, request: &[u8]) -> Result<(u16, usize)> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let (head, length) = loop {
            self.read().await?;
            let end = self
                .buffer
                .windows(4)
                .position(|window| window == b"\r\n\r\n");
            if let Some(end) = end {
                let head = self.buffer.get(..end).unwrap_or_default();
                break (end + 4, content_length(std::str::from_utf8(head)?)?);
            }
        };
        while self.buffer.len() < head + length {
            self.read().await?;
        }
        let status = self.buffer.get(9..12).context("a short answer")?;
        Ok((std::str::from_utf8(status)?.parse()?, head))
    }

    async fn read(&mut self) -> Result<()> {
        let read = self.stream.read_buf(&mut self.buffer).await?;
        ensure!(read > 0, "the server hung up");
        Ok(())
    }
}

/// Reads the length of a body from the head of its message.
pub(crate) fn content_length(head: &str) -> Result<usize> {
    let line = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim())
    });
    line.context("a message without length")?
        .parse()
        .context("a length that is no number")
}

/// The bytes of a POST of JSON.
pub(crate) fn post(path: &str, token: Option<&str>, body: &str) -> Vec<u8> {
    request("POST", path, token, body)
}

/// The bytes of a request with JSON.
pub(crate) fn request(method: &str, path: &str, token: Option<&str>, body: &str) -> Vec<u8> {
    let authorization = token
        .map(|token| format!("Authorization: Bearer {token}\r\n"))
        .unwrap_or_default();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: talk\r\n{authorization}Content-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// The bytes of a GET.
pub(crate) fn get(path: &str, token: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: talk\r\nAuthorization: Bearer {token}\r\n\r\n")
        .into_bytes()
}
