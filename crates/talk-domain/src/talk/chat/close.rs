//! Use case: close a chat.

use crate::kernel::context::Context;
use crate::kernel::id::ChatId;
use crate::talk::access::{AccessError, lock_as_member};
use crate::talk::model::chat::{Chat, ChatStatus};
use crate::talk::model::note::SystemKind;
use crate::talk::steps::announce::announce;
use crate::talk::steps::status::set_status;
use crate::talk::unit::TalkUnit;

/// Closes a chat (S-110): it stays readable and accepts no changes. If it is closed already, there
/// is no event.
///
/// # Errors
/// See [`AccessError`].
pub fn close_chat(uow: &mut dyn TalkUnit, cx: &Context, id: ChatId) -> Result<Chat, AccessError> {
    let (mut chat, _) = lock_as_member(uow, cx.actor, id)?;
    if chat.is_open() {
        set_status(uow, cx, &mut chat, ChatStatus::Closed)?;
        announce(uow, cx, &mut chat, SystemKind::ChatClosed)?;
    }
    Ok(chat)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::model::event::EventKind::{ChatUpdated, MessagePosted};
    use crate::testing::{Scene, a_chat, agent_id, context};

    /// S-110.
    #[test]
    fn a_participant_closes_a_chat_and_the_chat_says_so() {
        let scene = Scene::new(a_chat()).members(&[agent_id(1)]);
        let chat = close_chat(&mut scene.unit(), &context(agent_id(1)), a_chat().id).unwrap();
        assert_eq!(chat.status, ChatStatus::Closed);
        assert_eq!(scene.events(), [ChatUpdated, MessagePosted]);
        assert_eq!(scene.announced(), ["agent-1 closed the conversation."]);
        assert_eq!(scene.saved(), Some(chat));
    }

    /// S-110: no change, no event.
    #[test]
    fn closing_a_closed_chat_changes_nothing() {
        let closed = Chat {
            status: ChatStatus::Closed,
            ..a_chat()
        };
        let scene = Scene::new(closed).members(&[agent_id(1)]);
        close_chat(&mut scene.unit(), &context(agent_id(1)), a_chat().id).unwrap();
        assert!(scene.events().is_empty());
    }

    /// S-110.
    #[test]
    fn an_outsider_closes_nothing() {
        let scene = Scene::new(a_chat()).members(&[agent_id(1)]);
        let refused = close_chat(&mut scene.unit(), &context(agent_id(2)), a_chat().id);
        assert!(matches!(refused, Err(AccessError::NotAParticipant)));
    }
}
