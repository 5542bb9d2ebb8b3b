//! Use case: join a public channel.

use crate::kernel::context::Context;
use crate::kernel::error::refusals;
use crate::kernel::id::ChatId;
use crate::kernel::store_error::StoreError;
use crate::talk::access::{AccessError, lock};
use crate::talk::model::chat::ChatKind;
use crate::talk::model::participant::Participant;
use crate::talk::steps::membership::admit_and_announce;
use crate::talk::unit::TalkUnit;

refusals! {
    /// Refusals of [`join_chat`].
    pub enum JoinChatError {
        NotJoinable = InvalidArgument "CHAT_NOT_JOINABLE" "only channels can be joined",
        Closed = FailedPrecondition "CHAT_CLOSED" "the chat is closed",
        ..Access(AccessError),
        ..Store(StoreError),
    }
}

/// Makes the caller a participant of a channel. If it is one already, returns the same participant
/// without an event.
///
/// # Errors
/// See [`JoinChatError`].
pub fn join_chat(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    id: ChatId,
) -> Result<Participant, JoinChatError> {
    let mut chat = lock(uow, id)?;
    let member = uow.participants().find(id, cx.actor.agent)?;
    match (chat.kind, member) {
        (ChatKind::Talk, Some(member)) => Ok(member),
        (ChatKind::Talk, None) if chat.is_open() => {
            let member = admit_and_announce(uow, cx, &mut chat, cx.actor.agent)?;
            Ok(member)
        }
        (ChatKind::Talk, None) => Err(JoinChatError::Closed),
        (ChatKind::Direct | ChatKind::Group, Some(_)) => Err(JoinChatError::NotJoinable),
        (ChatKind::Direct | ChatKind::Group, None) => Err(AccessError::NotAParticipant.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::model::chat::{Chat, ChatStatus};
    use crate::talk::model::event::EventKind::{MessagePosted, ParticipantJoined};
    use crate::testing::{Scene, a_chat, a_participant, agent_id, context};

    fn channel() -> Chat {
        Chat {
            kind: ChatKind::Talk,
            ..a_chat()
        }
    }

    fn join(scene: &Scene) -> Result<Participant, JoinChatError> {
        join_chat(&mut scene.unit(), &context(agent_id(3)), a_chat().id)
    }

    ///
    #[test]
    fn any_agent_joins_a_channel() {
        let scene = Scene::new(channel()).members(&[agent_id(1)]);
        assert_eq!(join(&scene).unwrap().agent, agent_id(3));
        assert_eq!(scene.events(), [ParticipantJoined, MessagePosted]);
        assert_eq!(scene.saved().unwrap().member_count, 2);
    }

    /// idempotent.
    #[test]
    fn joining_again_returns_the_same_participant() {
        let scene = Scene::new(channel()).members(&[agent_id(3)]);
        assert_eq!(join(&scene).unwrap(), a_participant(agent_id(3)));
        assert!(scene.events().is_empty());
    }

    ///
    #[test]
    fn private_chats_are_joined_by_nobody() {
        let member = Scene::new(a_chat()).members(&[agent_id(3)]);
        assert!(matches!(join(&member), Err(JoinChatError::NotJoinable)));
        let outsider = Scene::new(a_chat()).members(&[agent_id(1)]);
        assert!(matches!(
            join(&outsider),
            Err(JoinChatError::Access(AccessError::NotAParticipant))
        ));
    }

    /// S-110.
    #[test]
    fn a_closed_channel_takes_nobody() {
        let scene = Scene::new(Chat {
            status: ChatStatus::Closed,
            ..channel()
        })
        .members(&[]);
        assert!(matches!(join(&scene), Err(JoinChatError::Closed)));
    }
}
