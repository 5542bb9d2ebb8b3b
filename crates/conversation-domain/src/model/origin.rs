//! Origins of web pages.

/// The origin of a web page, as browsers send it: scheme, host and port in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin(String);

impl Origin {
    /// The longest origin in bytes.
    const LONGEST: usize = 300;

    /// Parses an origin. A slash at its end and the port of its scheme are dropped.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let text = text.strip_suffix('/').unwrap_or(&text);
        let (scheme, rest) = text.split_once("://")?;
        let usual = match scheme {
            "http" => ":80",
            "https" => ":443",
            _ => return None,
        };
        let authority = rest.strip_suffix(usual).unwrap_or(rest);
        if text.len() > Self::LONGEST || !is_authority(authority) {
            return None;
        }
        Some(Self(format!("{scheme}://{authority}")))
    }

    /// The origin.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether `text` is a host, which may be an IPv6 address in brackets, with or without a port.
fn is_authority(text: &str) -> bool {
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    let is_in = |text: &str, signs: &str| {
        let mut all = text.chars();
        !text.is_empty() && all.all(|c| c.is_ascii_alphanumeric() || signs.contains(c))
    };
    if let Some(rest) = text.strip_prefix('[') {
        let Some((address, after)) = rest.split_once(']') else {
            return false;
        };
        let is_end = after.is_empty() || after.strip_prefix(':').is_some_and(is_port);
        return is_in(address, ":.") && is_end;
    }
    let (host, port) = text.split_once(':').unwrap_or((text, "1"));
    is_in(host, ".-") && is_port(port)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CONV-11.
    #[test]
    fn an_origin_is_a_scheme_a_host_and_a_port() {
        for (text, origin) in [
            ("https://E.test", "https://e.test"),
            ("https://e.test:443/", "https://e.test"),
            ("http://e.test:80", "http://e.test"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("https://[::1]:8443", "https://[::1]:8443"),
            ("https://[::1]", "https://[::1]"),
        ] {
            assert_eq!(Origin::parse(text).unwrap().as_str(), origin);
        }
        for text in [
            "",
            "*",
            "null",
            "e.test",
            "ftp://e.test",
            "https://",
            "https://e.test/a",
            "https://e.test?x",
            "https://u@e.test",
            "https://e.test:0",
            "https://e.test:x",
            "https://e.test:",
            "https://e test",
            "https://*.e.test",
            "https://[::1",
            "https://[::1]x",
            "https://é.test",
            "https://[]",
        ] {
            assert_eq!(Origin::parse(text), None, "{text:?}");
        }
        let longest = format!("https://{}", "e".repeat(292));
        assert!(Origin::parse(&longest).is_some());
        assert!(Origin::parse(&format!("{longest}e")).is_none());
    }
}
