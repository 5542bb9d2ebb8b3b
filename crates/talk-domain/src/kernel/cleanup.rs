//! Cleanups: the rest of a deletion that is too large for one transaction.
//!
//! A deletion takes effect at once, in one bounded unit of work. The remaining rows are removed or
//! rewritten later, in bounded units that can be repeated. The remaining work is stored as a
//! cleanup in the transaction of the deletion, so that a crash loses none of it. Until it is done,
//! no read returns deleted data. Erasures are the exception: texts of an erased agent can be read
//! until the step that erases them.

use crate::kernel::id::{AgentId, ChatId, ConversationId, CustomerId, FileId, MessageId};
use crate::kernel::store_error::StoreError;

/// The amount of work in one unit of a cleanup. Other writes wait meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Maximum number of rows.
    pub rows: u32,
    /// A unit takes no further rows once its rows have this number of bytes of text.
    pub bytes: u64,
}

impl Bound {
    /// A bound for rows of the log and earlier versions: some milliseconds of work, with 64 short
    /// events or 16 of 64 KiB.
    pub const STEP: Self = Self {
        rows: 64,
        bytes: 1_048_576,
    };

    /// A bound for messages, whose texts are also removed from the search index.
    pub const TEXTS: Self = Self {
        rows: 64,
        bytes: 32_768,
    };
}

/// Memberships that one unit of work ends, each with its events: some milliseconds.
pub const MEMBERSHIPS: u32 = 32;

/// A deleted object, with rows left to clean up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// A message, whose logged events and earlier versions still hold the text.
    Message {
        /// The message.
        id: MessageId,
        /// Its chat.
        chat: ChatId,
    },
    /// A chat, with memberships and read marks left.
    Chat(ChatId),
    /// An agent, with memberships left.
    Agent {
        /// The agent.
        id: AgentId,
        /// The agent that deleted it, and is the actor of the events.
        by: AgentId,
    },
    /// An agent that is [erased](crate::identity::agent::erase): its memberships, messages and its
    /// name in system messages are left.
    Author(AgentId),
    /// An erased agent, with idempotent answers left that contain its name or were given to it.
    Answers(AgentId),
    /// A file, with messages left that carry it and are not marked yet.
    File {
        /// The file.
        id: FileId,
        /// The agent that deleted it, and is the actor of the events.
        by: AgentId,
    },
    /// A conversation with a person outside, with messages, participants, marks and events left.
    Conversation(ConversationId),
    /// A customer, with all its rows.
    Customer(CustomerId),
}

/// The stored remaining work of a deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cleanup {
    /// The customer of the rows.
    pub customer: CustomerId,
    /// The deleted object.
    pub deleted: Deleted,
    /// Progress of a cleanup that scans a table: a position that the scan has returned.
    pub position: u64,
}

/// Driven port: stores cleanups.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait CleanupRepository {
    /// Adds a cleanup for this deletion, unless there is one already.
    ///
    /// # Errors
    /// Only when storage fails.
    fn add(&mut self, deleted: Deleted) -> Result<(), StoreError>;

    /// Stores the progress of a cleanup that scans a table.
    ///
    /// # Errors
    /// Only when storage fails.
    fn advance(&mut self, deleted: Deleted, position: u64) -> Result<(), StoreError>;

    /// Deletes the cleanup of a deletion, which is done.
    ///
    /// # Errors
    /// Only when storage fails.
    fn finish(&mut self, deleted: Deleted) -> Result<(), StoreError>;
}

/// Driven port: reading cleanups.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait CleanupQueries {
    /// Returns the cleanup after that of the deletion `last`, over all customers, in an order of the
    /// store's own; `None` at its end. Without `last` it returns the first one.
    ///
    /// # Errors
    /// Only when storage fails.
    fn after(&mut self, last: Option<Deleted>) -> Result<Option<Cleanup>, StoreError>;

    /// Estimates the rows that are left to scan, remove or rewrite; `None` if there is no cleanup
    /// for this deletion.
    ///
    /// # Errors
    /// Only when storage fails.
    fn left(&mut self, deleted: Deleted) -> Result<Option<u64>, StoreError>;
}
