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
