//! The scheme a client used, as the trusted proxy says that ended its TLS.

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
    /// Returns the scheme that the client used with the first of the trusted proxies. `None` if
    /// the peer is not trusted, names no known scheme, or contradicts itself.
    ///
    /// A proxy writes its `proto` at the end of the header or in place of it, as it does with the
    /// client's address. The scheme that counts stands where the client's address stands, counted
    /// from the right; a list that is shorter than that was replaced by a proxy on the way, and
    /// its first element counts.
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

/// The scheme that belongs to the address that many hops before the peer, or the farthest there is.
fn at(hops: usize, from_right: impl Iterator<Item = Option<Scheme>>) -> Option<Scheme> {
    from_right.take(hops.max(1)).last()?
}
