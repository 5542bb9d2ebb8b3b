//! Use case: list the requests that an account has received.

use talk_domain::kernel::context::Actor;
use talk_domain::kernel::id::AccountId;
use talk_domain::kernel::page::{Page, PageRequest};

use crate::account::list::{ShowAccountError, show_account};
use crate::model::receipt::{Receipt, ReceiptState};
use crate::unit::ConversationSnapshot;

/// Returns a page of the receipts of an account, without their bodies.
///
/// # Errors
/// See [`ShowAccountError`].
pub fn list_receipts(
    snapshot: &mut dyn ConversationSnapshot,
    actor: Actor,
    (account, state): (AccountId, Option<ReceiptState>),
    page: PageRequest,
) -> Result<Page<Receipt>, ShowAccountError> {
    let account = show_account(snapshot, actor, account)?;
    Ok(snapshot.receipts().page(account.id, state, page)?)
}
