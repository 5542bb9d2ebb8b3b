//! Errors of requests and subscriptions.

use std::error::Error;

use talk_wire::error::{ErrorDetail, ErrorEnvelope};

/// Why a request or a subscription failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The server refused the request.
    #[error("{message} ({reason})")]
    Refused {
        /// The HTTP code.
        status: u16,
        /// The stable reason; `HTTP_<code>` when a proxy answered instead of the server.
        reason: String,
        /// For people.
        message: String,
        /// The inputs it is about.
        details: Vec<ErrorDetail>,
        /// The id of the request in the server's log.
        request_id: String,
    },
    /// The message is held: it is posted, or its edit is made, when an admin releases it. A retry with
    /// the same idempotency key does not hold it again.
    #[error("the message is held until an admin releases it ({id})")]
    Held {
        /// The id of the held message, for admins.
        id: String,
    },
    /// The server was not reached, or the connection broke before the end of the answer.
    #[error("the server was not reached: {0}")]
    Transport(#[source] Box<dyn Error + Send + Sync>),
    /// A local file could not be read or written.
    #[error("a local file failed: {0}")]
    Local(#[source] std::io::Error),
    /// The answer does not follow the protocol.
    #[error("the answer was not understood: {0}")]
    Protocol(String),
    /// The server closed the socket for good, for example with 4401 when the token has ended.
    #[error("the server closed the socket with {code}: {reason}")]
    Closed {
        /// The close code.
        code: u16,
        /// Why.
        reason: String,
    },
}

impl ClientError {
    /// The stable reason of a refusal.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Refused { reason, .. } => Some(reason),
            Self::Held { .. }
            | Self::Transport(_)
            | Self::Local(_)
            | Self::Protocol(_)
            | Self::Closed { .. } => None,
        }
    }

    /// Returns whether a retry may succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Transport(_) => true,
            Self::Refused { status, .. } => matches!(*status, 408 | 425 | 429) || *status >= 500,
            Self::Held { .. } | Self::Local(_) | Self::Protocol(_) | Self::Closed { .. } => false,
        }
    }

    pub(crate) fn transport(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Transport(error.into())
    }

    /// Parses the refusal in the body of an answer with this code.
    pub(crate) fn refused(status: u16, body: &[u8]) -> Self {
        let Ok(ErrorEnvelope { error }) = serde_json::from_slice(body) else {
            return Self::Refused {
                status,
                reason: format!("HTTP_{status}"),
                message: format!("the answer was {status} and not of Talk"),
                details: Vec::new(),
                request_id: String::new(),
            };
        };
        Self::Refused {
            status,
            reason: error.reason,
            message: error.message,
            details: error.details,
            request_id: error.request_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_read_from_its_envelope() {
        let body = br#"{"error":{"status":"INVALID_ARGUMENT","reason":"INVALID_ID",
            "message":"must be a UUID","request_id":"r-1","details":[{"field":"chat_id"}]}}"#;
        let ClientError::Refused {
            status,
            reason,
            details,
            request_id,
            ..
        } = ClientError::refused(400, body)
        else {
            panic!("not refused");
        };
        assert_eq!((status, &*reason, &*request_id), (400, "INVALID_ID", "r-1"));
        assert_eq!(details[0].field, "chat_id");
    }

    #[test]
    fn what_a_proxy_says_is_a_refusal_that_may_pass() {
        let refused = ClientError::refused(502, b"<html>");
        assert_eq!(refused.reason(), Some("HTTP_502"));
        assert!(refused.is_transient());
        assert!(!ClientError::refused(404, b"").is_transient());
    }
}
