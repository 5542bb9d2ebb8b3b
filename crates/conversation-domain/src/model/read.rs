//! Read state: the position up to which an agent has read a conversation, and the number of unread
//! messages. The number is computed from the messages for every answer, so that it is always right.

use talk_domain::kernel::id::{AgentId, ConversationId, CustomerId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

/// Maximum number of latest messages of a conversation that are counted. Older unread messages are
/// not counted.
pub const COUNTED: u32 = 1_000;

/// The position up to which an agent has read a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadMark {
    /// Customer.
    pub customer: CustomerId,
    /// Conversation.
    pub conversation: ConversationId,
    /// The reader.
    pub agent: AgentId,
    /// The `seq` of the last message that it has read.
    pub seq: u64,
    /// Time at which the mark was set.
    pub updated: Timestamp,
}

/// The read state of an agent; all zero if it does not take part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadState {
    /// The `seq` of the last message read.
    pub seq: u64,
    /// Number of later messages that the agent has not written, among the latest [`COUNTED`].
    pub unread: u32,
}

/// Driven port: stores read marks.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait ReadRepository {
    /// Stores a mark, replacing an earlier one.
    ///
    /// # Errors
    /// Only when storage fails.
    fn put(&mut self, mark: &ReadMark) -> Result<(), StoreError>;

    /// Returns the `seq` of the last message up to `seq`.
    ///
    /// # Errors
    /// Only when storage fails.
    fn last_message(
        &mut self,
        conversation: ConversationId,
        seq: u64,
    ) -> Result<Option<u64>, StoreError>;
}

/// Driven port: reads marks and counts unread messages.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait ReadQueries {
    /// Returns the `seq` of the last message that the agent has read.
    ///
    /// # Errors
    /// Only when storage fails.
    fn mark(
        &mut self,
        conversation: ConversationId,
        agent: AgentId,
    ) -> Result<Option<u64>, StoreError>;

    /// Counts those of the latest [`COUNTED`] messages that come after `seq`, are not deleted, and were not
    /// written by the agent.
    ///
    /// # Errors
    /// Only when storage fails.
    fn unread(
        &mut self,
        conversation: ConversationId,
        agent: AgentId,
        seq: u64,
    ) -> Result<u32, StoreError>;
}
