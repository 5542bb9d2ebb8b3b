//! Closes connections that the caller does not admit.

use std::fmt::Debug;
use std::net::{IpAddr, SocketAddr};

use actix_service::{Service, ServiceFactory, fn_factory};
use futures_util::future::LocalBoxFuture;
use tokio::net::TcpStream;

use crate::wire::Wire;

/// Serves the connections that `admit` admits with `http`, and holds for each of them what `admit`
/// returned until it ends.
pub(super) fn admitted<A, G, F>(
    admit: A,
    http: F,
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = F::Error, InitError = F::InitError>
where
    A: Fn(IpAddr) -> Option<G> + Clone + 'static,
    G: 'static,
    F: ServiceFactory<(Wire, Option<SocketAddr>), Config = (), Response = ()> + 'static,
    F::Service: 'static,
    F::Error: Debug + 'static,
{
    fn_factory(move || {
        let admit = admit.clone();
        let http = http.new_service(());
        async move {
            let http = http.await?;
            Ok(Admitted { admit, http })
        }
    })
}

struct Admitted<A, S> {
    admit: A,
    http: S,
}

impl<A, G, S> Service<TcpStream> for Admitted<A, S>
where
    A: Fn(IpAddr) -> Option<G>,
    G: 'static,
    S: Service<(Wire, Option<SocketAddr>), Response = ()>,
    S::Future: 'static,
    S::Error: 'static,
{
    type Response = ();
    type Error = S::Error;
    type Future = LocalBoxFuture<'static, Result<(), S::Error>>;

    actix_service::forward_ready!(http);

    fn call(&self, stream: TcpStream) -> Self::Future {
        // Without an address the client has gone already.
        let peer = stream.peer_addr().ok();
        let Some(guard) = peer.and_then(|peer| (self.admit)(peer.ip())) else {
            return Box::pin(async { Ok(()) });
        };
        let served = self.http.call((Wire::new(stream), peer));
        Box::pin(async move {
            let _guard = guard;
            served.await
        })
    }
}
