//! Use case: change an account.

use talk_domain::kernel::context::Context;
use talk_domain::kernel::error::{Invalid, refusals};
use talk_domain::kernel::id::AccountId;
use talk_domain::kernel::store_error::StoreError;

use crate::access::{NotAdmin, check_admin};
use crate::account::create::Wanted;
use crate::model::account::Account;
use crate::unit::ConversationUnit;

refusals! {
    /// Refusals of [`update_account`].
    pub enum UpdateAccountError {
        NoSuchAccount = NotFound "ACCOUNT_NOT_FOUND" "there is no such account",
        ..NotAdmin(NotAdmin),
        ..Invalid(Invalid),
        ..Store(StoreError),
    }
}

/// Replaces the settings of an account by those that `change` computes from the stored account.
/// Equal settings write nothing.
///
/// # Errors
/// See [`UpdateAccountError`].
pub fn update_account(
    uow: &mut dyn ConversationUnit,
    cx: &Context,
    id: AccountId,
    change: &dyn Fn(&Account) -> Result<Wanted, Invalid>,
) -> Result<Account, UpdateAccountError> {
    check_admin(cx)?;
    let found = uow.accounts().get(id)?;
    let account = found.ok_or(UpdateAccountError::NoSuchAccount)?;
    let wanted = change(&account)?;
    wanted.check(cx)?;
    let changed = Account {
        name: wanted.name,
        detail: wanted.detail,
        origins: wanted.origins,
        provider: wanted.provider,
        numbers: wanted.numbers,
        secrets: wanted.secrets,
        ..account.clone()
    };
    if changed == account {
        return Ok(account);
    }
    let changed = Account {
        updated: cx.now.max(account.updated.next()),
        ..changed
    };
    uow.accounts().update(&changed)?;
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockUnit, a_wanted_account, an_account};
    use talk_domain::testing::{admin_context, agent_id, at, context};

    fn update(cx: &Context, wanted: &Wanted, writes: usize) -> Result<Account, UpdateAccountError> {
        let mut uow = MockUnit::default();
        uow.accounts
            .expect_get()
            .returning(|id| Ok((id == an_account().id).then(an_account)));
        let update = uow.accounts.expect_update().times(writes);
        update.returning(|_| Ok(()));
        update_account(&mut uow, cx, an_account().id, &|_| Ok(wanted.clone()))
    }

    /// CONV-11.
    #[test]
    fn an_account_is_changed_and_the_same_settings_change_nothing() {
        let admin = admin_context(agent_id(1));
        let kept = update(&admin, &a_wanted_account(), 0).unwrap();
        assert_eq!(kept, an_account());
        let wanted = Wanted {
            name: "Sales".into(),
            ..a_wanted_account()
        };
        let changed = update(&admin, &wanted, 1).unwrap();
        assert_eq!((&*changed.name, changed.updated), ("Sales", at(1_000_000)));
        assert_eq!(changed.created, an_account().created);
    }

    /// CONV-11.
    #[test]
    fn an_agent_and_an_unknown_account_are_refused() {
        let refused = update(&context(agent_id(1)), &a_wanted_account(), 0);
        assert!(matches!(refused, Err(UpdateAccountError::NotAdmin(_))));
        let mut uow = MockUnit::default();
        uow.accounts.expect_get().returning(|_| Ok(None));
        let admin = admin_context(agent_id(1));
        let change = |_: &Account| Ok(a_wanted_account());
        let refused = update_account(&mut uow, &admin, an_account().id, &change);
        assert!(matches!(refused, Err(UpdateAccountError::NoSuchAccount)));
    }
}
