//! Idempotency keys: the answer of a request is kept with its effect, in one transaction.

use crate::kernel::error::refusals;
use crate::kernel::id::{AgentId, ChatId, MessageId};
use crate::kernel::store::{StoreError, UnitOfWork};
use crate::kernel::time::Timestamp;

/// How long an answer is kept, in seconds.
pub const KEPT_SECONDS: u32 = 24 * 60 * 60;

/// What a request answered. Answers about messages point to where the content lives, so that a
/// deleted message is gone from here too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// This body.
    Body(String),
    /// The state carried by this event.
    Event(ChatId, u64),
    /// This message; nothing had changed.
    Message(MessageId),
}

/// A request that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Whose key.
    pub agent: AgentId,
    /// The key.
    pub key: String,
    /// SHA-256 over method, path and body.
    pub fingerprint: [u8; 32],
    /// What was answered.
    pub answer: Answer,
    /// When.
    pub at: Timestamp,
}

/// A request's key, as data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The key.
    pub key: String,
    /// SHA-256 over method, path and body.
    pub fingerprint: [u8; 32],
}

/// Driven port: answered requests, of the unit's agent.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait IdempotencyRepository {
    /// What the agent's key answered.
    ///
    /// # Errors
    /// Only when storage fails.
    fn find(&mut self, agent: AgentId, key: &str) -> Result<Option<Answered>, StoreError>;
    /// Keeps an answer, in place of an earlier one of the same key.
    ///
    /// # Errors
    /// Only when storage fails.
    fn put(&mut self, answered: &Answered) -> Result<(), StoreError>;
    /// Forgets those of the first `limit` answers that are older than `before`; how many.
    ///
    /// # Errors
    /// Only when storage fails.
    fn purge(&mut self, before: Timestamp, limit: u32) -> Result<usize, StoreError>;
    /// Looks through the `limit` answers after the one with the number `after`, and forgets those
    /// that were given to the agent or show it. Returns the number of the last one that was looked
    /// at, or `None` if there are none after `after`.
    ///
    /// # Errors
    /// Only when storage fails.
    fn forget_about(
        &mut self,
        agent: AgentId,
        after: u64,
        limit: u32,
    ) -> Result<Option<u64>, StoreError>;
}

refusals! {
    /// Why a request with a key is not carried out.
    pub enum ReplayError {
        Reused = Unprocessable "IDEMPOTENCY_KEY_REUSED" "this key was used for another request",
        ..Store(StoreError),
    }
}

/// The answer this key was given within the last 24 hours, if any.
///
/// # Errors
/// If the key belongs to another request.
pub fn replay(
    uow: &mut dyn UnitOfWork,
    agent: AgentId,
    now: Timestamp,
    key: &IdempotencyKey,
) -> Result<Option<Answer>, ReplayError> {
    let kept = uow.idempotency().find(agent, &key.key)?;
    match kept.filter(|kept| now < kept.at.plus_seconds(KEPT_SECONDS)) {
        Some(kept) if kept.fingerprint == key.fingerprint => Ok(Some(kept.answer)),
        Some(_) => Err(ReplayError::Reused),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockUnitOfWork, agent_id, at};

    fn key(fingerprint: u8) -> IdempotencyKey {
        IdempotencyKey {
            key: "k-12345678".into(),
            fingerprint: [fingerprint; 32],
        }
    }

    fn kept_at(micros: i64) -> MockUnitOfWork {
        let mut uow = MockUnitOfWork::default();
        uow.idempotency.expect_find().returning(move |agent, key| {
            Ok(Some(Answered {
                agent,
                key: key.to_owned(),
                fingerprint: [1; 32],
                answer: Answer::Body("{}".into()),
                at: at(micros),
            }))
        });
        uow
    }

    #[test]
    fn the_same_request_gets_its_answer_again() {
        let answer = replay(&mut kept_at(0), agent_id(1), at(5), &key(1)).unwrap();
        assert_eq!(answer, Some(Answer::Body("{}".into())));
    }

    #[test]
    fn another_request_with_the_key_is_refused() {
        let refused = replay(&mut kept_at(0), agent_id(1), at(5), &key(2)).unwrap_err();
        assert!(matches!(refused, ReplayError::Reused));
    }

    #[test]
    fn after_24_hours_the_key_is_free() {
        let day = 86_400_000_000;
        let refused = replay(&mut kept_at(0), agent_id(1), at(day - 1), &key(2));
        assert!(matches!(refused, Err(ReplayError::Reused)));
        let free = replay(&mut kept_at(0), agent_id(1), at(day), &key(2));
        assert_eq!(free.unwrap(), None);
    }
}
