//! Use case: leave a chat, or remove another participant.

use crate::kernel::context::Context;
use crate::kernel::error::refusals;
use crate::kernel::id::{ChatId, ParticipantId};
use crate::kernel::store_error::StoreError;
use crate::talk::access::{AccessError, lock_as_member};
use crate::talk::model::chat::ChatKind;
use crate::talk::model::participant::Participant;
use crate::talk::steps::membership::dismiss;
use crate::talk::unit::TalkUnit;

/// The command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoveParticipant {
    /// The chat.
    pub chat: ChatId,
    /// The participant.
    pub participant: ParticipantId,
}

refusals! {
    /// Refusals of [`remove_participant`].
    pub enum RemoveParticipantError {
        NoSuchParticipant = NotFound "PARTICIPANT_NOT_FOUND" "the chat has no such participant",
        OnlyOneself = PermissionDenied "PERMISSION_DENIED"
            "in a direct chat one may only leave oneself",
        ..Access(AccessError),
        ..Store(StoreError),
    }
}

/// Removes a participant for good (S-074). A direct or group chat closes with its last one.
///
/// # Errors
/// See [`RemoveParticipantError`].
pub fn remove_participant(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    command: &RemoveParticipant,
) -> Result<Participant, RemoveParticipantError> {
    let (mut chat, caller) = lock_as_member(uow, cx.actor, command.chat)?;
    let found = uow.participants().get(chat.id, command.participant)?;
    let leaver = found.ok_or(RemoveParticipantError::NoSuchParticipant)?;
    if chat.kind == ChatKind::Direct && leaver.id != caller.id {
        return Err(RemoveParticipantError::OnlyOneself);
    }
    if !dismiss(uow, cx, &mut chat, &leaver)? {
        return Err(RemoveParticipantError::NoSuchParticipant);
    }
    Ok(leaver)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::model::chat::Chat;
    use crate::talk::model::event::EventKind::{ChatUpdated, MessagePosted, ParticipantLeft};
    use crate::testing::{MockUnitOfWork, Scene, a_chat, a_participant, agent_id, context};

    fn remove(
        uow: &mut MockUnitOfWork,
        by: u128,
        whom: u128,
    ) -> Result<Participant, RemoveParticipantError> {
        let participant = a_participant(agent_id(whom)).id;
        let command = RemoveParticipant {
            chat: a_chat().id,
            participant,
        };
        remove_participant(uow, &context(agent_id(by)), &command)
    }

    fn of(kind: ChatKind, members: &[u128]) -> Scene {
        let members: Vec<_> = members.iter().map(|n| agent_id(*n)).collect();
        Scene::new(Chat { kind, ..a_chat() }).members(&members)
    }

    /// S-074.
    #[test]
    fn a_participant_removes_another_and_the_chat_says_who_left() {
        let scene = of(ChatKind::Group, &[1, 2]);
        assert_eq!(
            remove(&mut scene.unit(), 1, 2).unwrap(),
            a_participant(agent_id(2))
        );
        assert_eq!(scene.events(), [ParticipantLeft, MessagePosted]);
        assert_eq!(scene.announced(), ["agent-2 left the conversation."]);
        assert_eq!(scene.saved().unwrap().member_count, 1);
    }

    /// CHAT-12: closes by itself.
    #[test]
    fn a_private_chat_closes_with_its_last_participant_and_a_channel_does_not() {
        for kind in [ChatKind::Direct, ChatKind::Group] {
            let scene = of(kind, &[1]);
            remove(&mut scene.unit(), 1, 1).unwrap();
            assert_eq!(
                scene.events(),
                [ParticipantLeft, MessagePosted, ChatUpdated]
            );
            assert!(!scene.saved().unwrap().is_open());
        }
        let channel = of(ChatKind::Talk, &[1]);
        remove(&mut channel.unit(), 1, 1).unwrap();
        assert!(channel.saved().unwrap().is_open());
    }

    /// CHAT-15.
    #[test]
    fn in_a_direct_chat_one_only_leaves_oneself() {
        let scene = of(ChatKind::Direct, &[1, 2]);
        let refused = remove(&mut scene.unit(), 1, 2);
        assert!(matches!(refused, Err(RemoveParticipantError::OnlyOneself)));
        assert!(scene.events().is_empty());
    }

    /// CHAT-15 and case 4: the participant must belong to the chat in the path.
    #[test]
    fn a_participant_of_elsewhere_is_not_found() {
        let scene = of(ChatKind::Group, &[1]);
        let refused = remove(&mut scene.unit(), 1, 2);
        assert!(matches!(
            refused,
            Err(RemoveParticipantError::NoSuchParticipant)
        ));
    }

    /// S-074: of two concurrent removals one succeeds.
    #[test]
    fn losing_the_race_removes_nothing_twice() {
        let scene = of(ChatKind::Group, &[1, 2]);
        let mut uow = scene.unit();
        uow.participants.checkpoint();
        uow.participants
            .expect_find()
            .returning(|_, agent| Ok(Some(a_participant(agent))));
        uow.participants
            .expect_get()
            .returning(|_, _| Ok(Some(a_participant(agent_id(2)))));
        uow.participants.expect_remove().returning(|_, _| Ok(false));
        let refused = remove(&mut uow, 1, 2);
        assert!(matches!(
            refused,
            Err(RemoveParticipantError::NoSuchParticipant)
        ));
        assert!(scene.events().is_empty());
    }
}
