//! The owner of a conversation.

use talk_domain::kernel::id::AgentId;
use talk_domain::kernel::store_error::StoreError;

use crate::model::conversation::Conversation;
use crate::unit::ConversationUnit;

/// Returns the owner of a conversation, unless that agent was deleted.
pub(crate) fn living_owner(
    uow: &mut dyn ConversationUnit,
    conversation: &Conversation,
) -> Result<Option<AgentId>, StoreError> {
    let Some(owner) = conversation.owner else {
        return Ok(None);
    };
    let found = uow.agents().get(owner)?;
    let is_there = found.is_some_and(|agent| agent.deleted.is_none());
    Ok(is_there.then_some(owner))
}
