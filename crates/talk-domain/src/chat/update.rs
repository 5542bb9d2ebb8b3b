//! Use case: change a chat's name or detail.

use crate::access::{AccessError, lock_as_member};
use crate::chat::Chat;
use crate::context::Context;
use crate::error::{Invalid, refusals};
use crate::event::{Event, LogEntry};
use crate::id::ChatId;
use crate::limits::check_text;
use crate::message::SystemKind;
use crate::message::system::announce;
use crate::store::{StoreError, UnitOfWork};

/// The command; `None` keeps.
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
    /// Why a chat is not changed.
    pub enum UpdateChatError {
        NothingToChange = InvalidArgument "NOTHING_TO_CHANGE" "give name or detail",
        ..Invalid(Invalid),
        ..Access(AccessError),
        ..Store(StoreError),
    }
}

/// Changes name and detail; a new name is announced in the chat. No change: no event.
///
/// # Errors
/// See [`UpdateChatError`].
pub fn update_chat(
    uow: &mut dyn UnitOfWork,
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
    let event = Event::ChatUpdated(&chat);
    uow.events().append(&LogEntry {
        chat: chat.id,
        tick,
        actor: cx.actor.agent,
        event,
    })?;
    if is_renamed {
        announce(uow, cx, &mut chat, SystemKind::ChatRenamed)?;
    }
    uow.chats().update(&chat)?;
    Ok(chat)
}
