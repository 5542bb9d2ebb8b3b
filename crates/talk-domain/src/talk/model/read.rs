//! Read state: the position up to which an agent has read a chat, and its unread messages. Counts
//! are computed from the messages for every answer, so they cannot drift.

use crate::kernel::id::{AgentId, ChatId, CustomerId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::store_error::StoreError;
use crate::kernel::stream::Tick;
use crate::kernel::time::Timestamp;

/// Number of a chat's latest messages that are counted; older unread messages are not.
pub const COUNTED: u32 = 1_000;

/// The position up to which an agent has read a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadMark {
    /// The customer.
    pub customer: CustomerId,
    /// The chat.
    pub chat: ChatId,
    /// The reader.
    pub agent: AgentId,
    /// The event of the last message it has read, with its time.
    pub place: Tick,
    /// Time when the mark was set.
    pub updated: Timestamp,
}

/// The read state of a participant; all zero for other agents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadState {
    /// The `seq` of the last message read.
    pub seq: u64,
    /// Later messages of others among the latest [`COUNTED`], without deleted and system messages.
    pub unread: u32,
    /// The number of unread messages that mention the agent.
    pub mentions: u32,
}

/// Driven port: stores read marks. A mark is deleted with its membership.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait ReadRepository {
    /// Stores a mark, replacing an earlier one.
    ///
    /// # Errors
    /// Only when storage fails.
    fn put(&mut self, mark: &ReadMark) -> Result<(), StoreError>;

    /// Returns the event of the chat's last message up to `seq`, if it is still in the log.
    ///
    /// # Errors
    /// Only when storage fails.
    fn last_message(&mut self, chat: ChatId, seq: u64) -> Result<Option<Tick>, StoreError>;
}

/// Driven port: reads marks and counts unread messages.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait ReadQueries {
    /// Returns the agent's mark in the chat.
    ///
    /// # Errors
    /// Only when storage fails.
    fn mark(&mut self, chat: ChatId, agent: AgentId) -> Result<Option<ReadMark>, StoreError>;

    /// Counts those of the latest [`COUNTED`] messages that come after `after` and are neither the
    /// agent's nor system messages nor deleted.
    ///
    /// # Errors
    /// Only when storage fails.
    fn unread(&mut self, chat: ChatId, agent: AgentId, after: Timestamp)
    -> Result<u32, StoreError>;

    /// Counts those of these messages that mention the agent.
    ///
    /// # Errors
    /// Only when storage fails.
    fn mentions(
        &mut self,
        chat: ChatId,
        agent: AgentId,
        after: Timestamp,
    ) -> Result<u32, StoreError>;

    /// Lists marks of a chat at `seq` or later, ordered by `(updated, agent)`.
    ///
    /// # Errors
    /// Only when storage fails.
    fn readers(
        &mut self,
        chat: ChatId,
        seq: u64,
        request: PageRequest,
    ) -> Result<Page<ReadMark>, StoreError>;
}
