//! One request, and the rules for sending it again.

use std::time::Duration;

use reqwest::header::HeaderName;
use reqwest::{Method, StatusCode};
use serde::Serialize;
use uuid::Uuid;

use crate::api::Upload;
use crate::error::ClientError;

/// The longest `Retry-After` that is honoured.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request that may be sent several times.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// The path; each segment is escaped.
    pub(crate) path: Vec<String>,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) headers: Vec<(HeaderName, String)>,
    pub(crate) body: Body,
    pub(crate) key: Option<String>,
    /// Whether the request sends or gets a file.
    pub(crate) is_long: bool,
    /// Whether the request is idempotent.
    is_repeatable: bool,
}

/// The body of a request.
#[derive(Debug)]
pub(crate) enum Body {
    /// None.
    Empty,
    /// JSON.
    Json(Vec<u8>),
    /// A form with a file, which is opened again by each attempt.
    Form(Upload),
}

/// Why an attempt failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: ClientError,
    /// Whether the request certainly had no effect on the server.
    pub(crate) had_no_effect: bool,
    pub(crate) retry_after: Option<Duration>,
}

impl Call {
    fn new(method: Method, path: &[&str]) -> Self {
        Self {
            method,
            path: path.iter().map(|&segment| segment.to_owned()).collect(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Body::Empty,
            key: None,
            is_long: false,
            is_repeatable: true,
        }
    }

    pub(crate) fn get(path: &[&str]) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn put(path: &[&str]) -> Self {
        Self::new(Method::PUT, path)
    }

    pub(crate) fn delete(path: &[&str]) -> Self {
        Self::new(Method::DELETE, path)
    }

    /// A POST with a fresh idempotency key.
    pub(crate) fn post(path: &[&str]) -> Self {
        Self::new(Method::POST, path).keyed(Uuid::new_v4().to_string())
    }

    /// Replaces the idempotency key.
    pub(crate) fn keyed(mut self, key: String) -> Self {
        self.key = Some(key);
        self
    }

    /// Marks the request as not idempotent: it has no key, or a repetition is answered differently.
    pub(crate) fn once(mut self) -> Self {
        self.key = None;
        self.is_repeatable = false;
        self
    }

    pub(crate) fn with(mut self, name: &'static str, value: &impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Marks a request that sends or gets a file, and so may take long.
    pub(crate) const fn long(mut self) -> Self {
        self.is_long = true;
        self
    }

    /// Sets the body to a form with a file.
    pub(crate) fn form(mut self, upload: Upload) -> Self {
        self.body = Body::Form(upload);
        self.long()
    }

    /// Sets the body.
    pub(crate) fn json(mut self, body: &impl Serialize) -> Result<Self, ClientError> {
        let body = serde_json::to_vec(body);
        let body = body.map_err(|error| ClientError::Protocol(error.to_string()))?;
        self.body = Body::Json(body);
        Ok(self)
    }

    /// Returns the wait before the next attempt, or `None` if there must be none.
    pub(crate) fn retry_after(&self, failure: &Failure, backoff: Duration) -> Option<Duration> {
        let may_pass = match &failure.error {
            ClientError::Refused { status, .. } => is_transient(*status),
            ClientError::Transport(_) => true,
            ClientError::Held { .. }
            | ClientError::Local(_)
            | ClientError::Protocol(_)
            | ClientError::Closed { .. } => false,
        };
        let wait = failure
            .retry_after
            .map_or(backoff, |asked| asked.max(backoff));
        let is_allowed = self.is_repeatable || failure.had_no_effect;
        (may_pass && is_allowed && wait <= PATIENCE).then_some(wait)
    }
}

/// Returns whether an answer with this code is transient.
fn is_transient(status: u16) -> bool {
    matches!(
        StatusCode::from_u16(status),
        Ok(StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(100);

    fn refused(status: u16, seconds: Option<u64>) -> Failure {
        Failure {
            error: ClientError::refused(status, b""),
            had_no_effect: matches!(status, 429 | 503),
            retry_after: seconds.map(Duration::from_secs),
        }
    }

    fn lost(had_no_effect: bool) -> Failure {
        Failure {
            error: ClientError::transport("reset"),
            had_no_effect,
            retry_after: None,
        }
    }

    #[test]
    fn only_what_may_pass_is_sent_again() {
        let call = Call::post(&["x"]);
        assert!(call.key.is_some());
        for status in [429, 502, 503, 504] {
            assert_eq!(call.retry_after(&refused(status, None), SOON), Some(SOON));
        }
        for status in [400, 401, 403, 404, 409, 422, 500] {
            assert_eq!(call.retry_after(&refused(status, None), SOON), None);
        }
        assert_eq!(call.retry_after(&lost(false), SOON), Some(SOON));
    }

    #[test]
    fn retry_after_is_honoured_unless_it_is_long() {
        let call = Call::get(&["x"]);
        let wait = call.retry_after(&refused(503, Some(2)), SOON);
        assert_eq!(wait, Some(Duration::from_secs(2)));
        assert_eq!(call.retry_after(&refused(503, Some(0)), SOON), Some(SOON));
        assert_eq!(call.retry_after(&refused(429, Some(600)), SOON), None);
    }

    #[test]
    fn what_is_not_repeatable_is_sent_again_only_if_it_had_no_effect() {
        let call = Call::delete(&["x"]).once();
        assert_eq!(call.retry_after(&lost(false), SOON), None);
        assert_eq!(call.retry_after(&lost(true), SOON), Some(SOON));
        assert_eq!(call.retry_after(&refused(503, None), SOON), Some(SOON));
        assert_eq!(call.retry_after(&refused(502, None), SOON), None);
    }
}
