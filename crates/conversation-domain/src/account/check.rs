//! Use cases: ask the provider whether an account works, and record that it does.

use talk_domain::kernel::context::Context;
use talk_domain::kernel::id::AccountId;

use crate::access::check_admin;
use crate::account::list::ShowAccountError;
use crate::model::account::Account;
use crate::unit::ConversationUnit;

/// Returns an account whose provider is to be asked.
///
/// # Errors
/// See [`ShowAccountError`].
pub fn account_to_check(
    uow: &mut dyn ConversationUnit,
    cx: &Context,
    id: AccountId,
) -> Result<Account, ShowAccountError> {
    check_admin(cx)?;
    let found = uow.accounts().get(id)?;
    found.ok_or(ShowAccountError::NoSuchAccount)
}

/// Removes the problem of an account that works. `checked` is the account that the provider was asked
/// about; other secrets or settings are not judged by its answer.
///
/// # Errors
/// See [`ShowAccountError`].
pub fn clear_problem(
    uow: &mut dyn ConversationUnit,
    cx: &Context,
    checked: &Account,
) -> Result<(), ShowAccountError> {
    let account = account_to_check(uow, cx, checked.id)?;
    let is_same = (&account.secrets, &account.provider) == (&checked.secrets, &checked.provider);
    if is_same && account.problem.is_some() {
        uow.accounts().mark(account.id, None)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockUnit, a_problem, an_sms_account};
    use talk_domain::testing::{admin_context, agent_id, context};

    fn clear(cx: &Context, stored: &Account, marks: usize) -> Result<(), ShowAccountError> {
        let (mut uow, stored) = (MockUnit::default(), stored.clone());
        let get = uow.accounts.expect_get();
        get.returning(move |_| Ok(Some(stored.clone())));
        let mark = uow.accounts.expect_mark().times(marks);
        mark.withf(|_, problem| problem.is_none())
            .returning(|_, _| Ok(()));
        clear_problem(&mut uow, cx, &an_sms_account())
    }

    /// CONV-37.
    #[test]
    fn an_account_that_works_has_no_problem() {
        let admin = admin_context(agent_id(1));
        let marked = Account {
            problem: Some(a_problem()),
            ..an_sms_account()
        };
        clear(&admin, &marked, 1).unwrap();
        clear(&admin, &an_sms_account(), 0).unwrap();
        let mut moved = marked.clone();
        moved.secrets.token = Some(talk_domain::kernel::secret::Sealed(vec![9]));
        clear(&admin, &moved, 0).unwrap();
        assert!(clear(&context(agent_id(1)), &marked, 0).is_err());
    }
}
