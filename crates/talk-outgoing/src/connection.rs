//! Connections to hosts of customers for protocols other than HTTP.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls_platform_verifier::Verifier;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};

use crate::client::NoAnswer;
use crate::guard::{Guard, Lookup, Unreachable};

/// A host with a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Whether the connection is encrypted.
    pub tls: bool,
}

/// A connection.
pub trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// Connects to a host, if `guard` allows its port and its address. A host that has a name and an
/// encrypted connection shows a certificate of that name.
pub(crate) async fn connect(
    (guard, resolver): (&Guard, &impl Lookup),
    target: &Target,
    authorities: &[CertificateDer<'static>],
    time: Duration,
) -> Result<Box<dyn Connection>, NoAnswer> {
    let connected = timeout(time, async {
        let stream = open((guard, resolver), target).await?;
        if !target.tls {
            return Ok(Box::new(stream) as Box<dyn Connection>);
        }
        encrypt(stream, target, authorities).await
    });
    connected
        .await
        .unwrap_or_else(|_| Err(none("no connection in time")))
}

async fn open(
    (guard, resolver): (&Guard, &impl Lookup),
    target: &Target,
) -> Result<TcpStream, NoAnswer> {
    let unreachable = || none(&Unreachable.to_string());
    if !guard.allows_port(target.port) {
        return Err(unreachable());
    }
    let found = if let Ok(address) = target.host.parse::<IpAddr>() {
        vec![SocketAddr::new(address, 0)]
    } else {
        let found = resolver.lookup(target.host.clone()).await;
        found.map_err(|_| unreachable())?
    };
    let admitted = guard.admit(found).map_err(|_| unreachable())?;
    let addresses: Vec<_> = admitted
        .iter()
        .map(|found| SocketAddr::new(found.ip(), target.port))
        .collect();
    let connected = TcpStream::connect(&*addresses).await;
    let stream = connected.map_err(|_| none("the connection failed"))?;
    stream
        .set_nodelay(true)
        .map_err(|_| none("the connection failed"))?;
    Ok(stream)
}

async fn encrypt(
    stream: TcpStream,
    target: &Target,
    authorities: &[CertificateDer<'static>],
) -> Result<Box<dyn Connection>, NoAnswer> {
    let unusable = || none("the server cannot make encrypted connections");
    let crypto = Arc::new(aws_lc_rs::default_provider());
    let config = config(crypto, authorities).map_err(|_| unusable())?;
    let name = ServerName::try_from(target.host.clone());
    let name = name.map_err(|_| none("the host has no valid name"))?;
    let encrypted = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let encrypted = encrypted.await.map_err(|error| {
        if error.to_string().contains("certificate") {
            return none("the certificate of the host is not trusted");
        }
        none("the host offers no encrypted connection")
    })?;
    Ok(Box::new(encrypted))
}

fn config(
    crypto: Arc<CryptoProvider>,
    authorities: &[CertificateDer<'static>],
) -> Result<ClientConfig, tokio_rustls::rustls::Error> {
    let verifier = Verifier::new_with_extra_roots(authorities.iter().cloned(), Arc::clone(&crypto));
    let config =
        ClientConfig::builder_with_provider(crypto).with_safe_default_protocol_versions()?;
    let config = config
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier?));
    Ok(config.with_no_client_auth())
}

fn none(reason: &str) -> NoAnswer {
    NoAnswer {
        reason: reason.to_owned(),
        is_unsent: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// Resolves every name to the loopback address.
    #[derive(Clone)]
    struct ToLoopback;

    impl Lookup for ToLoopback {
        async fn lookup(&self, _: String) -> std::io::Result<Vec<SocketAddr>> {
            Ok(vec![SocketAddr::from(([127, 0, 0, 1], 0))])
        }
    }

    async fn reason(guard: &Guard, host: &str, (port, tls): (u16, bool)) -> Option<String> {
        let target = Target {
            host: host.to_owned(),
            port,
            tls,
        };
        let time = Duration::from_secs(5);
        let connected = connect((guard, &ToLoopback), &target, &[], time).await;
        connected.err().map(|none| none.reason)
    }

    #[tokio::test]
    async fn a_connection_goes_only_where_requests_may_go() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let guard = |networks: &[&str], ports: &[u16]| {
            let networks: Vec<_> = networks.iter().map(ToString::to_string).collect();
            Guard::new(&networks, ports, false).unwrap()
        };
        let unreachable = Some(Unreachable.to_string());
        for host in ["127.0.0.1", "::ffff:127.0.0.1", "smsc.test"] {
            let closed = guard(&[], &[port]);
            assert_eq!(reason(&closed, host, (port, false)).await, unreachable);
            let other_port = guard(&["127.0.0.0/8"], &[]);
            assert_eq!(reason(&other_port, host, (port, false)).await, unreachable);
        }
        let open = guard(&["127.0.0.0/8"], &[port]);
        assert_eq!(reason(&open, "127.0.0.1", (port, false)).await, None);
        assert_eq!(reason(&open, "smsc.test", (port, false)).await, None);
        drop(listener);
        let failed = Some("the connection failed".to_owned());
        assert_eq!(reason(&open, "smsc.test", (port, false)).await, failed);
    }

    #[tokio::test]
    async fn a_host_without_encryption_gets_nothing_in_the_clear() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let guard = Guard::new(&["127.0.0.1".to_owned()], &[port], false).unwrap();
        let serving = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            stream.readable().await.unwrap();
            let mut first = [0];
            assert_eq!(stream.try_read(&mut first).unwrap(), 1);
            first
        });
        let none = reason(&guard, "smsc.test", (port, true)).await;
        assert!(none.is_some());
        // The first octet of a TLS handshake.
        assert_eq!(serving.await.unwrap(), [0x16]);
    }
}
