//! Reactions: one per message, agent and emoji key.

use crate::kernel::id::{AgentId, MessageId};
use crate::kernel::store_error::StoreError;
use crate::kernel::time::Timestamp;
use crate::talk::model::emoji::Emoji;

/// An agent's emoji on a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// The emoji as sent, with its canonical key.
    pub emoji: Emoji,
    /// The agent who reacted.
    pub agent: AgentId,
    /// The time of the reaction.
    pub created: Timestamp,
}

/// Driven port: stores reactions. They are read with their message.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait ReactionRepository {
    /// Stores a reaction.
    ///
    /// # Errors
    /// Only when storage fails.
    fn insert(&mut self, message: MessageId, reaction: &Reaction) -> Result<(), StoreError>;
    /// Deletes the agent's reaction with the same emoji key.
    ///
    /// # Errors
    /// Only when storage fails.
    fn remove(&mut self, message: MessageId, reaction: &Reaction) -> Result<(), StoreError>;
    /// Deletes all reactions of a message.
    ///
    /// # Errors
    /// Only when storage fails.
    fn clear(&mut self, message: MessageId) -> Result<(), StoreError>;
}
