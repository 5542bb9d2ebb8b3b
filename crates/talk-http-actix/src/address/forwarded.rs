//! Reads `Forwarded` (RFC 7239), `X-Forwarded-For` and `X-Forwarded-Proto` from the right, where
//! the nearest proxy writes, so that text of a client before it cannot hide what follows.

use std::net::IpAddr;

use actix_web::http::header::{
    FORWARDED, HeaderMap, HeaderName, X_FORWARDED_FOR, X_FORWARDED_PROTO,
};

use super::scheme::Scheme;

/// The addresses in `Forwarded`, the last one first; `None` for an element without a readable one.
pub(super) fn standard(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    elements(headers, FORWARDED).map(|element| address(parameter(element?, "for")?))
}

/// The addresses in `X-Forwarded-For`, in the same way.
pub(super) fn common(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    elements(headers, X_FORWARDED_FOR).map(|element| address(element?))
}

/// The schemes in `Forwarded`, the last one first; `None` for an element without a known one.
pub(super) fn standard_schemes(headers: &HeaderMap) -> impl Iterator<Item = Option<Scheme>> {
    elements(headers, FORWARDED).map(|element| Scheme::parse(parameter(element?, "proto")?))
}

/// The schemes in `X-Forwarded-Proto`, in the same way.
pub(super) fn common_schemes(headers: &HeaderMap) -> impl Iterator<Item = Option<Scheme>> {
    elements(headers, X_FORWARDED_PROTO).map(|element| Scheme::parse(element?))
}

/// The value of a parameter in an element of `Forwarded`.
fn parameter<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let mut named = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = named.find(|(found, _)| found.trim().eq_ignore_ascii_case(name))?;
    Some(value)
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
    let node = unquoted(node);
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

/// The text without the quotes and the white space around it.
pub(super) fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let inner = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    inner.unwrap_or(text).trim()
}
