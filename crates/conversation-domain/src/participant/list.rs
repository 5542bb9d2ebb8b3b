//! Use case: list the participants of a conversation.

use talk_domain::kernel::context::Actor;
use talk_domain::kernel::id::ConversationId;

use crate::access::{AccessError, read_taking_part};
use crate::model::participant::Participant;
use crate::unit::ConversationSnapshot;

/// Returns the participants, the oldest first. Their number is limited, so that there are no pages.
///
/// # Errors
/// See [`AccessError`].
pub fn list_participants(
    snapshot: &mut dyn ConversationSnapshot,
    actor: Actor,
    id: ConversationId,
) -> Result<Vec<Participant>, AccessError> {
    let conversation = read_taking_part(snapshot, actor, id)?;
    Ok(snapshot.conversation_participants().of(conversation.id)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::conversation::Conversation;
    use crate::testing::{MockSnapshot, a_conversation, a_participant};
    use talk_domain::testing::{actor, agent_id};

    /// CONV-15.
    #[test]
    fn who_takes_part_sees_the_participants() {
        let mut snapshot = MockSnapshot::default();
        snapshot.conversations.expect_get().returning(|_| {
            Ok(Some(Conversation {
                participants: 1,
                ..a_conversation()
            }))
        });
        let participants = &mut snapshot.conversation_participants;
        participants
            .expect_find()
            .returning(|_, agent| Ok((agent == agent_id(2)).then(|| a_participant(2))));
        participants
            .expect_of()
            .returning(|_| Ok(vec![a_participant(2)]));
        let mut list =
            |n| list_participants(&mut snapshot, actor(agent_id(n)), a_conversation().id);
        assert_eq!(list(2).unwrap(), [a_participant(2)]);
        assert!(matches!(list(3), Err(AccessError::NotTakingPart)));
    }
}
