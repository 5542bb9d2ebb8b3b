//! Cleanups: the rest of a deletion that is too large for one transaction.
//!
//! A deletion is visible at once and complete, in one bounded unit of work. The rows it leaves
//! behind are removed or rewritten afterwards, in steps of bounded units, each of which can be
//! repeated. What is still to be done is stored with the deletion itself, so that a crash loses
//! none of it. Until it is done, no read shows anything of what was deleted. An erasure is the
//! exception: texts of an erased agent are read until the step that erases them.

use crate::kernel::id::{AgentId, ChatId, CustomerId, MessageId};
use crate::kernel::store::StoreError;

/// How much one unit of work removes or rewrites. Other writes wait meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Rows at most.
    pub rows: u32,
    /// No more rows once these have so many bytes of text.
    pub bytes: u64,
}

impl Bound {
    /// Some milliseconds of work: 64 short events, or 16 of 64 KiB.
    pub const STEP: Self = Self {
        rows: 64,
        bytes: 1_048_576,
    };

    /// The same of message texts, which are also taken out of the search index.
    pub const TEXTS: Self = Self {
        rows: 64,
        bytes: 32 * 1024,
    };
}

/// Memberships that one unit of work ends one by one, each with its events: some milliseconds.
pub const MEMBERSHIPS: u32 = 32;

/// What was deleted, and has left something behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// A message: its logged events and its earlier versions have the text.
    Message {
        /// The message.
        id: MessageId,
        /// Its chat.
        chat: ChatId,
    },
    /// A chat: it has memberships and read marks.
    Chat(ChatId),
    /// An agent: it has memberships.
    Agent {
        /// The agent.
        id: AgentId,
        /// Who deleted it, and so ends its memberships.
        by: AgentId,
    },
    /// An agent that is [erased](crate::identity::agent::erase): it has memberships and messages, and system
    /// messages have its name.
    Author(AgentId),
    /// The same agent: kept answers to requests have its name or were given to it.
    Answers(AgentId),
    /// A customer, with everything it has.
    Customer(CustomerId),
}

/// A deletion that is still to be cleaned up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cleanup {
    /// Identity; rising.
    pub id: u64,
    /// Whose rows they are.
    pub customer: CustomerId,
    /// What was deleted.
    pub deleted: Deleted,
    /// The number of the last row that was looked at, of a cleanup that looks through a table.
    pub position: u64,
}

/// Driven port: cleanups at rest.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait CleanupRepository {
    /// Stores that this deletion is still to be cleaned up, unless that is stored already.
    ///
    /// # Errors
    /// Only when storage fails.
    fn add(&mut self, deleted: Deleted) -> Result<(), StoreError>;

    /// Stores how far a cleanup has looked through its table.
    ///
    /// # Errors
    /// Only when storage fails.
    fn advance(&mut self, id: u64, position: u64) -> Result<(), StoreError>;

    /// Deletes a cleanup that is done.
    ///
    /// # Errors
    /// Only when storage fails.
    fn finish(&mut self, id: u64) -> Result<(), StoreError>;
}

/// Driven port: reading cleanups.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait CleanupQueries {
    /// The first cleanup after the one with this id, over all customers.
    ///
    /// # Errors
    /// Only when storage fails.
    fn after(&mut self, id: u64) -> Result<Option<Cleanup>, StoreError>;

    /// About how many rows are still to be looked at, removed or rewritten behind this deletion;
    /// `None` if it is cleaned up.
    ///
    /// # Errors
    /// Only when storage fails.
    fn left(&mut self, deleted: Deleted) -> Result<Option<u64>, StoreError>;
}
