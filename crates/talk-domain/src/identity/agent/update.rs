//! Use case: change an agent.

use crate::identity::agent::last_admin::{LastAdminError, check_administrator_left};
use crate::identity::agent::{Agent, AgentStatus, without_format_characters};
use crate::identity::unit::IdentityUnit;
use crate::kernel::context::{Actor, Permission};
use crate::kernel::error::{Invalid, refusals};
use crate::kernel::id::AgentId;
use crate::kernel::limits::Limits;
use crate::kernel::store_error::StoreError;
use crate::kernel::text::check_text;
use crate::kernel::time::Timestamp;

/// The command; `None` keeps a field unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateAgent {
    /// The agent.
    pub agent: AgentId,
    /// The new name.
    pub name: Option<String>,
    /// The new detail.
    pub detail: Option<String>,
    /// The new permission.
    pub permission: Option<Permission>,
    /// The new status; disabling ends tokens, keys and sockets.
    pub status: Option<AgentStatus>,
    /// Whether the customer may be left without an active admin; only operators may do so.
    pub even_last_admin: bool,
}

refusals! {
    /// Refusals of [`update_agent`].
    pub enum UpdateAgentError {
        NotAnAdmin = PermissionDenied "PERMISSION_DENIED" "only admins and managers may do this",
        NothingToChange = InvalidArgument "NOTHING_TO_CHANGE"
            "give name, detail, permission or status",
        NoSuchAgent = NotFound "AGENT_NOT_FOUND" "there is no such agent",
        ..LastAdmin(LastAdminError),
        ..Invalid(Invalid),
        ..Store(StoreError),
    }
}

/// Changes an agent; `actor` is `None` for the operator.
///
/// # Errors
/// See [`UpdateAgentError`].
pub fn update_agent(
    uow: &mut dyn IdentityUnit,
    actor: Option<&Actor>,
    command: &UpdateAgent,
    (now, limits): (Timestamp, &Limits),
) -> Result<Agent, UpdateAgentError> {
    let UpdateAgent {
        agent,
        name,
        detail,
        permission,
        status,
        even_last_admin,
    } = command;
    if actor.is_some_and(|actor| !actor.permission.administers()) {
        return Err(UpdateAgentError::NotAnAdmin);
    }
    if name.is_none() && detail.is_none() && permission.is_none() && status.is_none() {
        return Err(UpdateAgentError::NothingToChange);
    }
    check_text("name", name.as_deref().unwrap_or_default(), limits.name)?;
    check_text(
        "detail",
        detail.as_deref().unwrap_or_default(),
        limits.detail,
    )?;
    let before = live(uow, *agent)?.ok_or(UpdateAgentError::NoSuchAgent)?;
    let mut after = before.clone();
    if let Some(name) = name {
        after.name = without_format_characters(name);
    }
    after
        .detail
        .clone_from(detail.as_ref().unwrap_or(&before.detail));
    after.permission = permission.unwrap_or(before.permission);
    after.status = status.unwrap_or(before.status);
    if after == before {
        return Ok(before);
    }
    if !even_last_admin {
        check_administrator_left(uow, &before, &after)?;
    }
    if before.is_active() && !after.is_active() {
        after.token_generation += 1;
        uow.sessions().end(before.id, now)?;
        uow.keys().end_all(before.id, now)?;
    } else if before.permission.administers() != after.permission.administers() {
        // Its sockets check what they may read.
        uow.sessions().end(before.id, now)?;
    }
    after.updated = now.max(before.updated.next());
    uow.agents().update(&after)?;
    Ok(after)
}

