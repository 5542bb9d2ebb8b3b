//! Use case: close a chat.

use crate::access::{AccessError, lock_as_member};
use crate::chat::{Chat, ChatStatus};
use crate::context::Context;
use crate::event::{Event, LogEntry};
use crate::id::ChatId;
use crate::message::SystemKind;
use crate::message::system::announce;
use crate::store::{StoreError, UnitOfWork};

/// Closes a chat (S-110): it stays readable and takes nothing new. Closed already: no event.
///
/// # Errors
/// See [`AccessError`].
pub fn close_chat(uow: &mut dyn UnitOfWork, cx: &Context, id: ChatId) -> Result<Chat, AccessError> {
    let (mut chat, _) = lock_as_member(uow, cx.actor, id)?;
    if chat.is_open() {
        set_status(uow, cx, &mut chat, ChatStatus::Closed)?;
        announce(uow, cx, &mut chat, SystemKind::ChatClosed)?;
        uow.chats().update(&chat)?;
    }
    Ok(chat)
}

/// Changes the status and logs it.
pub(crate) fn set_status(
    uow: &mut dyn UnitOfWork,
    cx: &Context,
    chat: &mut Chat,
    status: ChatStatus,
) -> Result<(), StoreError> {
    let tick = chat.tick(cx.now);
    chat.status = status;
    chat.updated = tick.at;
    let event = Event::ChatUpdated(chat);
    uow.events().append(&LogEntry {
        chat: chat.id,
        tick,
        actor: cx.actor.agent,
        event,
    })
}
