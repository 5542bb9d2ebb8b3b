//! Answers that wait for their client to take them: handed to the connection in small pieces, and
//! bounded in their sum.
//!
//! The framework copies each piece into the buffer of its connection, which keeps the size it once
//! had. A body of one piece would therefore cost its whole length per connection, also for a client
//! that reads nothing, and long after the answer.

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

/// Bytes of a piece. Shorter answers are handed over whole and are not counted: they are in the
/// connection's buffer at once.
const PIECE: usize = 16 * 1024;

/// Seconds after which a client may try again. One that reads nothing is cut after twenty.
const RETRY_AFTER: u32 = 5;

/// How many bytes of answers may wait for their clients at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsentLimits {
    /// All clients together.
    pub total: usize,
    /// The agents of one customer together.
    pub per_customer: usize,
    /// One agent.
    pub per_agent: usize,
}

impl Default for UnsentLimits {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self {
            total: 256 * MIB,
            per_customer: 128 * MIB,
            per_agent: 32 * MIB,
        }
    }
}

/// Counts the bytes of answers that wait for their clients.
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

    /// Checks that `actor` may be given more answers. Called before a request is carried out, so
    /// that nothing is done in vain.
    ///
    /// # Errors
    /// `BUSY`.
    pub(crate) fn check(&self, actor: Actor) -> Result<(), ApiError> {
        self.0.check(actor).map_err(|full| busy(&full))
    }

    /// Bytes that wait now.
    pub(crate) fn total(&self) -> usize {
        self.0.total()
    }

    /// Counts the body of `response` until the client has taken it or is gone. A read whose body
    /// does not fit is answered `BUSY`. A change is answered in any case, because it is made.
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
            Some(actor) => Ok(Some(self.0.take_anyway(actor, bytes.len()))),
            // A client that has not logged in is given little besides shared files.
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

/// A body of bytes that many answers share, which cost nothing while they wait.
pub(crate) fn shared(bytes: Bytes) -> BoxBody {
    pieces(bytes, None)
}

fn pieces(rest: Bytes, share: Option<Share>) -> BoxBody {
    BoxBody::new(Pieces {
        rest,
        _share: share,
    })
}

/// A body that is handed over in pieces. Its bytes count as waiting until the framework drops it,
/// which it does when it has taken the last one or the connection ends.
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
