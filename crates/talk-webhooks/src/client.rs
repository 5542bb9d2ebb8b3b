//! Requests to the addresses of endpoints.

use std::error::Error as _;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder, Response, StatusCode};
use talk_domain::hooks::attempt::Outcome;
use talk_domain::hooks::delivery::{ANSWER_BYTES, Attempt};
use talk_domain::hooks::webhook::Method;
use talk_domain::kernel::time::Timestamp;
use tokio::time::timeout;

use crate::guard::{Guard, Guarded, Lookup, SystemResolver};

/// Maximum number of bytes that are read of an answer.
const READ: usize = 16_384;

/// Limits of requests.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// Milliseconds for a whole request.
    pub timeout_ms: u64,
    /// Milliseconds for the connection.
    pub connect_timeout_ms: u64,
    /// PEM of further certificate authorities.
    pub authorities: Option<Vec<u8>>,
}

/// Why the client cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ClientError(String);

/// Sends deliveries.
#[derive(Clone)]
pub struct Client {
    /// Made for the first request, since it holds the certificate authorities of the system, or at once
    /// to check those of the operator. `None` if it cannot be made.
    http: Arc<LazyLock<Option<reqwest::Client>, MakeHttp>>,
    guard: Guard,
    timeout: Duration,
}

type MakeHttp = Box<dyn FnOnce() -> Option<reqwest::Client> + Send>;

/// A request to an endpoint.
pub(crate) struct Outgoing<'a> {
    pub(crate) uri: &'a str,
    pub(crate) method: Method,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

/// The answer to a request, or why there is none.
struct Answered {
    http_status: Option<u16>,
    outcome: Outcome,
    error: String,
    answer: String,
}

impl Answered {
    fn failed(error: impl Into<String>) -> Self {
        Self {
            http_status: None,
            outcome: Outcome::Failed(None),
            error: error.into(),
            answer: String::new(),
        }
    }
}

impl Client {
    /// Creates a client whose connections `guard` allows.
    ///
    /// # Errors
    /// If the certificate authorities cannot be read.
    pub fn new(guard: Guard, settings: &ClientSettings) -> Result<Self, ClientError> {
        Self::resolving(guard, settings, SystemResolver)
    }

    fn resolving(
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
            return Err(ClientError("has a certificate that is none".to_owned()));
        }
        Ok(Self {
            http: Arc::new(http),
            guard,
            timeout,
        })
    }

    /// Sends a request and reads the beginning of its answer. `now` is the time of the try.
    pub(crate) async fn send(&self, outgoing: Outgoing<'_>, now: Timestamp) -> (Attempt, Outcome) {
        let start = Instant::now();
        let Ok(url) = self.guard.check(outgoing.uri) else {
            return attempt(unreachable(), now, Duration::ZERO);
        };
        let method = match outgoing.method {
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Get => reqwest::Method::GET,
            Method::Delete => reqwest::Method::DELETE,
        };
        let Some(http) = &**self.http else {
            let failed = Answered::failed("the server cannot make requests");
            return attempt(failed, now, Duration::ZERO);
        };
        let mut request = http.request(method, url);
        for (name, value) in outgoing.headers {
            request = request.header(name, value);
        }
        let request = request
            .header(CONTENT_TYPE, "application/json")
            .body(outgoing.body);
        let answered = timeout(self.timeout, async {
            match request.send().await {
                Ok(response) => read(response).await,
                Err(error) => failure(&error),
            }
        });
        let answered = answered.await.unwrap_or_else(|_| {
            Answered::failed(format!("no answer within {} ms", self.timeout.as_millis()))
        });
        let is_refused = answered.error == unreachable().error;
        let latency = if is_refused {
            Duration::ZERO
        } else {
            start.elapsed()
        };
        attempt(answered, now, latency)
    }
}

/// Makes the client of all requests. Without any certificate authority `https` fails, and `http` works.
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
        // A container without certificates: the server runs, and https fails.
        tracing::warn!(%error, "the system has no certificate authorities for webhooks");
        builder(resolver).tls_certs_only(authorities).build()
    });
    client
        .inspect_err(|error| tracing::error!(%error, "no webhook can be sent"))
        .ok()
}

fn attempt(answered: Answered, at: Timestamp, latency: Duration) -> (Attempt, Outcome) {
    let attempt = Attempt {
        at,
        http_status: answered.http_status,
        latency_ms: u32::try_from(latency.as_millis()).unwrap_or(u32::MAX),
        error: answered.error,
        answer: answered.answer,
    };
    (attempt, answered.outcome)
}

/// The failure of a request that the guard refuses. A name that does not exist fails alike.
fn unreachable() -> Answered {
    Answered::failed(crate::guard::Unreachable.to_string())
}

/// Describes a failed request without what it reveals of the network.
fn failure(error: &reqwest::Error) -> Answered {
    let mut source = error.source();
    while let Some(cause) = source {
        if cause.is::<crate::guard::Unreachable>() {
            return unreachable();
        }
        if cause.to_string().contains("certificate") {
            return Answered::failed("the certificate of the host is not trusted");
        }
        source = cause.source();
    }
    if error.is_timeout() {
        return Answered::failed("no connection in time");
    }
    if error.is_connect() {
        return Answered::failed("the connection failed");
    }
    Answered::failed("the connection broke off")
}

async fn read(mut response: Response) -> Answered {
    let status = response.status();
    let named = retry_after(&response);
    let mut answer = Vec::new();
    while answer.len() < READ {
        match response.chunk().await {
            Ok(Some(chunk)) => answer.extend_from_slice(&chunk),
            // The status counts, whatever becomes of the rest.
            Ok(None) | Err(_) => break,
        }
    }
    let outcome = match status {
        status if status.is_success() => Outcome::Accepted,
        StatusCode::GONE => Outcome::Gone,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Outcome::Failed(named),
        _ => Outcome::Failed(None),
    };
    let error = match outcome {
        Outcome::Accepted => String::new(),
        _ => format!("answered {}", status.as_u16()),
    };
    Answered {
        http_status: Some(status.as_u16()),
        outcome,
        error,
        answer: beginning(&answer),
    }
}

/// The seconds that an answer names. A date is not read: clocks differ.
fn retry_after(response: &Response) -> Option<u32> {
    let value = response.headers().get(RETRY_AFTER)?;
    value.to_str().ok()?.trim().parse().ok()
}

/// The beginning of an answer as text without U+0000.
fn beginning(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer.get(..ANSWER_BYTES).unwrap_or(answer));
    let mut text = text.replace('\0', "\u{fffd}");
    while text.len() > ANSWER_BYTES {
        text.pop();
    }
    text
}

#[cfg(test)]
mod tests;
