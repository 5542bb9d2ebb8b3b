//! `healthcheck`: checks whether the running server is ready, for containers and supervisors.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::failure::Failure;
use crate::output::print;
use crate::settings::Settings;

/// Timeout of the whole check.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes of the answer that are read; they contain the status line.
const HEAD: usize = 1_024;

/// Requests `/readyz` at the configured address.
///
/// # Errors
/// If the server cannot be reached, or answers that it is not ready.
pub(crate) fn healthcheck(settings: &Settings, json: bool) -> Result<(), Failure> {
    let address = reachable(settings.bind);
    check(address).with_context(|| format!("http://{address}/readyz"))?;
    let line = if json {
        "{\"ready\":true}\n"
    } else {
        "ready\n"
    };
    Ok(print(line)?)
}

/// The address to connect to: a server that listens everywhere listens on loopback too.
fn reachable(bind: SocketAddr) -> SocketAddr {
    let ip = match bind.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, bind.port())
}

fn check(address: SocketAddr) -> anyhow::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut head = Vec::new();
    let mut part = [0; 256];
    while !head.contains(&b'\n') && head.len() < HEAD {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            bail!("no answer in {} s", PATIENCE.as_secs());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut part)? {
            0 => break,
            bytes => head.extend(part.iter().take(bytes)),
        }
    }
    let head = String::from_utf8_lossy(&head);
    let status = head.lines().next().unwrap_or_default();
    if status.starts_with("HTTP/1.1 200") {
        return Ok(());
    }
    bail!("not ready: {status:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_listens_everywhere_is_checked_on_loopback() {
        for (bind, expected) in [
            ("0.0.0.0:8095", "127.0.0.1:8095"),
            ("[::]:8095", "[::1]:8095"),
            ("192.0.2.7:80", "192.0.2.7:80"),
        ] {
            assert_eq!(reachable(bind.parse().unwrap()).to_string(), expected);
        }
    }
}
