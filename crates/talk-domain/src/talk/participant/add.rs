//! Use case: add a participant to a chat.

use crate::kernel::context::Context;
use crate::kernel::error::refusals;
use crate::kernel::id::{AgentId, ChatId};
use crate::kernel::store_error::StoreError;
use crate::talk::access::{AccessError, lock};
use crate::talk::model::chat::ChatKind;
use crate::talk::model::participant::Participant;
use crate::talk::steps::membership::JoinError;
use crate::talk::steps::membership::admit_and_announce;
use crate::talk::steps::membership::check_agents;
use crate::talk::unit::TalkUnit;

/// The command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddParticipant {
    /// The chat.
    pub chat: ChatId,
    /// The agent to add.
    pub agent: AgentId,
}

refusals! {
    /// Refusals of [`add_participant`].
    pub enum AddParticipantError {
        Closed = FailedPrecondition "CHAT_CLOSED" "the chat is closed",
        AlreadyThere = AlreadyExists "PARTICIPANT_ALREADY_EXISTS"
            "the agent is a participant already",
        DirectChatFull = FailedPrecondition "DIRECT_CHAT_FULL"
            "a direct chat has exactly two participants",
        ..Join(JoinError),
        ..Access(AccessError),
        ..Store(StoreError),
    }
}

/// Adds an agent of the customer to a chat of the caller. Outsiders may add themselves to a
/// channel.
///
/// # Errors
/// See [`AddParticipantError`].
pub fn add_participant(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    command: &AddParticipant,
) -> Result<Participant, AddParticipantError> {
    let mut chat = lock(uow, command.chat)?;
    let adds_oneself = chat.kind == ChatKind::Talk && command.agent == cx.actor.agent;
    if !adds_oneself && uow.participants().find(chat.id, cx.actor.agent)?.is_none() {
        return Err(AccessError::NotAParticipant.into());
    }
    if !chat.is_open() {
        return Err(AddParticipantError::Closed);
    }
    check_agents(uow, &[command.agent])?;
    if uow.participants().find(chat.id, command.agent)?.is_some() {
        return Err(AddParticipantError::AlreadyThere);
    }
    if chat
        .pair
        .is_some_and(|pair| !pair.agents().contains(&command.agent))
    {
        return Err(AddParticipantError::DirectChatFull);
    }
    let participant = admit_and_announce(uow, cx, &mut chat, command.agent)?;
    Ok(participant)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::model::chat::Chat;
    use crate::talk::model::chat::{ChatStatus, DirectPair};
    use crate::talk::model::event::EventKind::{MessagePosted, ParticipantJoined};
    use crate::testing::{Scene, a_chat, agent_id, context};

    fn add(scene: &Scene, by: u128, whom: u128) -> Result<Participant, AddParticipantError> {
        let command = AddParticipant {
            chat: a_chat().id,
            agent: agent_id(whom),
        };
        add_participant(&mut scene.unit(), &context(agent_id(by)), &command)
    }

    fn channel() -> Chat {
        Chat {
            kind: ChatKind::Talk,
            ..a_chat()
        }
    }

    fn direct() -> Chat {
        let pair = Some(DirectPair::new(agent_id(1), agent_id(2)));
        Chat {
            kind: ChatKind::Direct,
            pair,
            ..a_chat()
        }
    }

    /// CHAT-14.
    #[test]
    fn a_participant_adds_an_agent_and_the_chat_says_so() {
        let scene = Scene::new(a_chat()).members(&[agent_id(1)]);
        let participant = add(&scene, 1, 2).unwrap();
        assert_eq!(
            (participant.agent, participant.chat),
            (agent_id(2), a_chat().id)
        );
        assert_eq!(scene.events(), [ParticipantJoined, MessagePosted]);
        assert_eq!(scene.announced(), ["agent-2 joined the conversation."]);
        assert_eq!(scene.saved().unwrap().member_count, 2);
    }

    /// S-073.
    #[test]
    fn the_same_agent_is_not_added_twice() {
        let scene = Scene::new(a_chat()).members(&[agent_id(1), agent_id(2)]);
        assert!(matches!(
            add(&scene, 1, 2),
            Err(AddParticipantError::AlreadyThere)
        ));
        assert!(scene.events().is_empty());
    }

    /// CHAT-14 and case 5.
    #[test]
    fn an_unknown_agent_is_not_added() {
        let scene = Scene::new(a_chat()).members(&[agent_id(1)]);
        assert!(matches!(
            add(&scene, 1, 99),
            Err(AddParticipantError::Join(JoinError::AgentNotFound))
        ));
    }

    /// CHAT-05: groups are by invitation.
    #[test]
    fn an_outsider_adds_nobody_not_even_himself() {
        let scene = Scene::new(a_chat()).members(&[agent_id(1)]);
        for whom in [2, 3] {
            assert!(matches!(
                add(&scene, 2, whom),
                Err(AddParticipantError::Access(AccessError::NotAParticipant))
            ));
        }
    }

    ///
    #[test]
    fn in_a_channel_one_adds_oneself_but_nobody_else() {
        let scene = Scene::new(channel()).members(&[agent_id(1)]);
        assert!(add(&scene, 2, 2).is_ok());
        assert!(matches!(
            add(&Scene::new(channel()).members(&[agent_id(1)]), 2, 3),
            Err(AddParticipantError::Access(AccessError::NotAParticipant))
        ));
    }

    /// CHAT-04: a third member is refused, the other of the pair is added again.
    #[test]
    fn a_direct_chat_takes_only_its_pair() {
        let scene = Scene::new(direct()).members(&[agent_id(1)]);
        assert!(matches!(
            add(&scene, 1, 3),
            Err(AddParticipantError::DirectChatFull)
        ));
        assert!(add(&scene, 1, 2).is_ok());
    }

    /// S-110.
    #[test]
    fn a_closed_chat_takes_nobody() {
        let closed = Chat {
            status: ChatStatus::Closed,
            ..a_chat()
        };
        let scene = Scene::new(closed).members(&[agent_id(1)]);
        assert!(matches!(
            add(&scene, 1, 2),
            Err(AddParticipantError::Closed)
        ));
    }

    /// CHAT-10.
    #[test]
    fn a_deleted_chat_is_no_chat() {
        let deleted = Chat {
            deleted: Some(a_chat().created),
            ..a_chat()
        };
        let scene = Scene::new(deleted).members(&[agent_id(1)]);
        assert!(matches!(
            add(&scene, 1, 2),
            Err(AddParticipantError::Access(AccessError::NoSuchChat))
        ));
    }
}
