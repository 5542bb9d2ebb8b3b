//! Use case: store a verified request of a provider.

use talk_domain::kernel::store_error::StoreError;

use crate::model::receipt::Receipt;
use crate::unit::ConversationUnit;

/// Stores a receipt before it is answered. Returns `false`, and stores nothing, if the account has
/// received the same event before, or was deleted.
///
/// # Errors
/// Only when storage fails.
pub fn store_receipt(
    uow: &mut dyn ConversationUnit,
    receipt: &Receipt,
) -> Result<bool, StoreError> {
    if uow.accounts().get(receipt.account)?.is_none() {
        return Ok(false);
    }
    uow.receipts().insert(receipt)
}

/// Events between two texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    /// The first.
    pub from: String,
    /// The last.
    pub until: String,
}

/// Stores a receipt unless the account has received the same event, or one of those `before`, which it
/// repeats. Returns whether it is new.
///
/// # Errors
/// Only when storage fails.
pub fn store_unless_before(
    uow: &mut dyn ConversationUnit,
    receipt: &Receipt,
    before: Option<&Before>,
) -> Result<bool, StoreError> {
    if let Some(Before { from, until }) = before
        && uow.receipts().has_between(receipt.account, from, until)?
    {
        return Ok(false);
    }
    store_receipt(uow, receipt)
}
