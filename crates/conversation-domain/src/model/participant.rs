//! Participants: agents that take part in a conversation besides its owner.

use talk_domain::kernel::id::{AgentId, ConversationId, CustomerId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

/// The participation of an agent in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Participant {
    /// Customer.
    pub customer: CustomerId,
    /// Conversation.
    pub conversation: ConversationId,
    /// The agent.
    pub agent: AgentId,
    /// Time at which it was added.
    pub added: Timestamp,
}

/// Driven port: the participants of the conversations of the unit's customer.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait ParticipantRepository {
    /// Finds the participation of an agent.
    ///
    /// # Errors
    /// Only when storage fails.
    fn find(
        &mut self,
        conversation: ConversationId,
        agent: AgentId,
    ) -> Result<Option<Participant>, StoreError>;

    /// Lists the participants of a conversation, the oldest first.
    ///
    /// # Errors
    /// Only when storage fails.
    fn of(&mut self, conversation: ConversationId) -> Result<Vec<Participant>, StoreError>;

    /// Returns up to `limit` conversations in which this agent participates.
    ///
    /// # Errors
    /// Only when storage fails.
    fn of_agent(&mut self, agent: AgentId, limit: u32) -> Result<Vec<ConversationId>, StoreError>;

    /// Stores a new participant.
    ///
    /// # Errors
    /// Only when storage fails.
    fn insert(&mut self, participant: &Participant) -> Result<(), StoreError>;

    /// Removes a participant, with its read mark.
    ///
    /// # Errors
    /// When storage fails, and when it is not there.
    fn delete(&mut self, participant: &Participant) -> Result<(), StoreError>;
}

/// Driven port: reading the participants of one customer.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait ParticipantQueries {
    /// Finds the participation of an agent.
    ///
    /// # Errors
    /// Only when storage fails.
    fn find(
        &mut self,
        conversation: ConversationId,
        agent: AgentId,
    ) -> Result<Option<Participant>, StoreError>;

    /// Lists the participants of a conversation, the oldest first.
    ///
    /// # Errors
    /// Only when storage fails.
    fn of(&mut self, conversation: ConversationId) -> Result<Vec<Participant>, StoreError>;
}
