//! Use case: change an agent.

use crate::agent::{Agent, AgentStatus, Permission};
use crate::context::Actor;
use crate::error::{Invalid, refusals};
use crate::id::AgentId;
use crate::limits::{Limits, check_text};
use crate::store::{StoreError, UnitOfWork};
use crate::time::Timestamp;

/// The command; `None` keeps.
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
}

refusals! {
    /// Why an agent is not changed.
    pub enum UpdateAgentError {
        NotAnAdmin = PermissionDenied "PERMISSION_DENIED" "only admins and managers may do this",
        NothingToChange = InvalidArgument "NOTHING_TO_CHANGE"
            "give name, detail, permission or status",
        NoSuchAgent = NotFound "AGENT_NOT_FOUND" "there is no such agent",
        ..Invalid(Invalid),
        ..Store(StoreError),
    }
}

/// Changes an agent; `actor` is `None` for the operator.
///
/// # Errors
/// See [`UpdateAgentError`].
pub fn update_agent(
    uow: &mut dyn UnitOfWork,
    actor: Option<&Actor>,
    command: &UpdateAgent,
    now: Timestamp,
) -> Result<Agent, UpdateAgentError> {
    let UpdateAgent {
        agent,
        name,
        detail,
        permission,
        status,
    } = command;
    if actor.is_some_and(|actor| !actor.permission.administers()) {
        return Err(UpdateAgentError::NotAnAdmin);
    }
    if name.is_none() && detail.is_none() && permission.is_none() && status.is_none() {
        return Err(UpdateAgentError::NothingToChange);
    }
    check_text(
        "name",
        name.as_deref().unwrap_or_default(),
        Limits::default().name,
    )?;
    check_text(
        "detail",
        detail.as_deref().unwrap_or_default(),
        Limits::default().detail,
    )?;
    let before = live(uow, *agent)?.ok_or(UpdateAgentError::NoSuchAgent)?;
    let mut after = before.clone();
    after.name.clone_from(name.as_ref().unwrap_or(&before.name));
    after
        .detail
        .clone_from(detail.as_ref().unwrap_or(&before.detail));
    after.permission = permission.unwrap_or(before.permission);
    after.status = status.unwrap_or(before.status);
    if after == before {
        return Ok(before);
    }
    if before.is_active() && !after.is_active() {
        after.token_generation += 1;
    }
    after.updated = now.max(before.updated.next());
    uow.agents().update(&after)?;
    Ok(after)
}

/// The agent unless deleted.
pub(crate) fn live(uow: &mut dyn UnitOfWork, id: AgentId) -> Result<Option<Agent>, StoreError> {
    Ok(uow
        .agents()
        .get(id)?
        .filter(|agent| agent.deleted.is_none()))
}
