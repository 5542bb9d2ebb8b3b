//! Use cases: become the owner of a conversation, and leave it without one.

use talk_domain::kernel::context::Context;
use talk_domain::kernel::error::refusals;
use talk_domain::kernel::id::{AgentId, ConversationId};
use talk_domain::kernel::store_error::StoreError;

use crate::access::{AccessError, lock, lock_leading};
use crate::model::conversation::Conversation;
use crate::steps::record::{Cause, record_update};
use crate::unit::ConversationUnit;

refusals! {
    /// Refusals of [`claim_conversation`].
    pub enum ClaimError {
        OwnerChanged = FailedPrecondition "OWNER_CHANGED" "the conversation has another owner",
        ..Access(AccessError),
        ..Store(StoreError),
    }
}

/// Makes the actor the owner of a conversation that has the owner `expected`. Of several agents who
/// claim it at once, the first one gets it.
///
/// # Errors
/// See [`ClaimError`].
pub fn claim_conversation(
    uow: &mut dyn ConversationUnit,
    cx: &Context,
    id: ConversationId,
    expected: Option<AgentId>,
) -> Result<Conversation, ClaimError> {
    let conversation = lock(uow, id)?;
    let agent = cx.actor.agent;
    if conversation.owner == Some(agent) {
        return Ok(conversation);
    }
    let owner = conversation.owner;
    // Only admins and managers may take a conversation from another agent, also if the request
    // names that agent as the owner.
    if owner != expected || !(owner.is_none() || cx.actor.permission.administers()) {
        return Err(ClaimError::OwnerChanged);
    }
    Ok(set_owner(uow, cx, conversation, Some(agent))?)
}

/// Leaves a conversation without an owner.
///
/// # Errors
/// See [`AccessError`].
pub fn unassign_conversation(
    uow: &mut dyn ConversationUnit,
    cx: &Context,
    id: ConversationId,
) -> Result<Conversation, AccessError> {
    let conversation = lock_leading(uow, cx.actor, id)?;
    Ok(set_owner(uow, cx, conversation, None)?)
}

fn set_owner(
    uow: &mut dyn ConversationUnit,
    cx: &Context,
    mut conversation: Conversation,
    owner: Option<AgentId>,
) -> Result<Conversation, StoreError> {
    let before = std::mem::replace(&mut conversation.owner, owner);
    if before == owner {
        return Ok(conversation);
    }
    let cause = Cause {
        actor: Some(cx.actor.agent),
        now: cx.now,
    };
    record_update(uow, cause, &mut conversation, before)?;
    Ok(conversation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockUnit, a_conversation, logs};
    use talk_domain::testing::{admin_context, agent_id, context};

    fn unit(owner: Option<AgentId>, changes: usize) -> MockUnit {
        let mut uow = MockUnit::default();
        uow.conversations.expect_lock().returning(move |_| {
            Ok(Some(Conversation {
                owner,
                ..a_conversation()
            }))
        });
        let update = uow.conversations.expect_update().times(changes);
        update.returning(|_| Ok(()));
        logs(&mut uow, "conversation_updated", changes);
        uow
    }

    /// CONV-07: of agents who claim at once one wins; a second claim of the winner changes nothing.
    #[test]
    fn the_first_agent_who_claims_a_conversation_owns_it() {
        let (cx, id) = (context(agent_id(1)), a_conversation().id);
        let claimed = claim_conversation(&mut unit(None, 1), &cx, id, None).unwrap();
        assert_eq!(claimed.owner, Some(agent_id(1)));
        let again = claim_conversation(&mut unit(Some(agent_id(1)), 0), &cx, id, None);
        assert!(again.is_ok());
        for expected in [None, Some(agent_id(2))] {
            let mut taken = unit(Some(agent_id(2)), 0);
            let refused = claim_conversation(&mut taken, &cx, id, expected);
            assert!(matches!(refused, Err(ClaimError::OwnerChanged)));
        }
        let refused = claim_conversation(&mut unit(None, 0), &cx, id, Some(agent_id(2)));
        assert!(matches!(refused, Err(ClaimError::OwnerChanged)));
    }

    /// CONV-07: an admin may take a conversation over, if it still has the owner that the admin saw.
    #[test]
    fn an_admin_takes_a_conversation_from_the_owner_it_names() {
        let (cx, id) = (admin_context(agent_id(1)), a_conversation().id);
        let owner = Some(agent_id(2));
        let taken = claim_conversation(&mut unit(owner, 1), &cx, id, owner).unwrap();
        assert_eq!(taken.owner, Some(agent_id(1)));
        let refused = claim_conversation(&mut unit(owner, 0), &cx, id, Some(agent_id(3)));
        assert!(matches!(refused, Err(ClaimError::OwnerChanged)));
    }

    /// CONV-07.
    #[test]
    fn the_owner_leaves_a_conversation_and_others_cannot() {
        let (cx, id) = (context(agent_id(1)), a_conversation().id);
        let left = unassign_conversation(&mut unit(Some(agent_id(1)), 1), &cx, id).unwrap();
        assert_eq!(left.owner, None);
        let refused = unassign_conversation(&mut unit(Some(agent_id(2)), 0), &cx, id);
        assert!(matches!(refused, Err(AccessError::NotTheOwner)));
        let admin = admin_context(agent_id(1));
        let kept = unassign_conversation(&mut unit(None, 0), &admin, id).unwrap();
        assert_eq!(kept, a_conversation());
    }
}
