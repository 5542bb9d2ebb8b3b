//! Parts: sent messages by the ids that providers gave them, and how far each has got.

use talk_domain::kernel::id::{AccountId, ConversationMessageId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::model::message::{Delivery, Failure};

/// A part of a message, as the provider knows it. Most messages have one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The account.
    pub account: AccountId,
    /// Its id at the provider.
    pub provider_id: String,
    /// The message; `None` while a report waits for the answer that tells the id.
    pub message: Option<ConversationMessageId>,
    /// How far it has got.
    pub delivery: Delivery,
    /// Why it has failed.
    pub failure: Option<Failure>,
    /// Time of the first report or of the answer.
    pub created: Timestamp,
}

/// Driven port: the parts of messages of the unit's customer.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait PartRepository {
    /// Finds a part.
    ///
    /// # Errors
    /// Only when storage fails.
    fn find(&mut self, account: AccountId, provider_id: &str) -> Result<Option<Part>, StoreError>;

    /// Returns the parts of a message.
    ///
    /// # Errors
    /// Only when storage fails.
    fn of_message(&mut self, message: ConversationMessageId) -> Result<Vec<Part>, StoreError>;

    /// Stores a new part.
    ///
    /// # Errors
    /// Only when storage fails.
    fn insert(&mut self, part: &Part) -> Result<(), StoreError>;

    /// Stores message, delivery and failure of a part.
    ///
    /// # Errors
    /// When storage fails, and when the part is not there.
    fn update(&mut self, part: &Part) -> Result<(), StoreError>;

    /// Separates the parts of a message from it, before it is sent again: reports about them no longer
    /// change it.
    ///
    /// # Errors
    /// Only when storage fails.
    fn forget(&mut self, message: ConversationMessageId) -> Result<(), StoreError>;

    /// Deletes up to `limit` parts of all customers from before a time that belong to no message.
    /// Returns whether it deleted any. Only for units of the installation.
    ///
    /// # Errors
    /// Only when storage fails.
    fn expire(&mut self, before: Timestamp, limit: u32) -> Result<bool, StoreError>;
}
