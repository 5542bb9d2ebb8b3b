//! Idempotency keys: the answer to a request is stored in the transaction of its effect.

use crate::kernel::error::refusals;
use crate::kernel::id::{AgentId, DecisionId, MessageId};
use crate::kernel::store_error::StoreError;
use crate::kernel::stream::StreamId;

use crate::kernel::time::Timestamp;

/// Seconds that an answer is stored.
pub const KEPT_SECONDS: u32 = 24 * 60 * 60;

/// A stored answer. Answers about messages refer to the message or its event instead of copying the
/// content, so that deleted content is gone from here too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A body.
    Body(String),
    /// The payload of an event.
    Event(StreamId, u64),
    /// The current state of a message, for a request that changed nothing.
    Message(MessageId),
    /// The message of the request is held under this id, or was until an admin decided on it.
    Held(DecisionId),
    /// The released edit changed nothing: the current state of its message.
    Released(DecisionId, MessageId),
    /// An intercept refused the message of the request, for this reason.
    Blocked(DecisionId, String),
}

/// A request with its stored answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAnswer {
    /// The agent that used the key.
    pub agent: AgentId,
    /// The key.
    pub key: String,
    /// SHA-256 over method, path and body.
    pub fingerprint: [u8; 32],
    /// The answer.
    pub answer: Answer,
    /// The time of the answer.
    pub at: Timestamp,
}

/// The idempotency key of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The key.
    pub key: String,
    /// SHA-256 over method, path and body.
    pub fingerprint: [u8; 32],
}

/// A result of a use case whose answer can be stored under an idempotency key.
pub trait Repeatable {
    /// Returns the answer to store.
    fn answer(&self) -> Answer;
}

/// The result of a use case that runs at most once for an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Once<T> {
    /// It ran now.
    New(T),
    /// It ran for an earlier request with the same key, whose answer this is.
    Repeated(Answer),
}

/// Driven port: stores answers by idempotency key.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait IdempotencyRepository {
    /// Finds the answer stored for a key of the agent.
    ///
    /// # Errors
    /// Only when storage fails.
    fn find(&mut self, agent: AgentId, key: &str) -> Result<Option<StoredAnswer>, StoreError>;
    /// Stores an answer to a key that has none.
    ///
    /// # Errors
    /// When storage fails, and when the key has an answer.
    fn insert(&mut self, answered: &StoredAnswer) -> Result<(), StoreError>;
    /// Deletes the answer stored for a key of the agent, if any.
    ///
    /// # Errors
    /// Only when storage fails.
    fn delete(&mut self, agent: AgentId, key: &str) -> Result<(), StoreError>;
    /// Reads the first `limit` answers and deletes the ones older than `before`. Returns the number
    /// of deleted answers.
    ///
    /// # Errors
    /// Only when storage fails.
    fn purge(&mut self, before: Timestamp, limit: u32) -> Result<usize, StoreError>;
    /// Scans the `limit` answers after number `after`, and deletes the answers to the agent and the
    /// ones that contain its name. Returns the number of the last one scanned, or `None` if there
    /// are none after `after`.
    ///
    /// # Errors
    /// Only when storage fails.
    fn delete_about(
        &mut self,
        agent: AgentId,
        after: u64,
        limit: u32,
    ) -> Result<Option<u64>, StoreError>;
}

refusals! {
    /// Refusals of [`replay`].
    pub enum ReplayError {
        Reused = Unprocessable "IDEMPOTENCY_KEY_REUSED" "this key was used for another request",
        ..Store(StoreError),
    }
}

/// Returns the answer stored for this key within the last 24 hours, if any. Deletes an older one, so
/// that the caller can store its own answer.
///
/// # Errors
/// If the key belongs to another request.
pub fn replay(
    answers: &mut dyn IdempotencyRepository,
    agent: AgentId,
    now: Timestamp,
    key: &IdempotencyKey,
) -> Result<Option<Answer>, ReplayError> {
    match answers.find(agent, &key.key)? {
        Some(kept) if now >= kept.at.plus_seconds(KEPT_SECONDS) => {
            answers.delete(agent, &key.key)?;
            Ok(None)
        }
        Some(kept) if kept.fingerprint == key.fingerprint => Ok(Some(kept.answer)),
        Some(_) => Err(ReplayError::Reused),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{agent_id, at};

    fn key(fingerprint: u8) -> IdempotencyKey {
        IdempotencyKey {
            key: "k-12345678".into(),
            fingerprint: [fingerprint; 32],
        }
    }

    fn kept_at(micros: i64) -> MockIdempotencyRepository {
        let mut answers = MockIdempotencyRepository::default();
        answers.expect_find().returning(move |agent, key| {
            Ok(Some(StoredAnswer {
                agent,
                key: key.to_owned(),
                fingerprint: [1; 32],
                answer: Answer::Body("{}".into()),
                at: at(micros),
            }))
        });
        answers
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
        let mut answers = kept_at(0);
        let delete = answers.expect_delete().times(1);
        delete
            .withf(|agent, key| (*agent, key) == (agent_id(1), "k-12345678"))
            .returning(|_, _| Ok(()));
        let free = replay(&mut answers, agent_id(1), at(day), &key(2));
        assert_eq!(free.unwrap(), None);
    }
}
