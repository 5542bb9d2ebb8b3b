//! Use case of the operator: erase an agent.

use crate::identity::unit::IdentityUnit;
use uuid::Uuid;

use crate::identity::agent::last_admin::{LastAdminError, check_administrator_left};
use crate::identity::agent::{Agent, AgentStatus};
use crate::kernel::cleanup::Deleted;
use crate::kernel::error::refusals;
use crate::kernel::id::AgentId;
use crate::kernel::store_error::StoreError;
use crate::kernel::time::Timestamp;

/// The display name of every erased agent.
pub const ERASED_NAME: &str = "Erased agent";

/// The command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EraseAgent {
    /// Finds an agent, deleted or not.
    pub agent: AgentId,
    /// Random id that its new username ends with, so that the username is unique and cannot be
    /// guessed.
    pub alias: Uuid,
    /// Whether the last active admin of a customer may be erased.
    pub even_last_admin: bool,
}

refusals! {
    /// Refusals of [`erase_agent`].
    pub enum EraseAgentError {
        NoSuchAgent = NotFound "AGENT_NOT_FOUND" "there is no such agent",
        ..LastAdmin(LastAdminError),
        ..Store(StoreError),
    }
}

/// Deletes an agent, also one that is deleted already, and replaces its username, name, detail and
/// password. Its sessions end. A [cleanup](crate::kernel::cleanup) later removes its access keys,
/// memberships, messages and stored idempotent answers, and its name in system messages. Its
/// reactions stay, since they hold only an emoji and an id. Running it twice is harmless.
///
/// # Errors
/// See [`EraseAgentError`].
pub fn erase_agent(
    uow: &mut dyn IdentityUnit,
    command: &EraseAgent,
    now: Timestamp,
) -> Result<Agent, EraseAgentError> {
    let id = command.agent;
    let agent = uow.agents().get(id)?.ok_or(EraseAgentError::NoSuchAgent)?;
    let updated = now.max(agent.updated.next());
    let erased = Agent {
        username: format!("erased-{}", command.alias),
        name: ERASED_NAME.to_owned(),
        detail: String::new(),
        status: AgentStatus::Disabled,
        token_generation: agent.token_generation + 1,
        updated,
        deleted: Some(agent.deleted.unwrap_or(updated)),
        ..agent.clone()
    };
    if !command.even_last_admin {
        check_administrator_left(uow, &agent, &erased)?;
    }
    uow.agents().replace(&erased)?;
    uow.sessions().end(id, now)?;
    uow.keys().end_all(id, updated)?;
    uow.products().agent_erased(id)?;
    uow.cleanups().add(Deleted::Answers(id))?;
    Ok(erased)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::context::Permission;
    use crate::testing::{MockUnitOfWork, Scene, a_chat, agent_id, an_agent, at};

    fn command() -> EraseAgent {
        EraseAgent {
            agent: agent_id(2),
            alias: Uuid::from_u128(7),
            even_last_admin: false,
        }
    }

    fn unit(agent: Agent) -> MockUnitOfWork {
        let mut uow = MockUnitOfWork::default();
        let get = uow.agents.expect_get();
        get.returning(move |id| Ok(Some(agent.clone()).filter(|agent| agent.id == id)));
        uow
    }

    fn erases(uow: &mut MockUnitOfWork) {
        uow.agents.expect_replace().times(1).returning(|_| Ok(()));
        uow.sessions.expect_end().times(1).returning(|_, _| Ok(()));
        uow.keys.expect_end_all().times(1).returning(|_, _| Ok(()));
        let products = uow.products.expect_agent_erased().times(1);
        products
            .withf(|agent| *agent == agent_id(2))
            .returning(|_| Ok(()));
        let add = uow.cleanups.expect_add().times(1);
        add.withf(|added| *added == Deleted::Answers(agent_id(2)))
            .returning(|_| Ok(()));
    }

    /// RUN-19.
    #[test]
    fn nothing_personal_of_an_erased_agent_is_kept() {
        let mut uow = unit(Agent {
            detail: "born 1980".into(),
            ..an_agent(2)
        });
        erases(&mut uow);
        let erased = erase_agent(&mut uow, &command(), at(9)).unwrap();
        let expected = Agent {
            username: format!("erased-{}", Uuid::from_u128(7)),
            name: ERASED_NAME.into(),
            detail: String::new(),
            status: AgentStatus::Disabled,
            token_generation: 1,
            updated: at(9),
            deleted: Some(at(9)),
            ..an_agent(2)
        };
        assert_eq!(erased, expected);
    }

    /// RUN-19: also long after the deletion, and again after a crash.
    #[test]
    fn a_deleted_agent_is_erased_too_and_keeps_the_time_of_its_deletion() {
        let mut uow = unit(Agent {
            status: AgentStatus::Disabled,
            permission: Permission::Admin,
            deleted: Some(at(3)),
            ..an_agent(2)
        });
        erases(&mut uow);
        let erased = erase_agent(&mut uow, &command(), at(9)).unwrap();
        assert_eq!(erased.deleted, Some(at(3)));
    }

    /// Case 56.
    #[test]
    fn the_last_administrator_is_erased_only_when_that_is_meant() {
        let admin = Agent {
            permission: Permission::Admin,
            ..an_agent(2)
        };
        let mut uow = unit(admin.clone());
        let others = uow.agents.expect_has_other_administrator();
        others.returning(|_| Ok(false));
        let refused = erase_agent(&mut uow, &command(), at(9));
        assert!(matches!(refused, Err(EraseAgentError::LastAdmin(_))));
        let mut uow = unit(admin);
        erases(&mut uow);
        let command = EraseAgent {
            even_last_admin: true,
            ..command()
        };
        erase_agent(&mut uow, &command, at(9)).unwrap();
    }

    /// RUN-19.
    #[test]
    fn an_unknown_agent_is_not_erased() {
        let refused = erase_agent(
            &mut Scene::new(a_chat()).unit(),
            &EraseAgent {
                agent: agent_id(99),
                ..command()
            },
            at(9),
        );
        assert!(matches!(refused, Err(EraseAgentError::NoSuchAgent)));
    }
}
