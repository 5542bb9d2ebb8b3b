//! Use case: close a conversation, or open it again.

use talk_domain::kernel::context::Context;
use talk_domain::kernel::id::ConversationId;

use crate::access::{AccessError, lock_taking_part};
use crate::model::conversation::{Conversation, State};
use crate::steps::record::{Cause, record_update};
use crate::unit::ConversationUnit;

/// Closes a conversation or opens it again. If it already has the state `state`, nothing is stored
/// or logged.
///
/// # Errors
/// See [`AccessError`].
pub fn set_state(
    uow: &mut dyn ConversationUnit,
    cx: &Context,
    id: ConversationId,
    state: State,
) -> Result<Conversation, AccessError> {
    let mut conversation = lock_taking_part(uow, cx.actor, id)?;
    if conversation.state == state {
        return Ok(conversation);
    }
    conversation.state = state;
    let cause = Cause {
        actor: Some(cx.actor.agent),
        now: cx.now,
    };
    let owner = conversation.owner;
    record_update(uow, cause, &mut conversation, owner)?;
    Ok(conversation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockUnit, a_conversation, logs};
    use talk_domain::testing::{admin_context, agent_id, context};

    /// CONV-06.
    #[test]
    fn a_conversation_is_closed_once_and_by_nobody_outside_it() {
        let mut uow = MockUnit::default();
        let lock = uow.conversations.expect_lock();
        lock.returning(|_| Ok(Some(a_conversation())));
        uow.conversations.expect_update().returning(|_| Ok(()));
        logs(&mut uow, "conversation_updated", 1);
        let (admin, id) = (admin_context(agent_id(1)), a_conversation().id);
        let closed = set_state(&mut uow, &admin, id, State::Closed).unwrap();
        assert_eq!(closed.state, State::Closed);
        let kept = set_state(&mut uow, &admin, id, State::Active).unwrap();
        assert_eq!(kept, a_conversation());
        let refused = set_state(&mut uow, &context(agent_id(1)), id, State::Closed);
        assert!(matches!(refused, Err(AccessError::NotTakingPart)));
    }
}
