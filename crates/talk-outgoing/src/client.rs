//! Requests to addresses of customers.

use std::error::Error as _;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder, Method, RequestBuilder, Response, StatusCode};
use tokio::time::{timeout, timeout_at};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;

use crate::connection::{Connection, Target, connect};
use crate::guard::{Guard, Guarded, Lookup, SystemResolver, Unreachable};

/// Limits of requests.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// The value of the header `User-Agent`.
    pub user_agent: &'static str,
    /// Milliseconds for a whole exchange, from the connection to the end of the answer, unless the
    /// request has a limit of its own.
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
    /// Certificates of the further authorities.
    authorities: Arc<[CertificateDer<'static>]>,
}

type MakeHttp = Box<dyn FnOnce() -> Option<reqwest::Client> + Send>;

/// A request.
#[derive(Clone, Debug)]
pub struct Outgoing<'a> {
    /// The whole address.
    pub uri: &'a str,
    /// The method.
    pub method: Method,
    /// The headers, `Content-Type` among them.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

/// The limits of one exchange.
#[derive(Clone, Copy, Debug)]
pub struct ExchangeLimits {
    /// Time for the whole exchange.
    pub time: Duration,
    /// Number of bytes of the answer after which reading stops. The last chunk may exceed it.
    pub bytes: usize,
}

/// The answer to a request.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, or its beginning.
    pub body: Vec<u8>,
    /// Whether the body came to its end within the limits.
    pub is_whole: bool,
}

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct NoAnswer {
    /// The reason, without anything that it would reveal of the network.
    pub reason: String,
    /// Whether there was no connection, so that the host has certainly not received the request.
    pub is_unsent: bool,
}

/// A request with its answer, or why there is none.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The answer.
    pub answered: Result<Answered, NoAnswer>,
    /// The time from the request to the answer.
    pub latency: Duration,
}

impl Client {
    /// Creates a client whose connections `guard` allows.
    ///
    /// # Errors
    /// If the certificate authorities cannot be read.
    pub fn new(guard: Guard, settings: &ClientSettings) -> Result<Self, ClientError> {
        Self::resolving(guard, settings, SystemResolver)
    }

    /// Creates a client that looks names up with `resolver`.
    ///
    /// # Errors
    /// If the certificate authorities cannot be read.
    pub fn resolving(
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
        let roots = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
        let roots = roots
            .map_err(|error| ClientError(error.to_string()))?
            .into();
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
            authorities: roots,
        })
    }

    /// Returns the time for a whole exchange, according to the settings.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Connects to a host within `time`, if the guard allows it.
    ///
    /// # Errors
    /// Says why there is no connection.
    pub async fn connect(
        &self,
        target: &Target,
        time: Duration,
    ) -> Result<Box<dyn Connection>, NoAnswer> {
        connect(
            (&self.guard, &SystemResolver),
            target,
            &self.authorities,
            time,
        )
        .await
    }

    /// Sends a request, and returns its answer before the body was read. The whole exchange may take up to
    /// `time`.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn download(
        &self,
        outgoing: Outgoing<'_>,
        time: Duration,
    ) -> Result<Download, NoAnswer> {
        let end = tokio::time::Instant::now() + time;
        let request = self.request(outgoing)?;
        let response = timeout_at(end, request.send())
            .await
            .map_err(|_| NoAnswer {
                reason: format!("no answer within {} ms", time.as_millis()),
                is_unsent: false,
            })?;
        let response = response.map_err(|error| failure(&error))?;
        Ok(Download { response, end })
    }

    /// Builds a request, if the guard allows its address.
    fn request(&self, outgoing: Outgoing<'_>) -> Result<RequestBuilder, NoAnswer> {
        let unsent = |reason: String| NoAnswer {
            reason,
            is_unsent: true,
        };
        let url = self.guard.check(outgoing.uri);
        let url = url.map_err(|_| unsent(Unreachable.to_string()))?;
        let http = (**self.http).as_ref();
        let http = http.ok_or_else(|| unsent("the server cannot make requests".to_owned()))?;
        let mut request = http.request(outgoing.method, url);
        for (name, value) in outgoing.headers {
            request = request.header(name, value);
        }
        Ok(request.body(outgoing.body))
    }

    /// Sends a request and reads its answer.
    pub async fn exchange(&self, outgoing: Outgoing<'_>, limits: ExchangeLimits) -> Exchange {
        let start = Instant::now();
        let request = match self.request(outgoing) {
            Ok(request) => request,
            Err(none) => return Exchange::failed(none),
        };
        let answered = timeout(limits.time, async {
            match request.send().await {
                Ok(response) => Ok(read(response, limits.bytes).await),
                Err(error) => Err(failure(&error)),
            }
        });
        let answered = answered.await.unwrap_or_else(|_| {
            let time = limits.time.as_millis();
            Err(NoAnswer {
                reason: format!("no answer within {time} ms"),
                is_unsent: false,
            })
        });
        let is_refused = matches!(&answered, Err(none) if none.reason == Unreachable.to_string());
        // The time would reveal whether the name exists.
        let latency = if is_refused {
            Duration::ZERO
        } else {
            start.elapsed()
        };
        Exchange { answered, latency }
    }
}

/// An answer whose body is read piece by piece.
pub struct Download {
    response: Response,
    end: tokio::time::Instant,
}

impl Download {
    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// Returns the next bytes, or `None` at the end of the body.
    ///
    /// # Errors
    /// If the body breaks off, or does not end in time.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, NoAnswer> {
        let chunk = timeout_at(self.end, self.response.chunk()).await;
        let broken = |reason: &str| NoAnswer {
            reason: reason.to_owned(),
            is_unsent: false,
        };
        let chunk = chunk.map_err(|_| broken("the body came too slowly"))?;
        let chunk = chunk.map_err(|_| broken("the connection broke off"))?;
        Ok(chunk.map(|bytes| bytes.to_vec()))
    }
}

impl Exchange {
    /// A request that was not sent.
    fn failed(none: NoAnswer) -> Self {
        Self {
            answered: Err(none),
            latency: Duration::ZERO,
        }
    }

    /// Returns the latency in milliseconds.
    #[must_use]
    pub fn latency_ms(&self) -> u32 {
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
            .user_agent(settings.user_agent)
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
        tracing::warn!(%error, "the system has no certificate authorities");
        builder(resolver).tls_certs_only(authorities).build()
    });
    client
        .inspect_err(|error| tracing::error!(%error, "no request can be sent"))
        .ok()
}

/// Describes a failed request, without details of the operator's network.
fn failure(error: &reqwest::Error) -> NoAnswer {
    NoAnswer {
        reason: reason(error),
        is_unsent: error.is_connect(),
    }
}

fn reason(error: &reqwest::Error) -> String {
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
