//! Step: a pair of agents has one direct chat, which is resumed when it is created again.

use crate::kernel::context::Context;
use crate::talk::model::chat::{Chat, DirectPair};
use crate::talk::steps::membership::{JoinError, admit_and_announce, check_agents};
use crate::talk::steps::status::set_open;
use crate::talk::unit::TalkUnit;

/// Reopens the direct chat of a pair if it is closed, and adds the agents of the pair who have left
/// it. If neither applies, nothing changes and no event is logged.
pub(crate) fn resume(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    mut chat: Chat,
    pair: DirectPair,
) -> Result<Chat, JoinError> {
    if !chat.is_open() {
        set_open(uow, cx, &mut chat)?;
    }
    for agent in pair.agents() {
        if uow.participants().find(chat.id, agent)?.is_none() {
            check_agents(uow, &[agent])?;
            admit_and_announce(uow, cx, &mut chat, agent)?;
        }
    }
    Ok(chat)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::chat::create::{CreateChat, create_chat};
    use crate::talk::model::chat::{ChatKind, ChatStatus};
    use crate::talk::model::event::EventKind::{ChatUpdated, MessagePosted, ParticipantJoined};
    use crate::testing::{Scene, a_chat, agent_id, context};

    fn pair_chat(status: ChatStatus) -> Chat {
        let pair = Some(DirectPair::new(agent_id(1), agent_id(2)));
        Chat {
            kind: ChatKind::Direct,
            pair,
            status,
            ..a_chat()
        }
    }

    fn ask(scene: &Scene, by: u128, with: u128) -> Chat {
        let command = CreateChat {
            kind: ChatKind::Direct,
            name: "ignored".into(),
            detail: String::new(),
            others: vec![agent_id(with)],
        };
        create_chat(&mut scene.unit(), &context(agent_id(by)), &command).unwrap()
    }

    /// CHAT-04: one direct chat per pair.
    #[test]
    fn asking_again_from_either_side_gives_the_same_chat_and_no_event() {
        for (by, with) in [(1, 2), (2, 1)] {
            let scene =
                Scene::new(pair_chat(ChatStatus::Active)).members(&[agent_id(1), agent_id(2)]);
            assert_eq!(ask(&scene, by, with), scene_chat());
            assert!(scene.events().is_empty());
            assert_eq!(scene.saved(), None);
        }
    }

    fn scene_chat() -> Chat {
        pair_chat(ChatStatus::Active)
    }

    /// CHAT-04: resumed after both left.
    #[test]
    fn a_closed_empty_chat_opens_and_both_are_back() {
        let scene = Scene::new(pair_chat(ChatStatus::Closed)).members(&[]);
        let chat = ask(&scene, 1, 2);
        assert!(chat.is_open());
        assert_eq!(chat.member_count, 2);
        assert_eq!(
            scene.events(),
            [
                ChatUpdated,
                MessagePosted,
                ParticipantJoined,
                MessagePosted,
                ParticipantJoined,
                MessagePosted
            ]
        );
    }

    /// CHAT-04.
    #[test]
    fn who_had_left_is_back_and_who_stayed_is_untouched() {
        let scene = Scene::new(pair_chat(ChatStatus::Active)).members(&[agent_id(2)]);
        assert_eq!(ask(&scene, 2, 1).member_count, 2);
        assert_eq!(scene.events(), [ParticipantJoined, MessagePosted]);
        assert_eq!(scene.announced(), ["agent-1 joined the conversation."]);
    }
}
