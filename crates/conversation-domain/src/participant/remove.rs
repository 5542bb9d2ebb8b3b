//! Use case: remove an agent from a conversation.

use talk_domain::kernel::context::Context;
use talk_domain::kernel::error::refusals;
use talk_domain::kernel::id::{AgentId, ConversationId};
use talk_domain::kernel::store_error::StoreError;

use crate::access::{AccessError, lock_taking_part};
use crate::model::participant::Participant;
use crate::steps::participation::dismiss;
use crate::steps::record::Cause;
use crate::unit::ConversationUnit;

refusals! {
    /// Refusals of [`remove_participant`].
    pub enum RemoveParticipantError {
        NoSuchParticipant = NotFound "PARTICIPANT_NOT_FOUND" "the agent is no participant of the conversation",
        ..Access(AccessError),
        ..Store(StoreError),
    }
}

/// Removes a participant. The actor must take part in the conversation, and may remove itself.
///
/// # Errors
/// See [`RemoveParticipantError`].
pub fn remove_participant(
    uow: &mut dyn ConversationUnit,
    cx: &Context,
    (id, agent): (ConversationId, AgentId),
) -> Result<Participant, RemoveParticipantError> {
    let mut conversation = lock_taking_part(uow, cx.actor, id)?;
    let found = uow.conversation_participants().find(id, agent)?;
    let participant = found.ok_or(RemoveParticipantError::NoSuchParticipant)?;
    let cause = Cause {
        actor: Some(cx.actor.agent),
        now: cx.now,
    };
    dismiss(uow, cause, &mut conversation, &participant)?;
    Ok(participant)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::conversation::Conversation;
    use crate::testing::{MockUnit, a_conversation, a_participant, logs};
    use talk_domain::testing::{agent_id, context};

    fn remove(
        by: u128,
        agent: u128,
        removed: usize,
    ) -> Result<Participant, RemoveParticipantError> {
        let mut uow = MockUnit::default();
        uow.conversations.expect_lock().returning(|_| {
            Ok(Some(Conversation {
                owner: Some(agent_id(1)),
                participants: 1,
                ..a_conversation()
            }))
        });
        let find = uow.conversation_participants.expect_find();
        find.returning(|_, agent| Ok((agent == agent_id(2)).then(|| a_participant(2))));
        let delete = uow.conversation_participants.expect_delete().times(removed);
        delete.returning(|_| Ok(()));
        let update = uow.conversations.expect_update().times(removed);
        update
            .withf(|conversation| conversation.participants == 0)
            .returning(|_| Ok(()));
        logs(&mut uow, "conversation_participant_removed", removed);
        let ids = (a_conversation().id, agent_id(agent));
        remove_participant(&mut uow, &context(agent_id(by)), ids)
    }

    /// CONV-15.
    #[test]
    fn who_takes_part_removes_a_participant_or_leaves() {
        for by in [1, 2] {
            assert_eq!(remove(by, 2, 1).unwrap(), a_participant(2));
        }
        let refused = remove(3, 2, 0);
        assert!(matches!(refused, Err(RemoveParticipantError::Access(_))));
        let refused = remove(1, 3, 0);
        assert!(matches!(
            refused,
            Err(RemoveParticipantError::NoSuchParticipant)
        ));
    }
}
