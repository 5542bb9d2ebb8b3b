//! Use case: reopen a closed chat.

use crate::access::{AccessError, lock};
use crate::chat::close::set_status;
use crate::chat::{Chat, ChatStatus};
use crate::context::Context;
use crate::id::ChatId;
use crate::message::SystemKind;
use crate::message::system::announce;
use crate::participant::add::admit_and_announce;
use crate::store::{StoreError, UnitOfWork};

/// Reopens a chat (S-110). An empty one is reopened by a former participant, who becomes a
/// participant again. Open already: no event.
///
/// # Errors
/// See [`AccessError`].
pub fn reopen_chat(
    uow: &mut dyn UnitOfWork,
    cx: &Context,
    id: ChatId,
) -> Result<Chat, AccessError> {
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
    uow.chats().update(&chat)?;
    Ok(chat)
}

fn may_return(uow: &mut dyn UnitOfWork, cx: &Context, chat: &Chat) -> Result<bool, StoreError> {
    Ok(!chat.is_open()
        && chat.member_count == 0
        && uow.participants().was_member(chat.id, cx.actor.agent)?)
}

/// Opens a closed chat and says so in it.
pub(crate) fn set_open(
    uow: &mut dyn UnitOfWork,
    cx: &Context,
    chat: &mut Chat,
) -> Result<(), StoreError> {
    set_status(uow, cx, chat, ChatStatus::Active)?;
    announce(uow, cx, chat, SystemKind::ChatReopened)
}
