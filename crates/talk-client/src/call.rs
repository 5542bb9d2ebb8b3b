//! One request, and whether it may be repeated.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde::Serialize;
use uuid::Uuid;

use crate::error::ClientError;

/// The longest `Retry-After` that is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request to be sent, perhaps several times.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// The path; each segment is escaped.
    pub(crate) path: Vec<String>,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) key: Option<String>,
    /// Whether sending it twice does no more than sending it once.
    is_repeatable: bool,
}

/// Why an attempt failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: ClientError,
    /// Whether it surely had no effect.
    pub(crate) is_harmless: bool,
    pub(crate) retry_after: Option<Duration>,
}

impl Call {
    fn new(method: Method, path: &[&str]) -> Self {
        Self {
            method,
            path: path.iter().map(|&segment| segment.to_owned()).collect(),
            query: Vec::new(),
            body: None,
            key: None,
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

    /// With this idempotency key instead.
    pub(crate) fn keyed(mut self, key: String) -> Self {
        self.key = Some(key);
        self
    }

    /// Without an idempotency key, or of a kind whose repetition is answered differently.
    pub(crate) fn once(mut self) -> Self {
        self.key = None;
        self.is_repeatable = false;
        self
    }

    pub(crate) fn with(mut self, name: &'static str, value: &impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    /// With this body.
    pub(crate) fn json(mut self, body: &impl Serialize) -> Result<Self, ClientError> {
        let body = serde_json::to_vec(body);
        self.body = Some(body.map_err(|error| ClientError::Protocol(error.to_string()))?);
        Ok(self)
    }

    /// How long to wait before sending it again, or `None` if it is not to be sent again.
    pub(crate) fn again_after(&self, failure: &Failure, backoff: Duration) -> Option<Duration> {
        let may_pass = match &failure.error {
            ClientError::Refused { status, .. } => passes(*status),
            ClientError::Transport(_) => true,
            ClientError::Protocol(_) | ClientError::Closed { .. } => false,
        };
        let wait = failure
            .retry_after
            .map_or(backoff, |asked| asked.max(backoff));
        let is_allowed = self.is_repeatable || failure.is_harmless;
        (may_pass && is_allowed && wait <= PATIENCE).then_some(wait)
    }
}

/// Whether an answer with this code is worth another attempt.
fn passes(status: u16) -> bool {
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
            is_harmless: matches!(status, 429 | 503),
            retry_after: seconds.map(Duration::from_secs),
        }
    }

    fn lost(is_harmless: bool) -> Failure {
        Failure {
            error: ClientError::transport("reset"),
            is_harmless,
            retry_after: None,
        }
    }

    #[test]
    fn only_what_may_pass_is_sent_again() {
        let call = Call::post(&["x"]);
        assert!(call.key.is_some());
        for status in [429, 502, 503, 504] {
            assert_eq!(call.again_after(&refused(status, None), SOON), Some(SOON));
        }
        for status in [400, 401, 403, 404, 409, 422, 500] {
            assert_eq!(call.again_after(&refused(status, None), SOON), None);
        }
        assert_eq!(call.again_after(&lost(false), SOON), Some(SOON));
    }

    #[test]
    fn retry_after_is_honoured_unless_it_is_long() {
        let call = Call::get(&["x"]);
        let wait = call.again_after(&refused(503, Some(2)), SOON);
        assert_eq!(wait, Some(Duration::from_secs(2)));
        assert_eq!(call.again_after(&refused(503, Some(0)), SOON), Some(SOON));
        assert_eq!(call.again_after(&refused(429, Some(600)), SOON), None);
    }

    #[test]
    fn what_is_not_repeatable_is_sent_again_only_if_it_had_no_effect() {
        let call = Call::delete(&["x"]).once();
        assert_eq!(call.again_after(&lost(false), SOON), None);
        assert_eq!(call.again_after(&lost(true), SOON), Some(SOON));
        assert_eq!(call.again_after(&refused(503, None), SOON), Some(SOON));
        assert_eq!(call.again_after(&refused(502, None), SOON), None);
    }
}
