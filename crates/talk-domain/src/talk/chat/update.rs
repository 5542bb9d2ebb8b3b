//! Use case: change a chat's name or detail.

use crate::kernel::context::Context;
use crate::kernel::error::{Invalid, refusals};
use crate::kernel::id::ChatId;
use crate::kernel::store_error::StoreError;
use crate::kernel::text::check_text;
use crate::talk::access::{AccessError, lock_as_member};
use crate::talk::model::chat::Chat;
use crate::talk::model::event::Event;
use crate::talk::model::note::SystemKind;
use crate::talk::steps::announce::announce;
use crate::talk::steps::record::record;
use crate::talk::unit::TalkUnit;

/// The command; `None` keeps a field unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateChat {
    /// The chat.
    pub chat: ChatId,
    /// The new name.
    pub name: Option<String>,
    /// The new detail.
    pub detail: Option<String>,
}

refusals! {
    /// Refusals of [`update_chat`].
    pub enum UpdateChatError {
        NothingToChange = InvalidArgument "NOTHING_TO_CHANGE" "give name or detail",
        ..Invalid(Invalid),
        ..Access(AccessError),
        ..Store(StoreError),
    }
}

/// Changes name and detail. A new name is announced in the chat. Without a change there is no
/// event.
///
/// # Errors
/// See [`UpdateChatError`].
pub fn update_chat(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    command: &UpdateChat,
) -> Result<Chat, UpdateChatError> {
    if command.name.is_none() && command.detail.is_none() {
        return Err(UpdateChatError::NothingToChange);
    }
    check_text(
        "name",
        command.name.as_deref().unwrap_or_default(),
        cx.limits.name,
    )?;
    check_text(
        "detail",
        command.detail.as_deref().unwrap_or_default(),
        cx.limits.detail,
    )?;
    let (mut chat, _) = lock_as_member(uow, cx.actor, command.chat)?;
    let name = command.name.as_ref().unwrap_or(&chat.name).clone();
    let detail = command.detail.as_ref().unwrap_or(&chat.detail).clone();
    let is_renamed = name != chat.name;
    if !is_renamed && detail == chat.detail {
        return Ok(chat);
    }
    let tick = chat.tick(cx.now);
    (chat.name, chat.detail, chat.updated) = (name, detail, tick.at);
    record(uow, cx, &chat, Event::ChatUpdated(&chat))?;
    if is_renamed {
        announce(uow, cx, &mut chat, SystemKind::ChatRenamed)?;
    }
    Ok(chat)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::model::event::EventKind::{ChatUpdated, MessagePosted};
    use crate::testing::{Scene, a_chat, agent_id, context};

    fn update(
        scene: &Scene,
        name: Option<&str>,
        detail: Option<&str>,
    ) -> Result<Chat, UpdateChatError> {
        let command = UpdateChat {
            chat: a_chat().id,
            name: name.map(Into::into),
            detail: detail.map(Into::into),
        };
        update_chat(&mut scene.unit(), &context(agent_id(1)), &command)
    }

    fn scene() -> Scene {
        Scene::new(a_chat()).members(&[agent_id(1)])
    }

    /// S-090.
    #[test]
    fn a_new_name_is_announced() {
        let scene = scene();
        let chat = update(&scene, Some("Sprint"), None).unwrap();
        assert_eq!((&*chat.name, &*chat.detail), ("Sprint", ""));
        assert_eq!(chat.updated, context(agent_id(1)).now);
        assert_eq!(scene.events(), [ChatUpdated, MessagePosted]);
        assert_eq!(
            scene.announced(),
            ["agent-1 renamed the conversation to \"Sprint\"."]
        );
    }

    /// S-090.
    #[test]
    fn a_new_detail_is_not_announced() {
        let scene = scene();
        update(&scene, Some("Project"), Some("more")).unwrap();
        assert_eq!(scene.events(), [ChatUpdated]);
    }

    /// CHAT-09: no change, no event.
    #[test]
    fn the_same_name_changes_nothing() {
        let scene = scene();
        assert_eq!(
            update(&scene, Some("Project"), None).unwrap().updated,
            a_chat().updated
        );
        assert!(scene.events().is_empty());
    }

    /// CHAT-09.
    #[test]
    fn nothing_given_and_too_much_given_are_refused() {
        assert!(matches!(
            update(&scene(), None, None),
            Err(UpdateChatError::NothingToChange)
        ));
        let long = "x".repeat(4_097);
        let Err(UpdateChatError::Invalid(invalid)) = update(&scene(), None, Some(&long)) else {
            panic!("too long")
        };
        assert_eq!((&*invalid.field, invalid.limit), ("detail", Some(4_096)));
    }
}
