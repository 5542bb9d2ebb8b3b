//! The limits on open connections: of all clients together, and of one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::address::{ClientAddress, TrustedProxies};

/// Interval between warnings about refused connections.
const WARNING: Duration = Duration::from_secs(60);

/// Limits on open connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// From all addresses together.
    pub connections: usize,
    /// From one address; the addresses of a /64 count as one. Trusted proxies have no such limit,
    /// since they forward the connections of many clients.
    pub per_address: usize,
}

/// Counts the open connections of one listener.
pub(crate) struct Connections {
    limits: ConnectionLimits,
    trusted: TrustedProxies,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    of_address: HashMap<IpAddr, usize>,
    warned: Option<Instant>,
}

/// A connection that counts until it is dropped.
pub(crate) struct Connection {
    /// Its address, if it counts for the limit of one.
    network: Option<IpAddr>,
    connections: Arc<Connections>,
}

impl Connections {
    pub(crate) fn new(limits: ConnectionLimits, trusted: TrustedProxies) -> Arc<Self> {
        Arc::new(Self {
            limits,
            trusted,
            open: Mutex::default(),
        })
    }

    /// Connections open now.
    pub(crate) fn total(&self) -> usize {
        self.lock().total
    }

    /// Counts one more connection of `peer`, unless a limit is reached.
    pub(crate) fn admit(self: &Arc<Self>, peer: IpAddr) -> Option<Connection> {
        let peer = peer.to_canonical();
        let is_proxy = self.trusted.contains(peer);
        let network = (!is_proxy).then(|| ClientAddress::from(peer).network());
        let mut open = self.lock();
        if open.total >= self.limits.connections {
            open.refuse(peer, ("server", "max_connections"));
            return None;
        }
        if let Some(network) = network {
            let of_address = open.of_address.entry(network).or_default();
            if *of_address >= self.limits.per_address {
                open.refuse(peer, ("address", "max_connections_per_address"));
                return None;
            }
            *of_address += 1;
        }
        open.total += 1;
        drop(open);
        Some(Connection {
            network,
            connections: Arc::clone(self),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// Counts a refused connection, and logs the first of a minute.
    fn refuse(&mut self, address: IpAddr, (limit, setting): (&'static str, &'static str)) {
        metrics::counter!("talk_connections_refused_total", "limit" => limit).increment(1);
        if self.warned.is_none_or(|at| at.elapsed() >= WARNING) {
            self.warned = Some(Instant::now());
            tracing::warn!(%address, setting, "connections are closed at once: the limit is reached");
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut open = self.connections.lock();
        open.total -= 1;
        if let Some(network) = self.network
            && let Some(count) = open.of_address.get_mut(&network)
        {
            *count -= 1;
            if *count == 0 {
                open.of_address.remove(&network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(connections: usize, per_address: usize) -> Arc<Connections> {
        let limits = ConnectionLimits {
            connections,
            per_address,
        };
        Connections::new(limits, "10.0.0.0/8".parse().unwrap())
    }

    fn admit(connections: &Arc<Connections>, peer: &str) -> Option<Connection> {
        connections.admit(peer.parse().unwrap())
    }

    /// Case 45.
    #[test]
    fn one_address_does_not_take_the_connections_of_the_others() {
        let connections = connections(10, 2);
        let first = admit(&connections, "192.0.2.1").unwrap();
        let _second = admit(&connections, "::ffff:192.0.2.1").unwrap();
        assert!(admit(&connections, "192.0.2.1").is_none());
        let _other = admit(&connections, "192.0.2.2").unwrap();
        drop(first);
        assert_eq!(connections.total(), 2);
        assert!(admit(&connections, "192.0.2.1").is_some());
    }

    #[test]
    fn the_addresses_of_a_64_are_one() {
        let connections = connections(10, 1);
        let _first = admit(&connections, "2001:db8::1").unwrap();
        assert!(admit(&connections, "2001:db8::ffff:1").is_none());
        assert!(admit(&connections, "2001:db8:0:1::1").is_some());
    }

    #[test]
    fn a_trusted_proxy_is_limited_by_the_total_only() {
        let connections = connections(3, 1);
        let proxied: Vec<_> = (0..3)
            .map_while(|_| admit(&connections, "10.1.2.3"))
            .collect();
        assert_eq!(proxied.len(), 3);
        assert!(admit(&connections, "10.1.2.3").is_none());
        assert!(admit(&connections, "192.0.2.1").is_none());
        drop(proxied);
        let open = connections.lock();
        assert!(open.total == 0 && open.of_address.is_empty());
    }
}