/// Finds an agent that is not deleted.
pub(crate) fn live(uow: &mut dyn IdentityUnit, id: AgentId) -> Result<Option<Agent>, StoreError> {
    Ok(uow
        .agents()
        .get(id)?
        .filter(|agent| agent.deleted.is_none()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockUnitOfWork, actor, agent_id, an_agent, at};

    const NOTHING: fn() -> UpdateAgent = || UpdateAgent {
        agent: agent_id(2),
        name: None,
        detail: None,
        permission: None,
        status: None,
        even_last_admin: false,
    };

    fn unit(agent: Agent) -> MockUnitOfWork {
        let mut uow = MockUnitOfWork::default();
        uow.agents
            .expect_get()
            .returning(move |_| Ok(Some(agent.clone())));
        uow.agents.expect_update().returning(|_| Ok(()));
        uow.sessions.expect_end().returning(|_, _| Ok(()));
        uow.keys.expect_end_all().returning(|_, _| Ok(()));
        uow
    }

    /// AUTH-08: disabling ends tokens.
    #[test]
    fn disabling_starts_a_new_token_generation_and_enabling_keeps_it() {
        let disable = UpdateAgent {
            status: Some(AgentStatus::Disabled),
            ..NOTHING()
        };
        let disabled = update_agent(
            &mut unit(an_agent(2)),
            None,
            &disable,
            (at(9), &Limits::default()),
        )
        .unwrap();
        assert_eq!((disabled.token_generation, disabled.updated), (1, at(9)));
        let enable = UpdateAgent {
            status: Some(AgentStatus::Active),
            ..NOTHING()
        };
        let enabled = update_agent(
            &mut unit(disabled),
            None,
            &enable,
            (at(10), &Limits::default()),
        )
        .unwrap();
        assert_eq!(enabled.token_generation, 1);
    }

    /// AUTH-06.
    #[test]
    fn nothing_given_nobody_there_and_no_admin_are_refused() {
        let nothing = update_agent(
            &mut unit(an_agent(2)),
            None,
            &NOTHING(),
            (at(9), &Limits::default()),
        );
        assert!(matches!(nothing, Err(UpdateAgentError::NothingToChange)));
        let rename = UpdateAgent {
            name: Some("B".into()),
            ..NOTHING()
        };
        let deleted = Agent {
            deleted: Some(at(1)),
            ..an_agent(2)
        };
        let gone = update_agent(
            &mut unit(deleted),
            None,
            &rename,
            (at(9), &Limits::default()),
        );
        assert!(matches!(gone, Err(UpdateAgentError::NoSuchAgent)));
        let me = actor(agent_id(2));
        let plain = update_agent(
            &mut unit(an_agent(2)),
            Some(&me),
            &rename,
            (at(9), &Limits::default()),
        );
        assert!(matches!(plain, Err(UpdateAgentError::NotAnAdmin)));
    }

    /// Case 56.
    #[test]
    fn the_last_administrator_is_demoted_by_operators_alone() {
        let admin = Agent {
            permission: Permission::Admin,
            ..an_agent(2)
        };
        for even_last_admin in [false, true] {
            let mut uow = unit(admin.clone());
            let other = uow.agents.expect_has_other_administrator();
            other.returning(|_| Ok(false));
            let demote = UpdateAgent {
                permission: Some(Permission::Agent),
                even_last_admin,
                ..NOTHING()
            };
            let updated = update_agent(&mut uow, None, &demote, (at(9), &Limits::default()));
            match updated {
                Ok(agent) => assert!(even_last_admin && !agent.permission.administers()),
                Err(error) => {
                    assert!(!even_last_admin);
                    assert!(matches!(error, UpdateAgentError::LastAdmin(_)));
                }
            }
        }
    }

    /// AUTH-06.
    #[test]
    fn the_same_values_change_nothing() {
        let same = UpdateAgent {
            name: Some(String::new()),
            ..NOTHING()
        };
        let agent = update_agent(
            &mut unit(an_agent(2)),
            None,
            &same,
            (at(9), &Limits::default()),
        )
        .unwrap();
        assert_eq!(agent, an_agent(2));
    }

    fn update(agent: Agent, command: &UpdateAgent) -> Result<Agent, UpdateAgentError> {
        let now = (at(9), &Limits::default());
        update_agent(&mut unit(agent), None, command, now)
    }

    /// AUTH-06: what is not given stays.
    #[test]
    fn each_field_is_changed_by_itself() {
        let named = Agent {
            name: "Eve".into(),
            detail: "of sales".into(),
            ..an_agent(2)
        };
        let (name, detail) = (Some("Adam".to_owned()), Some("of support".to_owned()));
        let changed = |command: UpdateAgent| {
            let agent = update(named.clone(), &command).unwrap();
            assert_eq!(agent.updated, at(9));
            (agent.name, agent.detail, agent.permission, agent.status)
        };
        let (agent, active) = (Permission::Agent, AgentStatus::Active);
        let of = |name: &str, detail: &str| (name.to_owned(), detail.to_owned(), agent, active);
        let renamed = UpdateAgent { name, ..NOTHING() };
        assert_eq!(changed(renamed), of("Adam", "of sales"));
        let described = UpdateAgent {
            detail,
            ..NOTHING()
        };
        assert_eq!(changed(described), of("Eve", "of support"));
        let promoted = UpdateAgent {
            permission: Some(Permission::Manager),
            ..NOTHING()
        };
        assert_eq!(changed(promoted).2, Permission::Manager);
    }

    /// AUTH-08: no other change ends tokens, keys and sockets.
    #[test]
    fn sessions_and_keys_end_with_disabling_alone() {
        let rename = UpdateAgent {
            name: Some("B".into()),
            ..NOTHING()
        };
        let disable = UpdateAgent {
            status: Some(AgentStatus::Disabled),
            ..NOTHING()
        };
        for (command, ends) in [(rename, 0), (disable, 1)] {
            let mut uow = MockUnitOfWork::default();
            uow.agents.expect_get().returning(|_| Ok(Some(an_agent(2))));
            uow.agents.expect_update().times(1).returning(|_| Ok(()));
            let end = uow.sessions.expect_end().times(ends);
            end.withf(|agent, now| (*agent, *now) == (agent_id(2), at(9)))
                .returning(|_, _| Ok(()));
            let end = uow.keys.expect_end_all().times(ends);
            end.withf(|agent, now| (*agent, *now) == (agent_id(2), at(9)))
                .returning(|_, _| Ok(()));
            let now = (at(9), &Limits::default());
            let changed = update_agent(&mut uow, None, &command, now).unwrap();
            assert_eq!(usize::try_from(changed.token_generation), Ok(ends));
        }
    }

    /// API-18: limits name the field.
    #[test]
    fn limits_are_named() {
        let long = UpdateAgent {
            name: Some("x".repeat(256)),
            ..NOTHING()
        };
        let wordy = UpdateAgent {
            detail: Some("x".repeat(4_097)),
            ..NOTHING()
        };
        for (command, field, limit) in [(long, "name", 255), (wordy, "detail", 4_096)] {
            let Err(UpdateAgentError::Invalid(invalid)) = update(an_agent(2), &command) else {
                panic!("{field} is accepted")
            };
            assert_eq!((&*invalid.field, invalid.limit), (field, Some(limit)));
        }
    }

    /// AUTH-06: an admin or manager of the customer.
    #[test]
    fn an_admin_changes_agents() {
        let admin = Actor {
            permission: Permission::Admin,
            ..actor(agent_id(1))
        };
        let rename = UpdateAgent {
            name: Some("B".into()),
            ..NOTHING()
        };
        let now = (at(9), &Limits::default());
        let renamed = update_agent(&mut unit(an_agent(2)), Some(&admin), &rename, now);
        assert_eq!(renamed.unwrap().name, "B");
    }
}
