//! Jobs: messages that are to be sent by another service.

use talk_domain::kernel::id::{
    AccountId, ConversationId, ConversationMessageId, CustomerId, RoomId,
};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

/// A message to be sent. Its row ends with the sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The message.
    pub message: ConversationMessageId,
    /// Its customer.
    pub customer: CustomerId,
    /// The account that sends it.
    pub account: AccountId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// Its room, in which messages are sent in the order of `seq`.
    pub room: RoomId,
    /// The place of the message.
    pub seq: u64,
    /// The tries so far.
    pub tries: u32,
    /// Whether a worker is sending it, until `due` at the latest.
    pub is_leased: bool,
    /// The time of the next try, or the end of the lease. `None` while it waits for an earlier message
    /// of its room.
    pub due: Option<Timestamp>,
    /// The time from which on it is tried.
    pub created: Timestamp,
}

/// An account with jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The customer.
    pub customer: CustomerId,
    /// The account.
    pub account: AccountId,
    /// The time of its next job.
    pub due: Timestamp,
}

/// Driven port: the jobs of the unit's customer.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait JobRepository {
    /// Finds a job.
    ///
    /// # Errors
    /// Only when storage fails.
    fn get(&mut self, message: ConversationMessageId) -> Result<Option<Job>, StoreError>;

    /// Returns the first job of a room.
    ///
    /// # Errors
    /// Only when storage fails.
    fn first(&mut self, room: RoomId) -> Result<Option<Job>, StoreError>;

    /// Stores a new job.
    ///
    /// # Errors
    /// Only when storage fails.
    fn insert(&mut self, job: &Job) -> Result<(), StoreError>;

    /// Stores tries, lease and due time of a job.
    ///
    /// # Errors
    /// When storage fails, and when the job is not there.
    fn update(&mut self, job: &Job) -> Result<(), StoreError>;

    /// Removes a job.
    ///
    /// # Errors
    /// When storage fails, and when the job is not there.
    fn delete(&mut self, message: ConversationMessageId) -> Result<(), StoreError>;
}

/// Driven port: reading jobs.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait JobQueries {
    /// Returns the accounts of all customers that have jobs. Only for reads of the installation.
    ///
    /// # Errors
    /// Only when storage fails.
    fn waiting(&mut self) -> Result<Vec<Waiting>, StoreError>;

    /// Returns up to `limit` jobs of an account that are due, the longest due first.
    ///
    /// # Errors
    /// Only when storage fails.
    fn due(
        &mut self,
        account: AccountId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Job>, StoreError>;
}
