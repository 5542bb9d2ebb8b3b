//! The scheme that a client used, as reported by the trusted proxy that terminated its TLS.

use actix_web::HttpRequest;

use super::{Addresses, forwarded, peer};

/// The scheme of the request that a client sent to the first trusted proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// Without TLS.
    Http,
    /// With TLS.
    Https,
}

impl Scheme {
    /// The name in URLs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// Parses one element of a header. Some proxies write the scheme of a WebSocket.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match &*forwarded::unquoted(text).to_ascii_lowercase() {
            "http" | "ws" => Some(Self::Http),
            "https" | "wss" => Some(Self::Https),
            _ => None,
        }
    }
}

impl Addresses {
    /// Returns the scheme that the client used with the outermost trusted proxy. `None` if the peer
    /// is not trusted, reports no known scheme, or contradicts itself.
    ///
    /// A proxy writes its `proto` at the end of the header or in place of it, as it does with the
    /// client's address. The relevant scheme is at the same index from the right as the client's
    /// address. A shorter list was replaced by a proxy on the way, and its first element counts.
    pub(crate) fn scheme(&self, request: &HttpRequest) -> Option<Scheme> {
        let peer = peer(request.peer_addr().map(|peer| peer.ip())).to_canonical();
        if !self.trusted.contains(peer) {
            return None;
        }
        let headers = request.headers();
        let (_, hops) = self.last_untrusted(peer, forwarded::standard(headers));
        let standard = at(hops, forwarded::standard_schemes(headers));
        let (_, hops) = self.last_untrusted(peer, forwarded::common(headers));
        let common = at(hops, forwarded::common_schemes(headers));
        match (standard, common) {
            (Some(standard), Some(common)) if standard != common => None,
            (standard, common) => standard.or(common),
        }
    }
}

/// Returns the scheme `hops` elements before the peer, or the first one of a shorter list.
fn at(hops: usize, from_right: impl Iterator<Item = Option<Scheme>>) -> Option<Scheme> {
    from_right.take(hops.max(1)).last()?
}
