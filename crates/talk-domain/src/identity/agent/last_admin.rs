//! The check that every customer keeps an active admin, shared by the use cases that demote,
//! disable or delete one.

use crate::identity::agent::Agent;
use crate::identity::unit::IdentityUnit;
use crate::kernel::error::refusals;
use crate::kernel::store_error::StoreError;

refusals! {
    /// Refusals of a change that would leave a customer without an active admin.
    pub enum LastAdminError {
        LastAdmin = FailedPrecondition "LAST_ADMIN"
            "the last active admin or manager of a customer cannot be demoted, disabled or deleted",
        ..Store(StoreError),
    }
}

/// Checks that the customer still has an active admin or manager after the change from `before` to
/// `after`.
///
/// # Errors
/// See [`LastAdminError`].
pub(crate) fn check_administrator_left(
    uow: &mut dyn IdentityUnit,
    before: &Agent,
    after: &Agent,
) -> Result<(), LastAdminError> {
    if !administers(before)
        || administers(after)
        || uow.agents().has_other_administrator(before.id)?
    {
        return Ok(());
    }
    Err(LastAdminError::LastAdmin)
}

fn administers(agent: &Agent) -> bool {
    agent.is_active() && agent.permission.administers()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::agent::AgentStatus;
    use crate::kernel::context::Permission;
    use crate::testing::{MockUnitOfWork, an_agent, at};

    fn check(before: &Agent, after: &Agent, has_other: bool) -> Result<(), LastAdminError> {
        let mut uow = MockUnitOfWork::default();
        let other = uow.agents.expect_has_other_administrator();
        other.returning(move |_| Ok(has_other));
        check_administrator_left(&mut uow, before, after)
    }

    /// Case 56.
    #[test]
    fn the_last_active_administrator_is_neither_demoted_nor_disabled_nor_deleted() {
        for permission in [Permission::Admin, Permission::Manager] {
            let admin = Agent {
                permission,
                ..an_agent(1)
            };
            let demoted = an_agent(1);
            let disabled = Agent {
                status: AgentStatus::Disabled,
                ..admin.clone()
            };
            let deleted = Agent {
                deleted: Some(at(1)),
                ..admin.clone()
            };
            for after in [demoted, disabled.clone(), deleted] {
                let refused = check(&admin, &after, false);
                assert!(matches!(refused, Err(LastAdminError::LastAdmin)));
                assert!(check(&admin, &after, true).is_ok());
            }
            assert!(check(&admin, &admin, false).is_ok());
            assert!(check(&disabled, &an_agent(1), false).is_ok());
        }
    }
}
