//! Visitors: which pages may speak for them, and how they are known again.

use std::fmt::Write as _;

use actix_web::HttpRequest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use conversation_domain::account::list::find_account;
use conversation_domain::message::visit::{Visitor, find_visited};
use conversation_domain::model::account::Account;
use conversation_domain::model::address::{Address, AddressKind};
use conversation_domain::model::origin;
use talk_domain::kernel::context::{Actor, Permission};
use talk_domain::kernel::error::ErrorKind;
use talk_domain::kernel::id::{AccountId, AgentId, CustomerId};
use talk_domain::kernel::store::Unit;
use uuid::Uuid;

use crate::api_error::ApiError;
use crate::credentials::presented;
use crate::digest::digest;
use crate::origin::{Origin, Page};
use crate::shared::Shared;
use crate::status::Status;

/// Bytes of a visitor's token.
const BYTES: usize = 32;

/// Returns a new token.
pub(super) fn new_token(shared: &Shared) -> String {
    let random = &shared.api.random;
    let bytes = [random().to_be_bytes(), random().to_be_bytes()].concat();
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The address of the visitor with this token: a digest, from which the token cannot be found.
fn address(token: &str) -> Option<Address> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let is_whole = bytes.len() == BYTES;
    let mut target = String::new();
    for byte in digest(&[b"visitor", &bytes]) {
        // Writing to a string cannot fail.
        let _ = write!(target, "{byte:02x}");
    }
    is_whole.then_some(Address {
        kind: AddressKind::Webchat,
        target,
        target_name: String::new(),
    })
}

/// The id of a visitor in limits and for its streams: a digest of its address.
pub(in crate::endpoints) fn key_of(peer: &Address) -> Uuid {
    let half = digest(&[peer.target.as_bytes()]).first_chunk().copied();
    Uuid::from_bytes(half.unwrap_or_default())
}

/// A request to an account from a page that it admits.
pub(super) struct Client {
    pub(super) account: Account,
}

impl Client {
    /// Finds the account of a request, and checks the page that the request comes from.
    ///
    /// # Errors
    /// `ACCOUNT_NOT_FOUND`, or `ORIGIN_NOT_ALLOWED`.
    pub(super) async fn admit(
        shared: &Shared,
        request: &HttpRequest,
        id: AccountId,
    ) -> Result<Self, ApiError> {
        let unit = Unit::installation("find_account");
        let store = &shared.api.conversations;
        let found = store.read(unit, move |snapshot| find_account(snapshot, id));
        let account = found.await.map_err(ApiError::from)?;
        let origins = account.origins.iter().map(origin::Origin::as_str);
        let allowed: Vec<Origin> = origins.filter_map(|text| text.parse().ok()).collect();
        if Page::of(request.headers(), None, &allowed) == Page::Foreign {
            return Err(ApiError::new(
                Status::Domain(ErrorKind::PermissionDenied),
                "ORIGIN_NOT_ALLOWED",
                "the account does not admit web pages of this origin",
            ));
        }
        Ok(Self { account })
    }
}

/// A request of a visitor with a session.
pub(super) struct KnownVisitor {
    pub(super) customer: CustomerId,
    pub(super) visitor: Visitor,
    /// The visitor in limits: part of its address.
    pub(super) charged: Uuid,
}

impl KnownVisitor {
    /// Finds the account and the visitor of a request, and charges it to both.
    ///
    /// # Errors
    /// As [`Client::admit`], if the token is missing or malformed, and `RATE_LIMITED`.
    pub(super) async fn admit(
        shared: &Shared,
        request: &HttpRequest,
        id: AccountId,
    ) -> Result<Self, ApiError> {
        let token = presented(request)?;
        let peer = address(&token).ok_or_else(|| {
            let message = "the token is none of a visitor";
            ApiError::new(Status::UNAUTHENTICATED, "TOKEN_INVALID", message)
        })?;
        let client = Client::admit(shared, request, id).await?;
        let known = Self {
            customer: client.account.customer,
            charged: key_of(&peer),
            visitor: Visitor { account: id, peer },
        };
        let limiter = &shared.limiter;
        limiter.charge_actor(request, known.in_limits(), 1).await?;
        Ok(known)
    }

    /// Returns the visitor as limits know it. Its limits and those of the account are their own: visitors
    /// use up nothing of the customer's agents.
    pub(super) fn in_limits(&self) -> Actor {
        Actor {
            customer: CustomerId(self.visitor.account.0),
            agent: AgentId(self.charged),
            permission: Permission::Agent,
        }
    }

    /// Charges the first message of a visitor, which creates a room, to its address and its account.
    ///
    /// # Errors
    /// `RATE_LIMITED`.
    pub(super) async fn charge_first(
        &self,
        shared: &Shared,
        request: &HttpRequest,
    ) -> Result<(), ApiError> {
        let (unit, visitor) = (
            Unit::of(self.customer, "find_visited"),
            self.visitor.clone(),
        );
        let store = &shared.api.conversations;
        let known = store.read(unit, move |snapshot| find_visited(snapshot, &visitor));
        if known.await.map_err(ApiError::from)?.is_some() {
            return Ok(());
        }
        let account = self.visitor.account;
        shared.limiter.charge_new_visitor(request, account).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CONV-12: the database holds no token, and another token is another visitor.
    #[test]
    fn a_visitor_is_known_by_the_digest_of_its_token() {
        let token = |byte| URL_SAFE_NO_PAD.encode([byte; BYTES]);
        let of = |byte| address(&token(byte)).unwrap().target;
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        assert_eq!(of(1).len(), 64);
        assert!(!of(1).contains(&token(1)));
        let short = URL_SAFE_NO_PAD.encode([1; BYTES - 1]);
        for wrong in ["", "x", &*short, &format!("{}=", token(1))] {
            assert_eq!(address(wrong), None, "{wrong:?}");
        }
    }
}
