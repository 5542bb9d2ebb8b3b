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
    // The provider has not judged other secrets or settings yet.
    let is_same = (&wanted.secrets, &wanted.provider) == (&account.secrets, &account.provider);
    let changed = Account {
        name: wanted.name,
        detail: wanted.detail,
        origins: wanted.origins,
        provider: wanted.provider,
        numbers: wanted.numbers,
        secrets: wanted.secrets,
        problem: account.problem.clone().filter(|_| is_same),
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
    use crate::model::account::AccountSecrets;
    use crate::model::provider::Provider;
    use crate::testing::{
        MockUnit, a_problem, a_twilio, a_wanted_account, an_account, an_sms_account,
    };
    use talk_domain::kernel::secret::Sealed;
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

    /// CONV-37.
    #[test]
    fn other_secrets_or_settings_have_no_problem_yet() {
        let wanted = |token: u8, provider: Provider| Wanted {
            name: "Other".into(),
            provider,
            numbers: an_sms_account().numbers,
            secrets: AccountSecrets {
                token: Some(Sealed(vec![token])),
                secret: None,
            },
            ..a_wanted_account()
        };
        let moved = Provider::Twilio {
            account_sid: "AC2".into(),
            base_url: String::new(),
        };
        for (wanted, keeps) in [
            (wanted(1, a_twilio()), true),
            (wanted(2, a_twilio()), false),
            (wanted(1, moved), false),
        ] {
            let mut uow = MockUnit::default();
            uow.accounts.expect_get().returning(|_| {
                Ok(Some(Account {
                    secrets: AccountSecrets {
                        token: Some(Sealed(vec![1])),
                        secret: None,
                    },
                    problem: Some(a_problem()),
                    ..an_sms_account()
                }))
            });
            uow.accounts.expect_update().returning(|_| Ok(()));
            let admin = admin_context(agent_id(1));
            let change = move |_: &Account| Ok(wanted.clone());
            let changed = update_account(&mut uow, &admin, an_account().id, &change).unwrap();
            assert_eq!(changed.problem.is_some(), keeps);
        }
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
