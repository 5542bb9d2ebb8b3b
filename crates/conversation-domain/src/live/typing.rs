//! Use case: announce typing in a conversation. Nothing is stored or logged.

use talk_domain::kernel::context::Actor;
use talk_domain::kernel::id::ConversationId;

use crate::access::{AccessError, read_taking_part};
use crate::unit::ConversationSnapshot;

/// Checks that `actor` takes part in a conversation, and so may announce typing.
///
/// # Errors
/// See [`AccessError`].
pub fn check_typist(
    snapshot: &mut dyn ConversationSnapshot,
    actor: Actor,
    conversation: ConversationId,
) -> Result<(), AccessError> {
    read_taking_part(snapshot, actor, conversation).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::conversation::Conversation;
    use crate::testing::{MockSnapshot, a_conversation};
    use talk_domain::testing::{actor, agent_id};

    /// CONV-74.
    #[test]
    fn only_those_who_take_part_are_seen_typing() {
        let mut snapshot = MockSnapshot::default();
        let get = snapshot.conversations.expect_get();
        get.returning(|_| {
            Ok(Some(Conversation {
                owner: Some(agent_id(1)),
                ..a_conversation()
            }))
        });
        let mut types = |n| check_typist(&mut snapshot, actor(agent_id(n)), a_conversation().id);
        assert!(types(1).is_ok());
        assert!(matches!(types(2), Err(AccessError::NotTakingPart)));
    }
}
