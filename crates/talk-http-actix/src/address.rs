//! The address and scheme of the client of a request, also through reverse proxies.

mod forwarded;
mod scheme;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{FORWARDED, HeaderMap, X_FORWARDED_FOR};
use actix_web::{HttpMessage as _, HttpRequest};
use ipnet::IpNet;
pub(crate) use scheme::Scheme;

/// Networks of proxies whose `Forwarded` and `X-Forwarded-For` headers are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Returns whether `address` is one of a trusted proxy.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Addresses and networks, separated by commas: `10.0.0.0/8, ::1`.
impl FromStr for TrustedProxies {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        let network = |part: &str| {
            let network = part.parse::<IpNet>().ok();
            let network = network.or_else(|| part.parse::<IpAddr>().ok().map(IpNet::from));
            network.ok_or_else(|| {
                format!("{part:?} is neither an address nor a network like 10.0.0.0/8")
            })
        };
        Ok(Self(parts.map(network).collect::<Result<_, _>>()?))
    }
}

/// The address of a client. An IPv4-mapped IPv6 address is the IPv4 address it maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ClientAddress(IpAddr);

impl ClientAddress {
    /// The address of the client that sent `request`.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let known = request.extensions().get::<Self>().copied();
        known.unwrap_or_else(|| Self::from(peer(request.peer_addr().map(|peer| peer.ip()))))
    }

    /// The address that counts for limits: of an IPv6 address the first 64 bits, because one
    /// client usually has all addresses that share them.
    pub(crate) fn network(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(address) => (address.to_bits() & (u128::MAX << 64)).to_be_bytes().into(),
        }
    }
}

impl From<IpAddr> for ClientAddress {
    fn from(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Returns the address of the peer; requests in unit tests have none.
fn peer(address: Option<IpAddr>) -> IpAddr {
    address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

/// Finds the addresses of clients, and warns once of each kind of header that it ignores.
#[derive(Debug)]
pub(crate) struct Addresses {
    trusted: TrustedProxies,
    warned_of_stranger: AtomicBool,
    warned_of_conflict: AtomicBool,
}

impl Addresses {
    pub(crate) fn new(trusted: TrustedProxies) -> Self {
        Self {
            trusted,
            warned_of_stranger: AtomicBool::new(false),
            warned_of_conflict: AtomicBool::new(false),
        }
    }

    /// Finds the address of the client of `request`, and stores it in the request's extensions.
    pub(crate) fn note(&self, request: &ServiceRequest) -> ClientAddress {
        let peer = peer(request.peer_addr().map(|peer| peer.ip()));
        let address = self.find(peer, request.headers());
        request.extensions_mut().insert(address);
        address
    }

    /// The last untrusted address of the chain of proxies that ends with `peer`.
    ///
    /// If a client sends one of the two headers and a trusted proxy adds the other, nothing shows
    /// which one is the proxy's. If they disagree, both are ignored.
    fn find(&self, peer: IpAddr, headers: &HeaderMap) -> ClientAddress {
        let peer = peer.to_canonical();
        let given = |name| headers.contains_key(name);
        let (standard, common) = (given(FORWARDED), given(X_FORWARDED_FOR));
        if !standard && !common {
            return peer.into();
        }
        if !self.trusted.contains(peer) {
            if !self.warned_of_stranger.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    %peer,
                    "Forwarded and X-Forwarded-For of this peer are ignored, because the setting \
                     trusted_proxies does not contain it; this is logged once"
                );
            }
            return peer.into();
        }
        let standard = standard.then(|| self.last_untrusted(peer, forwarded::standard(headers)).0);
        let common = common.then(|| self.last_untrusted(peer, forwarded::common(headers)).0);
        match (standard, common) {
            (Some(standard), Some(common)) if standard != common => {
                if !self.warned_of_conflict.swap(true, Ordering::Relaxed) {
                    tracing::warn!(
                        %peer,
                        "Forwarded and X-Forwarded-For of this proxy disagree and are both \
                         ignored; it should remove the one that it does not set; this is logged \
                         once"
                    );
                }
                peer.into()
            }
            (found, other) => found.or(other).unwrap_or(peer).into(),
        }
    }

    /// Follows the chain from `peer` to the left, up to the first address that is not trusted or
    /// has no readable one before it. Returns that address, and how many elements were followed.
    fn last_untrusted(
        &self,
        peer: IpAddr,
        from_right: impl Iterator<Item = Option<IpAddr>>,
    ) -> (IpAddr, usize) {
        let (mut nearest, mut hops) = (peer, 0);
        for node in from_right {
            let Some(node) = node.filter(|_| self.trusted.contains(nearest)) else {
                break;
            };
            (nearest, hops) = (node, hops + 1);
        }
        (nearest, hops)
    }
}

#[cfg(test)]
mod tests;
