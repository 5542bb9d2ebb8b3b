//! Use case: delete an account.

use talk_domain::kernel::context::Context;
use talk_domain::kernel::id::AccountId;

use crate::access::check_admin;
use crate::account::update::UpdateAccountError;
use crate::model::account::Account;
use crate::unit::ConversationUnit;

/// Deletes an account. Its conversations stay, and nothing more can be sent in them.
///
/// # Errors
/// See [`UpdateAccountError`].
pub fn delete_account(
    uow: &mut dyn ConversationUnit,
    cx: &Context,
    id: AccountId,
) -> Result<Account, UpdateAccountError> {
    check_admin(cx)?;
    let found = uow.accounts().get(id)?;
    let account = found.ok_or(UpdateAccountError::NoSuchAccount)?;
    uow.accounts().delete(id)?;
    Ok(account)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockUnit, an_account};
    use talk_domain::testing::{admin_context, agent_id, context};

    /// CONV-11.
    #[test]
    fn an_admin_deletes_an_account_that_is_there() {
        let mut uow = MockUnit::default();
        uow.accounts
            .expect_get()
            .returning(|id| Ok((id == an_account().id).then(an_account)));
        let delete = uow.accounts.expect_delete().times(1);
        delete.returning(|_| Ok(()));
        let admin = admin_context(agent_id(1));
        let deleted = delete_account(&mut uow, &admin, an_account().id);
        assert_eq!(deleted.unwrap(), an_account());
        let refused = delete_account(&mut uow, &admin, crate::testing::account_id(9));
        assert!(matches!(refused, Err(UpdateAccountError::NoSuchAccount)));
        let refused = delete_account(&mut uow, &context(agent_id(1)), an_account().id);
        assert!(matches!(refused, Err(UpdateAccountError::NotAdmin(_))));
    }
}
