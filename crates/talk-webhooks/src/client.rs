//! Requests to addresses of customers.

mod delivery;

use std::error::Error as _;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder, Response, StatusCode};
use talk_domain::hooks::webhook::Method;
use tokio::time::timeout;

use crate::guard::{Guard, Guarded, Lookup, SystemResolver, Unreachable};

/// Settings of the HTTP client.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// Milliseconds for a whole delivery, from the connection to the end of the answer. A call of
    /// an intercept has the intercept's own limit.
    pub timeout_ms: u64,
    /// Milliseconds until the connection is made.
    pub connect_timeout_ms: u64,
    /// PEM of further certificate authorities.
    pub authorities: Option<Vec<u8>>,
}

/// The reason why a client cannot be created.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ClientError(String);

/// The HTTP client of deliveries and intercepts. It connects only to addresses that the [`Guard`]
/// allows.
#[derive(Clone)]
pub struct Client {
    /// The underlying client. It is created with the first request, because it holds the
    /// certificate authorities of the system in memory, or at once if the operator has set some, to
    /// check them. `None` if it cannot be created.
    http: Arc<LazyLock<Option<reqwest::Client>, MakeHttp>>,
    guard: Guard,
    timeout: Duration,
}

type MakeHttp = Box<dyn FnOnce() -> Option<reqwest::Client> + Send>;

/// A request.
pub(crate) struct Outgoing<'a> {
    pub(crate) uri: &'a str,
    pub(crate) method: Method,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

/// The limits of one exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExchangeLimits {
    /// Time for the whole exchange.
    pub(crate) time: Duration,
    /// Number of bytes of the answer after which reading stops. The last chunk may exceed it.
    pub(crate) bytes: usize,
}

/// The answer to a request.
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// The body, or its beginning.
    pub(crate) body: Vec<u8>,
    /// Whether the body came to its end within the limits.
    pub(crate) is_whole: bool,
}

/// A request with its answer, or why there is none.
pub(crate) struct Exchange {
    pub(crate) answered: Result<Answered, String>,
    pub(crate) latency: Duration,
}

impl Client {
    /// Creates a client whose connections `guard` allows.
    ///
    /// # Errors
    /// If the certificate authorities cannot be read.
    pub fn new(guard: Guard, settings: &ClientSettings) -> Result<Self, ClientError> {
        Self::resolving(guard, settings, SystemResolver)
    }

    /// Creates a client that finds addresses with this resolver.
    pub(crate) fn resolving(
        guard: Guard,
        settings: &ClientSettings,
        resolver: impl Lookup,
    ) -> Result<Self, ClientError> {
        let pem = settings.authorities.as_deref().unwrap_or_default();
        let authorities = Certificate::from_pem_bundle(pem);
        let authorities = authorities.map_err(|error| ClientError(error.to_string()))?;
        let is_certified = settings.authorities.is_some();
        if is_certified && authorities.is_empty() {
            return Err(ClientError("has no certificate".to_owned()));
        }
        let timeout = Duration::from_millis(settings.timeout_ms);
        let (guarded, settings) = (guard.clone(), settings.clone());
        let make = move || make_http(&settings, authorities, (guarded, resolver));
        let http = LazyLock::<_, MakeHttp>::new(Box::new(make));
        if is_certified && http.is_none() {
            return Err(ClientError(
                "has a certificate that cannot be read".to_owned(),
            ));
        }
        Ok(Self {
            http: Arc::new(http),
            guard,
            timeout,
        })
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn exchange(
        &self,
        outgoing: Outgoing<'_>,
        limits: ExchangeLimits,
    ) -> Exchange {
        let start = Instant::now();
        let Ok(url) = self.guard.check(outgoing.uri) else {
            return Exchange::failed(&Unreachable.to_string());
        };
        let method = match outgoing.method {
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Get => reqwest::Method::GET,
            Method::Delete => reqwest::Method::DELETE,
        };
        let Some(http) = &**self.http else {
            return Exchange::failed("the server cannot make requests");
        };
        let mut request = http.request(method, url);
        for (name, value) in outgoing.headers {
            request = request.header(name, value);
        }
        let request = request
            .header(CONTENT_TYPE, "application/json")
            .body(outgoing.body);
        let answered = timeout(limits.time, async {
            match request.send().await {
                Ok(response) => Ok(read(response, limits.bytes).await),
                Err(error) => Err(failure(&error)),
            }
        });
        let answered = answered.await.unwrap_or_else(|_| {
            let time = limits.time.as_millis();
            Err(format!("no answer within {time} ms"))
        });
        let is_refused = matches!(&answered, Err(error) if *error == Unreachable.to_string());
        // The time would reveal whether the name exists.
        let latency = if is_refused {
            Duration::ZERO
        } else {
            start.elapsed()
        };
        Exchange { answered, latency }
    }
}

impl Exchange {
    /// A request that was not sent.
    fn failed(error: &str) -> Self {
        Self {
            answered: Err(error.to_owned()),
            latency: Duration::ZERO,
        }
    }

    /// The latency, as it is stored.
    pub(crate) fn latency_ms(&self) -> u32 {
        u32::try_from(self.latency.as_millis()).unwrap_or(u32::MAX)
    }
}

/// Creates the client of all requests. Without any certificate authority, `https` fails and `http`
/// works.
fn make_http(
    settings: &ClientSettings,
    authorities: Vec<Certificate>,
    (guard, resolver): (Guard, impl Lookup),
) -> Option<reqwest::Client> {
    let connect_timeout = Duration::from_millis(settings.connect_timeout_ms);
    let builder = |resolver| {
        ClientBuilder::new()
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .http1_only()
            .user_agent(concat!("Talk-Webhooks/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(connect_timeout)
            .pool_idle_timeout(Duration::from_secs(30))
            .pool_max_idle_per_host(8)
            .dns_resolver(Guarded {
                guard: guard.clone(),
                resolver,
            })
    };
    let of_system = builder(resolver.clone()).tls_certs_merge(authorities.clone());
    let client = of_system.build().or_else(|error| {
        // In a container without certificates, requests by `http` still work.
        tracing::warn!(%error, "the system has no certificate authorities for webhooks");
        builder(resolver).tls_certs_only(authorities).build()
    });
    client
        .inspect_err(|error| tracing::error!(%error, "no webhook can be sent"))
        .ok()
}

/// Describes a failed request, without details of the operator's network.
fn failure(error: &reqwest::Error) -> String {
    let mut source = error.source();
    while let Some(cause) = source {
        if cause.is::<Unreachable>() {
            return Unreachable.to_string();
        }
        if cause.to_string().contains("certificate") {
            return "the certificate of the host is not trusted".to_owned();
        }
        source = cause.source();
    }
    if error.is_timeout() {
        return "no connection in time".to_owned();
    }
    if error.is_connect() {
        return "the connection failed".to_owned();
    }
    "the connection broke off".to_owned()
}

/// Reads the body up to `limit` bytes. Of a body that breaks off, the part that arrived is kept.
async fn read(mut response: Response, limit: usize) -> Answered {
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    let is_whole = loop {
        if body.len() > limit {
            break false;
        }
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    Answered {
        status,
        headers,
        body,
        is_whole,
    }
}

#[cfg(test)]
mod tests;
