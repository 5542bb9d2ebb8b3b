//! The port that removes the rows of a chat for good.

use crate::kernel::cleanup::Bound;
use crate::kernel::id::ChatId;
use crate::kernel::store_error::StoreError;

/// Driven port: deletes the rows of a chat for good.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait ChatRemoval {
    /// Returns a chat of the customer of this unit, deleted or not.
    ///
    /// # Errors
    /// Only when storage fails.
    fn any_chat(&mut self) -> Result<Option<ChatId>, StoreError>;

    /// Deletes up to `limit` memberships and as many former ones, with their read marks. Returns
    /// whether there may be more.
    ///
    /// # Errors
    /// Only when storage fails.
    fn drop_memberships(&mut self, chat: ChatId, limit: u32) -> Result<bool, StoreError>;

    /// Deletes the oldest messages of the chat up to `bound`, each with its earlier versions,
    /// reactions, mentions and entries of the search index. A message with many earlier versions or
    /// events MAY lose some of them before it goes itself. Returns whether there may be more.
    ///
    /// # Errors
    /// Only when storage fails.
    fn erase_messages(&mut self, chat: ChatId, bound: Bound) -> Result<bool, StoreError>;

    /// Deletes the chat itself and its [cleanups](crate::kernel::cleanup::Cleanup). Everything else of it
    /// MUST be gone.
    ///
    /// # Errors
    /// Only when storage fails.
    fn finish(&mut self, chat: ChatId) -> Result<(), StoreError>;
}
