//! Use cases: read accounts.

use talk_domain::kernel::context::Actor;
use talk_domain::kernel::error::refusals;
use talk_domain::kernel::id::AccountId;
use talk_domain::kernel::page::{Page, PageRequest};
use talk_domain::kernel::store_error::StoreError;

use crate::access::NotAdmin;
use crate::model::account::Account;
use crate::unit::ConversationSnapshot;

refusals! {
    /// Refusals of [`show_account`], [`find_account`] and [`list_accounts`].
    pub enum ShowAccountError {
        NoSuchAccount = NotFound "ACCOUNT_NOT_FOUND" "there is no such account",
        ..NotAdmin(NotAdmin),
        ..Store(StoreError),
    }
}

fn check(actor: Actor) -> Result<(), NotAdmin> {
    if actor.permission.administers() {
        return Ok(());
    }
    Err(NotAdmin::Forbidden)
}

/// Returns an account.
///
/// # Errors
/// See [`ShowAccountError`].
pub fn show_account(
    snapshot: &mut dyn ConversationSnapshot,
    actor: Actor,
    id: AccountId,
) -> Result<Account, ShowAccountError> {
    check(actor)?;
    let found = snapshot.accounts().get(id)?;
    found.ok_or(ShowAccountError::NoSuchAccount)
}

/// Returns an account without checking customer or permission, for a request from outside, which
/// names only the account's id.
///
/// # Errors
/// See [`ShowAccountError`].
pub fn find_account(
    snapshot: &mut dyn ConversationSnapshot,
    id: AccountId,
) -> Result<Account, ShowAccountError> {
    let found = snapshot.accounts().find_anywhere(id)?;
    found.ok_or(ShowAccountError::NoSuchAccount)
}

/// Returns a page of the customer's accounts.
///
/// # Errors
/// See [`ShowAccountError`].
pub fn list_accounts(
    snapshot: &mut dyn ConversationSnapshot,
    actor: Actor,
    page: PageRequest,
) -> Result<Page<Account>, ShowAccountError> {
    check(actor)?;
    Ok(snapshot.accounts().page(page)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockSnapshot, an_account};
    use talk_domain::kernel::page::Order;
    use talk_domain::testing::{actor, admin_context, agent_id};

    const PAGE: PageRequest = PageRequest {
        size: 1,
        after: None,
        order: Order::Descending,
    };

    /// CONV-11.
    #[test]
    fn accounts_are_shown_to_admins_and_to_no_agent() {
        let mut snapshot = MockSnapshot::default();
        snapshot.accounts.expect_get().returning(|_| Ok(None));
        let (admin, agent) = (admin_context(agent_id(1)).actor, actor(agent_id(1)));
        let refused = show_account(&mut snapshot, admin, an_account().id);
        assert!(matches!(refused, Err(ShowAccountError::NoSuchAccount)));
        let refused = show_account(&mut snapshot, agent, an_account().id);
        assert!(matches!(refused, Err(ShowAccountError::NotAdmin(_))));
        let refused = list_accounts(&mut snapshot, agent, PAGE);
        assert!(matches!(refused, Err(ShowAccountError::NotAdmin(_))));
        snapshot.accounts.expect_page().returning(|_| {
            Ok(Page {
                rows: vec![an_account()],
                next: None,
            })
        });
        let listed = list_accounts(&mut snapshot, admin, PAGE).unwrap();
        assert_eq!(listed.rows, [an_account()]);
    }

    /// CONV-11: a request from outside finds the customer by the account.
    #[test]
    fn an_account_is_found_without_its_customer() {
        let mut snapshot = MockSnapshot::default();
        snapshot
            .accounts
            .expect_find_anywhere()
            .returning(|id| Ok((id == an_account().id).then(an_account)));
        let found = find_account(&mut snapshot, an_account().id).unwrap();
        assert_eq!(found, an_account());
        let refused = find_account(&mut snapshot, crate::testing::account_id(9));
        assert!(matches!(refused, Err(ShowAccountError::NoSuchAccount)));
    }
}
