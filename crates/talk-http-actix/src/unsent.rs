//! Bounds answers that clients have not read yet: bodies are passed to the connection in small
//! pieces, and their sum is limited.
//!
//! The framework copies each piece into the buffer of the connection, which never shrinks. A body
//! in one piece would therefore hold its whole length per connection, also long after the answer.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::HttpMessage as _;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use bytes::Bytes;
use talk_domain::kernel::context::Actor;
use talk_domain::kernel::error::ErrorKind;

use crate::api_error::ApiError;
use crate::quota::{Exhausted, Quota, Share, Shares};
use crate::status::Status;

/// Bytes of a piece. Shorter answers are passed on whole and are not counted, since they are copied
/// into the connection's buffer at once.
const PIECE: usize = 16 * 1024;

/// Bytes that a body in pieces has in memory at most, in its reader and in the connection's buffer.
const STREAM: usize = 128 * 1024;

/// `Retry-After` in seconds. A client that reads nothing is cut after twenty.
const RETRY_AFTER: u32 = 5;

/// Limits on bytes of answers that clients have not read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsentLimits {
    /// All clients together.
    pub total: usize,
    /// The agents of one customer together.
    pub per_customer: usize,
    /// One agent.
    pub per_agent: usize,
}

#[cfg(test)]
impl UnsentLimits {
    /// The limits of tests that are not about them.
    pub(crate) const OF_TESTS: Self = Self {
        total: 4_000_000,
        per_customer: 2_000_000,
        per_agent: 1_000_000,
    };
}

/// Counts the bytes of answers that clients have not read yet.
#[derive(Debug)]
pub(crate) struct Unsent(Quota);

impl Unsent {
    pub(crate) fn new(limits: UnsentLimits) -> Self {
        Self(Quota::new(Shares {
            server: limits.total,
            customer: limits.per_customer,
            agent: limits.per_agent,
        }))
    }

    /// Checks that `actor` may have more unread answers. Called before a request runs, so that no
    /// work is wasted.
    ///
    /// # Errors
    /// `BUSY`.
    pub(crate) fn check(&self, actor: Actor) -> Result<(), ApiError> {
        self.0.check(actor).map_err(|full| busy(&full))
    }

    /// Counts a body that is sent in pieces, of which only a few are in memory, until the client has
    /// read it or is gone. `actor` is charged for it.
    ///
    /// # Errors
    /// `BUSY`.
    pub(crate) fn stream(&self, actor: Actor) -> Result<Share, ApiError> {
        self.0.take(actor, STREAM).map_err(|full| busy(&full))
    }

    /// Returns the current number of bytes.
    pub(crate) fn total(&self) -> usize {
        self.0.total()
    }

    /// Counts the body of `response` until the client has read it or is gone. A read whose body
    /// exceeds the limit is answered `BUSY`. A change is answered in any case, since it is
    /// committed.
    pub(crate) fn count(&self, response: ServiceResponse, request_id: &str) -> ServiceResponse {
        let (request, response) = response.into_parts();
        let (response, body) = response.into_parts();
        let bytes = match body.try_into_bytes() {
            Ok(bytes) if bytes.len() > PIECE => bytes,
            Ok(bytes) => {
                return ServiceResponse::new(request, response.set_body(BoxBody::new(bytes)));
            }
            Err(body) => return ServiceResponse::new(request, response.set_body(body)),
        };
        let actor = request.extensions().get::<Actor>().copied();
        let is_read = request.method() == Method::GET;
        let share = match actor {
            Some(actor) if is_read => self.0.take(actor, bytes.len()).map(Some),
            Some(actor) => Ok(Some(self.0.take_beyond_limits(actor, bytes.len()))),
            // Clients without a login get only short answers and shared files.
            None => Ok(None),
        };
        let response = match share {
            Ok(share) => response.set_body(pieces(bytes, share)),
            Err(full) => busy(&full).response(request_id),
        };
        ServiceResponse::new(request, response)
    }
}

fn busy(full: &Exhausted) -> ApiError {
    let Exhausted { whose, limit } = *full;
    metrics::counter!("talk_unsent_refused_total", "limit" => whose).increment(1);
    let message = format!("answers of {limit} bytes wait for the {whose}'s clients to read them");
    ApiError::new(Status::Domain(ErrorKind::Unavailable), "BUSY", message).retry_after(RETRY_AFTER)
}

/// Creates a body of shared bytes, which need no memory of their own.
pub(crate) fn shared(bytes: Bytes) -> BoxBody {
    pieces(bytes, None)
}

fn pieces(rest: Bytes, share: Option<Share>) -> BoxBody {
    BoxBody::new(Pieces {
        rest,
        _share: share,
    })
}

/// A body in pieces. Its bytes are counted until the framework drops it: after the last piece, or
/// when the connection ends.
struct Pieces {
    rest: Bytes,
    _share: Option<Share>,
}

impl MessageBody for Pieces {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.rest.len() as u64)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        let length = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(length);
        Poll::Ready((length > 0).then_some(Ok(piece)))
    }
}

#[cfg(test)]
mod tests;
