//! Reads the kernel memory of a server's sockets over netlink, as `ss -m` does.

use std::io::{Read, Write};

use anyhow::{Context, Result, ensure};
use socket2::{Domain, Protocol, Socket, Type};

/// `AF_NETLINK` and `NETLINK_SOCK_DIAG`.
const NETLINK: (i32, i32) = (16, 4);
/// `SOCK_DIAG_BY_FAMILY`, `NLM_F_REQUEST | NLM_F_DUMP`.
const REQUEST: (u16, u16) = (20, 0x301);
/// `AF_INET`, `IPPROTO_TCP`.
const TCP: [u8; 2] = [2, 6];
/// `INET_DIAG_SKMEMINFO`.
const MEMORY: u16 = 7;
/// `NLMSG_ERROR`, `NLMSG_DONE`.
const ERROR: u16 = 2;
const DONE: u16 = 3;
/// Bytes of the header of a message, and of what describes a socket behind it.
const HEADER: usize = 16;
const SOCKET: usize = 72;
/// Of the figures of a socket: bytes received and not read, reserved, sent and not acknowledged,
/// of options.
const COUNTED: [usize; 4] = [0, 4, 5, 6];

/// Bytes of kernel memory behind all TCP sockets whose local port is `port`.
pub(crate) fn of_sockets(port: u16) -> Result<u64> {
    let (family, protocol) = (Domain::from(NETLINK.0), Protocol::from(NETLINK.1));
    let mut socket = Socket::new(family, Type::DGRAM, Some(protocol))?;
    socket.write_all(&question(port))?;
    let (mut buffer, mut sum) = (vec![0; 64 * 1024], 0);
    loop {
        let read = socket.read(&mut buffer)?;
        let mut rest = buffer.get(..read).context("a long message")?;
        ensure!(!rest.is_empty(), "no answer");
        while rest.len() >= HEADER {
            let length = usize::try_from(u32_at(rest, 0)?)?;
            ensure!((HEADER..=rest.len()).contains(&length), "a cut message");
            let (message, further) = rest.split_at(length.next_multiple_of(4).min(rest.len()));
            match u16_at(message, 4)? {
                DONE => return Ok(sum),
                ERROR => anyhow::bail!("the kernel tells nothing about sockets"),
                _ => sum += memory(message.get(HEADER + SOCKET..).unwrap_or_default())?,
            }
            rest = further;
        }
    }
}

/// The query for all sockets of a local port, in any state.
fn question(port: u16) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + 56);
    bytes.extend(72_u32.to_ne_bytes());
    bytes.extend(REQUEST.0.to_ne_bytes());
    bytes.extend(REQUEST.1.to_ne_bytes());
    bytes.extend([0; 8]);
    bytes.extend(TCP);
    bytes.extend([1 << (MEMORY - 1), 0]);
    bytes.extend(u32::MAX.to_ne_bytes());
    bytes.extend(port.to_be_bytes());
    bytes.extend([0; 46]);
    bytes
}

/// The memory among the attributes of a socket.
fn memory(mut attributes: &[u8]) -> Result<u64> {
    while attributes.len() >= 4 {
        let length = usize::from(u16_at(attributes, 0)?).max(4);
        let (attribute, rest) =
            attributes.split_at(length.next_multiple_of(4).min(attributes.len()));
        if u16_at(attribute, 2)? == MEMORY {
            let figures = attribute.get(4..).unwrap_or_default();
            let mut counted = COUNTED.iter().map(|place| u32_at(figures, place * 4));
            return counted.try_fold(0, |sum, bytes| Ok(sum + u64::from(bytes?)));
        }
        attributes = rest;
    }
    Ok(0)
}

fn u16_at(bytes: &[u8], place: usize) -> Result<u16> {
    let bytes = bytes.get(place..place + 2).context("a short message")?;
    Ok(u16::from_ne_bytes(bytes.try_into()?))
}

fn u32_at(bytes: &[u8], place: usize) -> Result<u32> {
    let bytes = bytes.get(place..place + 4).context("a short message")?;
    Ok(u32::from_ne_bytes(bytes.try_into()?))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn what_a_peer_does_not_read_is_memory_of_the_sender_or_of_the_reader() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let idle = of_sockets(port).unwrap();
        let client = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        server.set_nonblocking(true).unwrap();
        while server.write(&vec![0; 64 * 1024]).is_ok() {}
        let holding = of_sockets(port).unwrap();
        assert!(holding > idle + 64 * 1024, "{idle} {holding}");
        drop((client, server));
    }
}
