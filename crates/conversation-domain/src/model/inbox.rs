//! The inbox: which events of a method have become messages.

use talk_domain::kernel::id::{AccountId, ConversationMessageId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

/// Driven port: the events that accounts of the unit's customer have received.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait InboxRepository {
    /// Finds the message that an event of an account has become.
    ///
    /// # Errors
    /// Only when storage fails.
    fn find(
        &mut self,
        account: AccountId,
        event: &str,
    ) -> Result<Option<ConversationMessageId>, StoreError>;

    /// Stores that an event has become a message. MUST return `false`, and store nothing, if the
    /// account has received the event before.
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
