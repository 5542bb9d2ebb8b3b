//! The client: an agent at a server.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{RequestBuilder, Response, StatusCode, Url};
use serde::de::DeserializeOwned;
use talk_wire::request::{Login, LoginAnswer};
use talk_wire::resource::{Agent, Held};
use tokio::sync::OnceCell;

use crate::backoff::Backoff;
use crate::call::{Body, Call, Failure};
use crate::error::ClientError;
use crate::form;
use crate::positions::Positions;
use crate::subscription::Subscription;
use crate::update::Follow;

/// The maximum number of attempts per request.
const ATTEMPTS: usize = 6;

const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const TIMEOUT: Duration = Duration::from_secs(30);

/// The maximum time of a request that sends or gets a file.
const FILE_TIMEOUT: Duration = Duration::from_secs(60 * 60);

/// An agent at a server. Cloning is cheap, and clones share their connections.
///
/// Transient failures (no connection, 429, 502, 503, 504) are retried a few times, with exponential
/// backoff or after `Retry-After`. Every POST has an `Idempotency-Key`, so that a retry has no
/// second effect.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    url: Url,
    token: String,
    me: OnceCell<Agent>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.0.url.as_str();
        f.debug_struct("Client").field("url", &url).finish()
    }
}

impl Client {
    /// Logs in at `url`, for example `http://127.0.0.1:8095`.
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS`, `TOO_MANY_LOGIN_ATTEMPTS`, or the server is not reached.
    pub async fn login(url: &str, username: &str, password: &str) -> Result<Self, ClientError> {
        let login = Login {
            username: username.to_owned(),
            password: password.to_owned(),
        };
        let nobody = Self::with_token(url, "")?;
        let call = Call::post(&["auth", "login"]).once().json(&login)?;
        let answer: LoginAnswer = nobody.send(call).await?;
        Self::with_token(url, answer.token)
    }

    /// Creates a client with the token of a login, or an access key.
    ///
    /// # Errors
    /// If `url` is no `http` URL.
    pub fn with_token(url: &str, token: impl Into<String>) -> Result<Self, ClientError> {
        let url = Url::parse(url).map_err(ClientError::transport)?;
        if url.scheme() != "http" || url.cannot_be_a_base() {
            let message = "the URL must begin with http:// (TLS is a matter of a proxy)";
            return Err(ClientError::transport(message));
        }
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .build()
            .map_err(ClientError::transport)?;
        Ok(Self(Arc::new(Inner {
            http,
            url,
            token: token.into(),
            me: OnceCell::new(),
        })))
    }

    /// The URL of the server.
    #[must_use]
    pub fn url(&self) -> &str {
        self.0.url.as_str()
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.0.token
    }

    /// Returns the agent of the token, as it was at the first call.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn me(&self) -> Result<&Agent, ClientError> {
        let ask = || self.send(Call::get(&["v1.0", "service_agents", "me"]));
        self.0.me.get_or_try_init(ask).await
    }

    /// Subscribes to chats from `positions` on. With [`Follow::All`], a chat without a position
    /// begins after its newest event at the very first connection, and later (the agent joined in
    /// the meantime) with the event by which the agent joined.
    ///
    /// Connects only once [`Subscription::next`] is called.
    #[must_use]
    pub fn subscribe(&self, follow: Follow, positions: Positions) -> Subscription {
        Subscription::new(self.clone(), follow, positions)
    }

    /// The URL of a path below the server's.
    pub(crate) fn at(&self, path: impl IntoIterator<Item = impl AsRef<str>>) -> Url {
        let mut url = self.0.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    /// Sends a request and reads its answer, with retries.
    pub(crate) async fn send<T: DeserializeOwned>(&self, call: Call) -> Result<T, ClientError> {
        let mut retries = Retries::new();
        loop {
            match self.attempt(&call).await {
                Ok(body) => return read(&body),
                Err(failure) => retries.wait(&call, failure).await?,
            }
        }
    }

    /// Sends a request, with retries until it is accepted. The body of the answer is not read.
    pub(crate) async fn open(&self, call: &Call) -> Result<Response, ClientError> {
        let mut retries = Retries::new();
        loop {
            match self.accepted(call).await {
                Ok(response) => return Ok(response),
                Err(failure) => retries.wait(call, failure).await?,
            }
        }
    }

    async fn attempt(&self, call: &Call) -> Result<Vec<u8>, Failure> {
        let response = self.accepted(call).await?;
        let is_accepted = response.status() == StatusCode::ACCEPTED;
        let body = response.bytes().await.map_err(lost)?;
        if is_accepted {
            return Err(held(&body));
        }
        Ok(body.into())
    }

    /// Sends a request once.
    async fn accepted(&self, call: &Call) -> Result<Response, Failure> {
        let response = self.request(call).await?.send().await.map_err(lost)?;
        if response.status().is_success() {
            return Ok(response);
        }
        let (status, retry_after) = (response.status().as_u16(), retry_after(&response));
        let body = response.bytes().await.map_err(lost)?;
        Err(Failure {
            error: ClientError::refused(status, &body),
            had_no_effect: matches!(status, 429 | 503),
            retry_after,
        })
    }

    async fn request(&self, call: &Call) -> Result<RequestBuilder, Failure> {
        let mut url = self.at(&call.path);
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let mut request = self.0.http.request(call.method.clone(), url);
        if !self.0.token.is_empty() {
            request = request.bearer_auth(&self.0.token);
        }
        if let Some(key) = &call.key {
            request = request.header("Idempotency-Key", key);
        }
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        if call.is_long {
            request = request.timeout(FILE_TIMEOUT);
        }
        Ok(match &call.body {
            Body::Empty => request,
            Body::Json(body) => request
                .header(CONTENT_TYPE, "application/json")
                .body(body.clone()),
            Body::Form(upload) => request.multipart(form::of(upload).await.map_err(unread)?),
        })
    }
}

/// The attempts of one request.
struct Retries {
    backoff: Backoff,
    attempt: usize,
}

impl Retries {
    fn new() -> Self {
        Self {
            backoff: Backoff::new(FIRST_WAIT, LONGEST_WAIT),
            attempt: 1,
        }
    }

    /// Waits until the next attempt after a failure; fails with it if there must be none.
    async fn wait(&mut self, call: &Call, failure: Failure) -> Result<(), ClientError> {
        let wait = call.retry_after(&failure, self.backoff.next());
        match wait.filter(|_| self.attempt < ATTEMPTS) {
            Some(wait) => tokio::time::sleep(wait).await,
            None => return Err(failure.error),
        }
        self.attempt += 1;
        Ok(())
    }
}

/// The failure of a local file, before anything was sent.
const fn unread(error: std::io::Error) -> Failure {
    Failure {
        error: ClientError::Local(error),
        had_no_effect: true,
        retry_after: None,
    }
}

/// Reads the answer to a message that is held: it has no message yet.
fn held(body: &[u8]) -> Failure {
    let error = match read::<Held>(body) {
        Ok(held) => ClientError::Held { id: held.id },
        Err(error) => error,
    };
    Failure {
        error,
        had_no_effect: false,
        retry_after: None,
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ClientError> {
    serde_json::from_slice(body).map_err(|error| ClientError::Protocol(error.to_string()))
}

fn lost(error: reqwest::Error) -> Failure {
    Failure {
        had_no_effect: error.is_connect(),
        error: ClientError::transport(error.without_url()),
        retry_after: None,
    }
}

fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    seconds.parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_below_the_servers_and_escaped() {
        for url in ["http://h:1", "http://h:1/"] {
            let client = Client::with_token(url, "t").unwrap();
            assert_eq!(client.at(["a", "b/c?"]).as_str(), "http://h:1/a/b%2Fc%3F");
        }
        let client = Client::with_token("http://h/talk/", "t").unwrap();
        assert_eq!(client.at(["a"]).as_str(), "http://h/talk/a");
    }

    #[test]
    fn only_plain_http_is_spoken() {
        for url in ["https://h", "h:1", "mailto:a@b", ""] {
            assert!(Client::with_token(url, "t").is_err(), "{url}");
        }
    }

    #[test]
    fn nobody_reads_the_token_in_a_log() {
        let client = Client::with_token("http://h", "secret").unwrap();
        assert!(!format!("{client:?}").contains("secret"));
    }
}
