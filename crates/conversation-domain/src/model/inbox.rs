//! The inbox: the ids of the events that accounts have received from outside, each with the message
//! that it became. It recognises repetitions.

use talk_domain::kernel::id::{AccountId, ConversationMessageId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

/// Driven port: the ids of events that the accounts of the unit's customer have received from
/// outside.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait InboxRepository {
    /// Finds the message that was stored for an event id of an account.
    ///
    /// # Errors
    /// Only when storage fails.
    fn find(
        &mut self,
        account: AccountId,
        event: &str,
    ) -> Result<Option<ConversationMessageId>, StoreError>;

    /// Stores an event id with its message. MUST return `false`, and store nothing, if the account
    /// has received this id before.
    ///
    /// # Errors
    /// Only when storage fails.
    fn insert(
        &mut self,
        account: AccountId,
        event: &str,
        message: ConversationMessageId,
        at: Timestamp,
    ) -> Result<bool, StoreError>;
}
