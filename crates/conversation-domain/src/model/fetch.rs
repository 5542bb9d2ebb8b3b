//! Fetches: medias of incoming messages whose bytes are still at the provider.

use talk_domain::kernel::id::{
    AccountId, ConversationId, ConversationMessageId, CustomerId, FileId,
};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

/// A media to be fetched. Its row ends with the fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// The file that will have the bytes.
    pub file: FileId,
    /// Its customer.
    pub customer: CustomerId,
    /// The account that received the message.
    pub account: AccountId,
    /// The conversation.
    pub conversation: ConversationId,
    /// The message.
    pub message: ConversationMessageId,
    /// The address of the bytes.
    pub url: String,
    /// The tries so far.
    pub tries: u32,
    /// The time of the next try, or the end of the lease of the try under way.
    pub due: Timestamp,
    /// Time of arrival.
    pub created: Timestamp,
}

/// Driven port: the fetches of the unit's customer.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait FetchRepository {
    /// Finds a fetch.
    ///
    /// # Errors
    /// Only when storage fails.
    fn get(&mut self, file: FileId) -> Result<Option<Fetch>, StoreError>;

    /// Stores a new fetch.
    ///
    /// # Errors
    /// Only when storage fails.
    fn insert(&mut self, fetch: &Fetch) -> Result<(), StoreError>;

    /// Stores tries and due time of a fetch.
    ///
    /// # Errors
    /// When storage fails, and when the fetch is not there.
    fn update(&mut self, fetch: &Fetch) -> Result<(), StoreError>;

    /// Removes a fetch.
    ///
    /// # Errors
    /// When storage fails, and when the fetch is not there.
    fn delete(&mut self, file: FileId) -> Result<(), StoreError>;
}

/// Driven port: reading fetches.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait FetchQueries {
    /// Returns up to `limit` fetches of each customer that are due, the longest due first. Only for reads
    /// of the installation.
    ///
    /// # Errors
    /// Only when storage fails.
    fn due(&mut self, now: Timestamp, limit: u32) -> Result<Vec<Fetch>, StoreError>;
}
