//! Held messages: posts and edits that wait for the decision of an admin.

use crate::kernel::id::{AgentId, ChatId, CustomerId, DecisionId, MessageId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::store_error::StoreError;
use crate::kernel::time::Timestamp;
use crate::talk::model::media::Media;

/// A post or an edit that is held. It is not in the chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldMessage {
    /// Identity: that of the decision to hold it.
    pub id: DecisionId,
    /// Its customer.
    pub customer: CustomerId,
    /// The author.
    pub author: AgentId,
    /// The chat.
    pub chat: ChatId,
    /// The content.
    pub content: HeldContent,
    /// The reason that the intercept gave, or why it gave no valid answer.
    pub reason: String,
    /// The time since when it is held.
    pub created: Timestamp,
}

/// The content of a held message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeldContent {
    /// A new message.
    Post {
        /// The message that it answers.
        parent: Option<MessageId>,
        /// Text.
        text: String,
        /// Attachments.
        medias: Vec<Media>,
    },
    /// A change of a message; `None` keeps a field.
    Edit {
        /// The message.
        message: MessageId,
        /// The new text.
        text: Option<String>,
        /// The new attachments.
        medias: Option<Vec<Media>>,
    },
}

/// Driven port: held messages of the unit's customer at rest.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait HeldRepository {
    /// Finds a held message.
    ///
    /// # Errors
    /// Only when storage fails.
    fn get(&mut self, id: DecisionId) -> Result<Option<HeldMessage>, StoreError>;

    /// Stores a held message.
    ///
    /// # Errors
    /// Only when storage fails.
    fn insert(&mut self, held: &HeldMessage) -> Result<(), StoreError>;

    /// Deletes a held message.
    ///
    /// # Errors
    /// Only when storage fails.
    fn remove(&mut self, id: DecisionId) -> Result<(), StoreError>;

    /// Returns the number of held messages of an author, and of the customer.
    ///
    /// # Errors
    /// Only when storage fails.
    fn count(&mut self, author: AgentId) -> Result<(usize, usize), StoreError>;

    /// Deletes the held messages of an author.
    ///
    /// # Errors
    /// Only when storage fails.
    fn remove_of(&mut self, author: AgentId) -> Result<(), StoreError>;

    /// Deletes the held messages of a chat.
    ///
    /// # Errors
    /// Only when storage fails.
    fn remove_in(&mut self, chat: ChatId) -> Result<(), StoreError>;

    /// Deletes up to `limit` messages of any customer that are held since before a time. Returns
    /// whether it deleted any. Only for
    /// [units of the installation](crate::kernel::store::Unit::installation).
    ///
    /// # Errors
    /// Only when storage fails.
    fn expire(&mut self, before: Timestamp, limit: u32) -> Result<bool, StoreError>;

    /// Deletes up to `limit` held messages of the customer, which is deleted. Returns whether it
    /// deleted any.
    ///
    /// # Errors
    /// Only when storage fails.
    fn remove_all(&mut self, limit: u32) -> Result<bool, StoreError>;
}

/// Driven port: reading held messages.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait HeldQueries {
    /// A page of the held messages of the customer, by `(created, id)`.
    ///
    /// # Errors
    /// Only when storage fails.
    fn page(&mut self, request: PageRequest) -> Result<Page<HeldMessage>, StoreError>;
}
