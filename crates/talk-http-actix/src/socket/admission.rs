//! The limits on sockets, and the web pages that may open one.

use actix_web::HttpRequest;
use talk_domain::kernel::context::Actor;
use talk_domain::kernel::error::ErrorKind;

use crate::api_error::ApiError;
use crate::origin::Page;
use crate::quota::{Exhausted, Quota, Share, Shares};
use crate::shared::Shared;
use crate::status::Status;

/// `Retry-After` in seconds.
const RETRY_AFTER: u32 = 5;

/// Limits on open sockets.
#[derive(Clone, Copy, Debug)]
pub struct SocketLimits {
    /// On this node.
    pub sockets: usize,
    /// Of one customer on this node.
    pub per_customer: usize,
    /// Of one agent on this node.
    pub per_agent: usize,
}

#[cfg(test)]
impl SocketLimits {
    /// The limits of tests that are not about them.
    pub(crate) const OF_TESTS: Self = Self {
        sockets: 20,
        per_customer: 20,
        per_agent: 20,
    };
}

/// Counts the open sockets of this node.
#[derive(Debug)]
pub(crate) struct Admissions(Quota);

impl Admissions {
    pub(crate) fn new(limits: &SocketLimits) -> Self {
        Self(Quota::new(Shares {
            server: limits.sockets,
            customer: limits.per_customer,
            agent: limits.per_agent,
        }))
    }

    /// Admits one more socket of `actor`. It counts until the share is dropped.
    ///
    /// # Errors
    /// `TOO_MANY_SOCKETS`.
    pub(crate) fn admit(&self, actor: Actor) -> Result<Share, ApiError> {
        self.0.take(actor, 1).map_err(|Exhausted { whose, limit }| {
            metrics::counter!("talk_sockets_refused_total", "limit" => whose).increment(1);
            let message = format!("the {whose} has {limit} sockets already");
            ApiError::too_many("TOO_MANY_SOCKETS", &message, RETRY_AFTER)
        })
    }

    /// Sockets open now.
    pub(crate) fn total(&self) -> usize {
        self.0.total()
    }
}

/// Refuses web pages of foreign origins: a browser opens a socket for any page (case 28).
pub(super) fn check_origin(request: &HttpRequest, shared: &Shared) -> Result<(), ApiError> {
    let scheme = shared.addresses.scheme(request);
    match Page::of(request.headers(), scheme, &shared.api.allowed_origins) {
        Page::None | Page::SameHost | Page::Allowed(_) => Ok(()),
        Page::Foreign => Err(ApiError::new(
            Status::Domain(ErrorKind::PermissionDenied),
            "ORIGIN_NOT_ALLOWED",
            "pages of this origin may not connect",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk_domain::testing::{actor, agent_id};

    /// WS-19.
    #[test]
    fn sockets_are_counted_per_agent_customer_and_node_and_given_back() {
        let admissions = Admissions::new(&SocketLimits {
            sockets: 20,
            per_customer: 3,
            per_agent: 2,
        });
        let admit = |n| admissions.admit(actor(agent_id(n)));
        let first = admit(1).unwrap();
        let _second = admit(1).unwrap();
        let refused = admit(1).unwrap_err();
        assert_eq!(refused.message(), "the agent has 2 sockets already");
        let _third = admit(2).unwrap();
        let refused = admit(3).unwrap_err();
        assert_eq!(refused.message(), "the customer has 3 sockets already");
        drop(first);
        assert_eq!(admissions.total(), 2);
        assert!(admit(1).is_ok());
    }
}
