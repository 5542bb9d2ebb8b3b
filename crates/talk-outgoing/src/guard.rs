//! The guard: decides to which hosts and ports requests of webhooks and intercepts may go. It keeps
//! them out of the operator's own networks.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Ports that are always allowed.
const PORTS: [u16; 3] = [80, 443, 8_443];

/// Networks that no request goes to, since they are not the public internet.
const FORBIDDEN: &[&str] = &[
    // This network, private, shared by carriers, loopback, link-local.
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    // Protocol assignments, documentation, 6to4 relays, benchmarks.
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    // Multicast, reserved, broadcast.
    "224.0.0.0/4",
    "240.0.0.0/4",
    // Unspecified, loopback, compatible and mapped IPv4.
    "::/96",
    "::ffff:0:0/96",
    // NAT64 and its local prefix.
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    // Discard only, Teredo and other assignments, documentation, 6to4, segment routing.
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "5f00::/16",
    // Unique local, link-local, site-local, multicast.
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
];

/// A text that is not a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a network such as 10.1.0.0/16")]
pub struct NetworksError(String);

/// Decides which hosts and ports may be requested.
#[derive(Clone, Debug)]
pub struct Guard {
    forbidden: Vec<IpNet>,
    allowed: Vec<IpNet>,
    ports: Vec<u16>,
    allows_http: bool,
}

/// The error of a request that is refused before it is sent. It is the same in all cases, so that
/// it reveals neither whether a name exists nor what its address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the host cannot be reached from here")]
pub struct Unreachable;

impl Guard {
    /// Creates a guard that also allows these networks and ports.
    ///
    /// # Errors
    /// If a network cannot be read.
    pub fn new(
        networks: &[String],
        ports: &[u16],
        allows_http: bool,
    ) -> Result<Self, NetworksError> {
        let read = |text: &str| {
            let network = text.parse::<IpNet>();
            let network = network.or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            network.map_err(|_| NetworksError(text.to_owned()))
        };
        let forbidden = FORBIDDEN.iter().map(|text| read(text));
        let allowed = networks.iter().map(|text| read(text));
        Ok(Self {
            forbidden: forbidden.collect::<Result<_, _>>()?,
            allowed: allowed.collect::<Result<_, _>>()?,
            ports: PORTS.iter().chain(ports).copied().collect(),
            allows_http,
        })
    }

    /// Returns whether connections to the address are allowed.
    pub(crate) fn allows(&self, address: IpAddr) -> bool {
        let is_in = |networks: &[IpNet], address: IpAddr| {
            networks.iter().any(|network| network.contains(&address))
        };
        // The operating system connects an IPv4-mapped IPv6 address to its IPv4 address.
        let address = match address {
            IpAddr::V6(mapped) => mapped.to_ipv4_mapped().map_or(address, IpAddr::V4),
            IpAddr::V4(_) => address,
        };
        is_in(&self.allowed, address) || !is_in(&self.forbidden, address)
    }

    /// Returns whether connections to the port are allowed.
    pub(crate) fn allows_port(&self, port: u16) -> bool {
        self.ports.contains(&port)
    }

    /// Checks an address of an endpoint before a request: scheme, port, and the host if it is an
    /// address itself. Names are checked when they are resolved, see [`Guarded`].
    pub(crate) fn check(&self, uri: &str) -> Result<Url, Unreachable> {
        let url = Url::parse(uri).map_err(|_| Unreachable)?;
        let is_scheme = match url.scheme() {
            "https" => true,
            "http" => self.allows_http,
            _ => false,
        };
        let port = url.port_or_known_default();
        let is_port = port.is_some_and(|port| self.ports.contains(&port));
        let is_plain = url.username().is_empty() && url.password().is_none();
        let literal = url.host_str().map(|host| host.trim_matches(['[', ']']));
        let literal = literal.ok_or(Unreachable)?;
        let is_host = match literal.parse::<IpAddr>() {
            Ok(address) => self.allows(address),
            Err(_) => !literal.is_empty(),
        };
        if is_scheme && is_port && is_plain && is_host {
            return Ok(url);
        }
        Err(Unreachable)
    }

    /// Returns the addresses among `found` to which connections are allowed.
    ///
    /// # Errors
    /// If none is left.
    pub(crate) fn admit(
        &self,
        found: impl IntoIterator<Item = SocketAddr>,
    ) -> Result<Vec<SocketAddr>, Unreachable> {
        let found = found.into_iter();
        let admitted: Vec<_> = found.filter(|found| self.allows(found.ip())).collect();
        if admitted.is_empty() {
            return Err(Unreachable);
        }
        Ok(admitted)
    }
}

/// The resolver of the HTTP client, which connects only to addresses that it gets here. A name
/// therefore cannot change its address between the check and the connection.
pub(crate) struct Guarded<R> {
    /// Filters the addresses.
    pub(crate) guard: Guard,
    /// Finds the addresses.
    pub(crate) resolver: R,
}

/// Resolves names with the system's resolver.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemResolver;

/// Driven port: finds the addresses of names.
pub trait Lookup: Clone + Send + Sync + 'static {
    /// Returns the addresses of a name.
    fn lookup(&self, name: String)
    -> impl Future<Output = std::io::Result<Vec<SocketAddr>>> + Send;
}

impl Lookup for SystemResolver {
    async fn lookup(&self, name: String) -> std::io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.collect())
    }
}

impl<R: Lookup> Resolve for Guarded<R> {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, resolver) = (self.guard.clone(), self.resolver.clone());
        Box::pin(async move {
            let found = resolver.lookup(name.as_str().to_owned()).await;
            let admitted = guard.admit(found.map_err(|_| Unreachable)?)?;
            Ok(Box::new(admitted.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
