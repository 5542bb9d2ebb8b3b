//! Decisions of intercepts: one for each message, with its reason but without the text of the
//! message.

use uuid::Uuid;

use crate::hooks::intercept::Point;
use crate::kernel::id::{AgentId, CustomerId, DecisionId};
use crate::kernel::idempotency::{IdempotencyKey, KEPT_SECONDS};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::store_error::StoreError;
use crate::kernel::time::Timestamp;

/// Maximum number of characters of a reason.
pub const REASON: usize = 500;

/// The state of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The intercept is being called, or the server ended during the call.
    Pending,
    /// The message was stored as it was sent.
    Allow,
    /// The message was stored with changes.
    Modify,
    /// The message was refused.
    Block,
    /// The message is held; or it was dropped because its chat or author was deleted or its time
    /// expired.
    Hold,
    /// The message was held, and an admin released it.
    Release,
    /// The message was held, and an admin dropped it.
    Drop,
    /// The intercept gave no valid answer, and the message was refused. The next request with the same
    /// key calls the intercept again.
    Reject,
}

impl Verdict {
    const ALL: [Self; 8] = [
        Self::Pending,
        Self::Allow,
        Self::Modify,
        Self::Block,
        Self::Hold,
        Self::Release,
        Self::Drop,
        Self::Reject,
    ];

    /// Its name in answers and at rest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Allow => "allow",
            Self::Modify => "modify",
            Self::Block => "block",
            Self::Hold => "hold",
            Self::Release => "release",
            Self::Drop => "drop",
            Self::Reject => "reject",
        }
    }

    /// The state with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// Returns whether the message was held. Repetitions of the request get the id of the held message,
    /// whatever an admin decided since.
    #[must_use]
    pub const fn was_held(self) -> bool {
        matches!(self, Self::Hold | Self::Release | Self::Drop)
    }

    /// Returns whether a repetition of the request calls the intercept.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Reject)
    }
}

/// A decision on one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Identity, also in the request to the intercept; the same on every repetition.
    pub id: DecisionId,
    /// Customer of the intercept.
    pub customer: CustomerId,
    /// The point.
    pub point: Point,
    /// The sender.
    pub actor: AgentId,
    /// The stream of the message.
    pub stream: Uuid,
    /// The idempotency key of the request, if it had one.
    pub key: Option<IdempotencyKey>,
    /// The state.
    pub verdict: Verdict,
    /// The reason that the intercept gave, or why it gave no valid answer.
    pub reason: String,
    /// Digest of the message as it was sent.
    pub digest_before: String,
    /// Digest of the message as it was stored; empty if it was not.
    pub digest_after: String,
    /// Milliseconds until the answer.
    pub latency_ms: u32,
    /// The admin that released or dropped the held message.
    pub decided_by: Option<AgentId>,
    /// Time of creation.
    pub created: Timestamp,
}

impl Decision {
    /// Returns whether the decision is so old that another request may use its idempotency key.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.created.plus_seconds(KEPT_SECONDS)
    }

    /// Returns the reason of a decision that blocks a message because the changes of the intercept
    /// break a rule.
    #[must_use]
    pub fn broken(rule: &str) -> String {
        reason(&format!("the changed message is not allowed: {rule}"))
    }
}

/// Cuts a reason to its [maximum](REASON) and replaces U+0000, which databases refuse.
#[must_use]
pub fn reason(text: &str) -> String {
    let kept = text.chars().take(REASON);
    kept.map(|c| if c == '\0' { '\u{fffd}' } else { c })
        .collect()
}

/// Driven port: stores the decisions of the unit's customer.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait DecisionRepository {
    /// Finds a decision.
    ///
    /// # Errors
    /// Only when storage fails.
    fn get(&mut self, id: DecisionId) -> Result<Option<Decision>, StoreError>;

    /// Finds the decision on the request that the agent sent with an idempotency key.
    ///
    /// # Errors
    /// Only when storage fails.
    fn find(&mut self, actor: AgentId, key: &str) -> Result<Option<Decision>, StoreError>;

    /// Stores a decision.
    ///
    /// # Errors
    /// When storage fails, or the key of the agent has a decision.
    fn insert(&mut self, decision: &Decision) -> Result<(), StoreError>;

    /// Stores a changed decision.
    ///
    /// # Errors
    /// When storage fails, or the decision is not there.
    fn update(&mut self, decision: &Decision) -> Result<(), StoreError>;

    /// Deletes up to `limit` decisions of any customer from before a time. Returns whether it deleted
    /// any. Only for [units of the installation](crate::kernel::store::Unit::installation).
    ///
    /// # Errors
    /// Only when storage fails.
    fn expire(&mut self, before: Timestamp, limit: u32) -> Result<bool, StoreError>;

    /// Deletes up to `limit` decisions and the intercepts of the customer, which is deleted. Returns
    /// whether it deleted any.
    ///
    /// # Errors
    /// Only when storage fails.
    fn remove_all(&mut self, limit: u32) -> Result<bool, StoreError>;
}

/// Driven port: reading decisions.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait DecisionQueries {
    /// Lists the decisions at a point that are not pending, ordered by `(created, id)`.
    ///
    /// # Errors
    /// Only when storage fails.
    fn page(&mut self, point: Point, request: PageRequest) -> Result<Page<Decision>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_parsed_back() {
        for verdict in Verdict::ALL {
            assert_eq!(Verdict::parse(verdict.as_str()), Some(verdict));
        }
        assert_eq!(Verdict::parse(""), None);
        let open = Verdict::ALL.map(Verdict::is_open);
        assert_eq!(open, [true, false, false, false, false, false, false, true]);
        let held = Verdict::ALL.map(Verdict::was_held);
        assert_eq!(held, [false, false, false, false, true, true, true, false]);
    }

    #[test]
    fn a_reason_is_short_and_can_be_stored() {
        assert_eq!(reason("a\0b"), "a\u{fffd}b");
        assert_eq!(reason(&"ä".repeat(REASON + 1)), "ä".repeat(REASON));
    }
}
