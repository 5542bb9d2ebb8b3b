//! Reads `Forwarded` (RFC 7239) and `X-Forwarded-For` from the right, where the nearest proxy
//! writes: what a client wrote before it cannot hide what follows.

use std::net::IpAddr;

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, X_FORWARDED_FOR};

/// The addresses in `Forwarded`, the last one first; `None` for an element without a readable one.
pub(super) fn standard(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    elements(headers, FORWARDED).map(|element| {
        let parameters = element?.split(';');
        let mut named = parameters.filter_map(|parameter| parameter.split_once('='));
        let (_, node) = named.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
        address(node)
    })
}

/// The addresses in `X-Forwarded-For`, in the same way.
pub(super) fn common(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    elements(headers, X_FORWARDED_FOR).map(|element| address(element?))
}

/// The elements of a header, the last one first; `None` for one that is not text.
fn elements(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = Option<&str>> {
    let lines: Vec<_> = headers.get_all(name).collect();
    lines.into_iter().rev().flat_map(|line| {
        let mut rest = Some(line.as_bytes());
        std::iter::from_fn(move || {
            let line = rest?;
            let comma = last_comma(line);
            rest = comma.and_then(|comma| line.get(..comma));
            let element = line.get(comma.map_or(0, |comma| comma + 1)..)?;
            Some(std::str::from_utf8(element).ok())
        })
    })
}

/// The last comma that no quotes surround.
fn last_comma(line: &[u8]) -> Option<usize> {
    let mut is_quoted = false;
    line.iter().rposition(|byte| {
        is_quoted ^= *byte == b'"';
        *byte == b',' && !is_quoted
    })
}

/// The address of a node, without its port: `192.0.2.7`, `192.0.2.7:80`, `2001:db8::7`,
/// `[2001:db8::7]:80`, also in quotes. The hidden ones (`unknown`, `_name`) have none.
fn address(node: &str) -> Option<IpAddr> {
    let node = node.trim();
    let quoted = node
        .strip_prefix('"')
        .and_then(|node| node.strip_suffix('"'));
    let node = quoted.unwrap_or(node).trim();
    let host = if let Some(bracketed) = node.strip_prefix('[') {
        bracketed.split_once(']')?.0
    } else {
        match node.split_once(':') {
            Some((host, port)) if !port.contains(':') => host,
            _ => node,
        }
    };
    host.parse::<IpAddr>()
        .ok()
        .map(|address| address.to_canonical())
}
