//! Use case: delete an agent.

use crate::agent::Agent;
use crate::agent::update::live;
use crate::context::Context;
use crate::error::refusals;
use crate::id::AgentId;
use crate::participant::remove::dismiss;
use crate::store::{StoreError, UnitOfWork};

refusals! {
    /// Why an agent is not deleted.
    pub enum DeleteAgentError {
        NotAnAdmin = PermissionDenied "PERMISSION_DENIED" "only admins and managers may do this",
        NoSuchAgent = NotFound "AGENT_NOT_FOUND" "there is no such agent",
        ..Store(StoreError),
    }
}

/// Deletes an agent with its memberships, tokens and keys; its messages stay.
///
/// # Errors
/// See [`DeleteAgentError`].
pub fn delete_agent(
    uow: &mut dyn UnitOfWork,
    cx: &Context,
    id: AgentId,
) -> Result<Agent, DeleteAgentError> {
    if !cx.actor.permission.administers() {
        return Err(DeleteAgentError::NotAnAdmin);
    }
    let mut agent = live(uow, id)?.ok_or(DeleteAgentError::NoSuchAgent)?;
    for chat in uow.participants().chats_of(id)? {
        let Some(mut chat) = uow.chats().lock(chat)? else {
            continue;
        };
        if let Some(membership) = uow.participants().find(chat.id, id)? {
            dismiss(uow, cx, &mut chat, &membership)?;
        }
    }
    agent.updated = cx.now.max(agent.updated.next());
    agent.deleted = Some(agent.updated);
    agent.token_generation += 1;
    uow.agents().update(&agent)?;
    Ok(agent)
}
