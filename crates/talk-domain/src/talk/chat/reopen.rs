//! Use case: reopen a closed chat.

use crate::kernel::context::Context;
use crate::kernel::id::ChatId;
use crate::kernel::store_error::StoreError;
use crate::talk::access::{AccessError, lock};
use crate::talk::model::chat::Chat;
use crate::talk::steps::membership::admit_and_announce;
use crate::talk::steps::status::set_open;
use crate::talk::unit::TalkUnit;

/// Reopens a chat (S-110). An empty one is reopened by a former participant, who becomes a
/// participant again. If it is open already, there is no event.
///
/// # Errors
/// See [`AccessError`].
pub fn reopen_chat(uow: &mut dyn TalkUnit, cx: &Context, id: ChatId) -> Result<Chat, AccessError> {
    let mut chat = lock(uow, id)?;
    let is_member = uow.participants().find(id, cx.actor.agent)?.is_some();
    if is_member && chat.is_open() {
        return Ok(chat);
    }
    if !is_member && !may_return(uow, cx, &chat)? {
        return Err(AccessError::NotAParticipant);
    }
    set_open(uow, cx, &mut chat)?;
    if !is_member {
        admit_and_announce(uow, cx, &mut chat, cx.actor.agent)?;
    }
    Ok(chat)
}

fn may_return(uow: &mut dyn TalkUnit, cx: &Context, chat: &Chat) -> Result<bool, StoreError> {
    Ok(!chat.is_open()
        && chat.member_count == 0
        && uow.participants().left(chat.id, cx.actor.agent)?.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::model::chat::ChatStatus;
    use crate::talk::model::event::EventKind::{ChatUpdated, MessagePosted, ParticipantJoined};
    use crate::testing::{Scene, a_chat, agent_id, context};

    fn closed() -> Chat {
        Chat {
            status: ChatStatus::Closed,
            ..a_chat()
        }
    }

    fn reopen(scene: &Scene) -> Result<Chat, AccessError> {
        reopen_chat(&mut scene.unit(), &context(agent_id(1)), a_chat().id)
    }

    /// S-110.
    #[test]
    fn a_participant_reopens_a_chat() {
        let scene = Scene::new(closed()).members(&[agent_id(1)]);
        assert!(reopen(&scene).unwrap().is_open());
        assert_eq!(scene.events(), [ChatUpdated, MessagePosted]);
        assert_eq!(scene.announced(), ["agent-1 reopened the conversation."]);
    }

    /// S-110: no change, no event.
    #[test]
    fn reopening_an_open_chat_changes_nothing() {
        let scene = Scene::new(a_chat()).members(&[agent_id(1)]);
        reopen(&scene).unwrap();
        assert!(scene.events().is_empty());
    }

    /// S-110.
    #[test]
    fn a_former_participant_reopens_an_empty_chat_and_is_back() {
        let scene = Scene::new(closed()).members(&[]).former(&[agent_id(1)]);
        assert_eq!(reopen(&scene).unwrap().member_count, 1);
        assert_eq!(
            scene.events(),
            [ChatUpdated, MessagePosted, ParticipantJoined, MessagePosted]
        );
    }

    /// S-110.
    #[test]
    fn neither_a_stranger_nor_a_former_participant_of_a_peopled_chat_reopens_it() {
        let empty = Scene::new(closed()).members(&[]);
        let peopled = Scene::new(closed())
            .members(&[agent_id(2)])
            .former(&[agent_id(1)]);
        for scene in [empty, peopled] {
            assert!(matches!(reopen(&scene), Err(AccessError::NotAParticipant)));
            assert!(scene.events().is_empty());
        }
    }
}
