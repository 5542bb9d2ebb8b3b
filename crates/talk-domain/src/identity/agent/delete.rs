//! Use case: delete an agent.

use crate::identity::agent::last_admin::{LastAdminError, check_administrator_left};
use crate::identity::agent::update::live;
use crate::identity::agent::{Agent, AgentStatus};
use crate::identity::unit::IdentityUnit;
use crate::kernel::context::Context;
use crate::kernel::error::refusals;
use crate::kernel::id::AgentId;
use crate::kernel::store_error::StoreError;

refusals! {
    /// Refusals of [`delete_agent`].
    pub enum DeleteAgentError {
        NotAnAdmin = PermissionDenied "PERMISSION_DENIED" "only admins and managers may do this",
        NoSuchAgent = NotFound "AGENT_NOT_FOUND" "there is no such agent",
        ..LastAdmin(LastAdminError),
        ..Store(StoreError),
    }
}

/// Deletes an agent and ends its tokens, keys and memberships. Its messages stay. Memberships
/// beyond [`MEMBERSHIPS`](crate::kernel::cleanup::MEMBERSHIPS) are ended later by a cleanup.
///
/// # Errors
/// See [`DeleteAgentError`].
pub fn delete_agent(
    uow: &mut dyn IdentityUnit,
    cx: &Context,
    id: AgentId,
) -> Result<Agent, DeleteAgentError> {
    if !cx.actor.permission.administers() {
        return Err(DeleteAgentError::NotAnAdmin);
    }
    let mut agent = live(uow, id)?.ok_or(DeleteAgentError::NoSuchAgent)?;
    let disabled = Agent {
        status: AgentStatus::Disabled,
        ..agent.clone()
    };
    check_administrator_left(uow, &agent, &disabled)?;
    uow.products().agent_deleted(cx, id)?;
    agent.updated = cx.now.max(agent.updated.next());
    agent.deleted = Some(agent.updated);
    agent.status = AgentStatus::Disabled;
    agent.token_generation += 1;
    uow.agents().update(&agent)?;
    uow.sessions().end(id, cx.now)?;
    uow.keys().end_all(id, agent.updated)?;
    Ok(agent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::context::Permission;
    use crate::testing::{
        MockUnitOfWork, Scene, a_chat, admin_context, agent_id, an_agent, context,
    };

    /// AUTH-08 and case 10: deleting an agent deletes its memberships.
    #[test]
    fn a_deleted_agent_loses_its_sessions_its_keys_and_what_products_have_of_it() {
        let mut uow = MockUnitOfWork::default();
        let get = uow.agents.expect_get();
        get.returning(|_| Ok(Some(an_agent(2))));
        let products = uow.products.expect_agent_deleted().times(1);
        products
            .withf(|cx, agent| (cx.actor.agent, *agent) == (agent_id(1), agent_id(2)))
            .returning(|_, _| Ok(()));
        uow.agents
            .expect_update()
            .withf(|agent| {
                agent.deleted.is_some() && agent.token_generation == 1 && !agent.is_active()
            })
            .times(1)
            .returning(|_| Ok(()));
        uow.sessions.expect_end().times(1).returning(|_, _| Ok(()));
        uow.keys.expect_end_all().times(1).returning(|_, _| Ok(()));
        let agent = delete_agent(&mut uow, &admin_context(agent_id(1)), agent_id(2)).unwrap();
        assert_eq!(agent.deleted, Some(agent.updated));
        // Case 80: a deleted agent is not shown as active.
        assert_eq!(agent.status, AgentStatus::Disabled);
    }

    /// AUTH-06.
    #[test]
    fn a_plain_agent_deletes_nobody_and_an_unknown_one_is_not_found() {
        let scene = Scene::new(a_chat());
        let plain = delete_agent(&mut scene.unit(), &context(agent_id(1)), agent_id(2));
        assert!(matches!(plain, Err(DeleteAgentError::NotAnAdmin)));
        let unknown = delete_agent(&mut scene.unit(), &admin_context(agent_id(1)), agent_id(99));
        assert!(matches!(unknown, Err(DeleteAgentError::NoSuchAgent)));
    }

    /// Case 56.
    #[test]
    fn the_last_administrator_is_not_deleted() {
        let admin = Agent {
            permission: Permission::Admin,
            ..an_agent(2)
        };
        let mut uow = MockUnitOfWork::default();
        let get = uow.agents.expect_get();
        get.returning(move |_| Ok(Some(admin.clone())));
        let other = uow.agents.expect_has_other_administrator();
        other.returning(|_| Ok(false));
        let refused = delete_agent(&mut uow, &admin_context(agent_id(2)), agent_id(2));
        assert!(matches!(refused, Err(DeleteAgentError::LastAdmin(_))));
    }
}
