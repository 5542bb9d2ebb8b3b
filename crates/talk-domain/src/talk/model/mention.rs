//! Mentions: agents of a chat that a message names by `@username`.
//!
//! Mentions are resolved and stored in the transaction that posts or edits the message, so that
//! unread mentions are counted without reading any text. A message mentions only agents who are
//! participants at that time.

mod code;
mod scan;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::kernel::cleanup::Bound;
use crate::kernel::id::{AgentId, ChatId, CustomerId, MessageId};
use crate::kernel::store_error::StoreError;
use crate::talk::model::message::Message;
pub use scan::{Names, names_in};

/// Maximum of mentions resolved per text; later ones are ignored.
pub const PLACES: usize = 50;

/// Maximum of usernames looked up per mention: in scripts without spaces a name may end after any
/// letter. The shortest candidates and the longest are looked up.
pub const NAMES_AT_A_PLACE: usize = 16;

/// Driven port: stores mentions, which are rows of their message and hold no text.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait MentionRepository {
    /// Returns the participants of the chat whose username has one of these [keys], each with its
    /// username. An agent without a key of its own, which is older than the rule that keys are
    /// unique, is found by its name without the case of ASCII letters.
    ///
    /// [keys]: crate::kernel::username_key::username_key
    ///
    /// # Errors
    /// Only when storage fails.
    fn participants_named(
        &mut self,
        chat: ChatId,
        keys: &BTreeSet<String>,
    ) -> Result<Vec<(String, AgentId)>, StoreError>;

    /// Stores that `message` mentions exactly these agents.
    ///
    /// # Errors
    /// Only when storage fails.
    fn replace(&mut self, message: &Message, agents: &BTreeSet<AgentId>) -> Result<(), StoreError>;

    /// Stores that the messages of a [backlog](MentionQueries::backlog) are resolved.
    ///
    /// # Errors
    /// Only when storage fails.
    fn settle(&mut self, backlog: &Backlog) -> Result<(), StoreError>;
}

/// Messages that were written before mentions were stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// The messages with an `@`, each with its customer.
    pub messages: Vec<(CustomerId, MessageId)>,
    /// The number of the oldest of them: once they are resolved, so are all that were written
    /// later.
    pub from: u64,
}

/// Driven port: reading mentions.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait MentionQueries {
    /// The latest messages, up to `bound`, that were written before mentions were stored and that
    /// are not [settled](MentionRepository::settle), over all customers; `None` when all are.
    ///
    /// # Errors
    /// Only when storage fails.
    fn backlog(&mut self, bound: Bound) -> Result<Option<Backlog>, StoreError>;
}
