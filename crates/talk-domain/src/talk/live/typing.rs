//! Use case: announce typing. Nothing is stored or logged.

use crate::kernel::context::Actor;
use crate::kernel::id::ChatId;
use crate::talk::access::{AccessError, view};
use crate::talk::unit::TalkSnapshot;

/// Checks that `actor` participates in `chat`, and so may announce typing.
///
/// # Errors
/// See [`AccessError`].
pub fn check_typist(
    snapshot: &mut dyn TalkSnapshot,
    actor: Actor,
    chat: ChatId,
) -> Result<(), AccessError> {
    view(snapshot, actor, chat).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockSnapshot, a_chat, a_participant, actor, agent_id};

    #[test]
    fn only_a_participant_is_seen_typing() {
        let mut snapshot = MockSnapshot::default();
        snapshot
            .chats
            .expect_get()
            .returning(|_| Ok(Some(a_chat())));
        let find = snapshot.participants.expect_find();
        find.returning(|_, agent| Ok((agent == agent_id(1)).then(|| a_participant(agent))));
        assert!(check_typist(&mut snapshot, actor(agent_id(1)), a_chat().id).is_ok());
        assert!(matches!(
            check_typist(&mut snapshot, actor(agent_id(2)), a_chat().id),
            Err(AccessError::NotAParticipant)
        ));
    }
}
