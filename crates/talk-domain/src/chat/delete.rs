//! Use case: delete a chat (soft delete).

use crate::access::AccessError;
use crate::chat::Chat;
use crate::context::Context;
use crate::event::{Event, LogEntry};
use crate::id::ChatId;
use crate::store::{StoreError, UnitOfWork};

/// Deletes a chat and its memberships: by its creator, or by an admin or manager who participates.
/// Deleted already: the same answer to the same people, no event; to others there is no such chat.
///
/// # Errors
/// See [`AccessError`].
pub fn delete_chat(
    uow: &mut dyn UnitOfWork,
    cx: &Context,
    id: ChatId,
) -> Result<Chat, AccessError> {
    let mut chat = uow.chats().lock(id)?.ok_or(AccessError::NoSuchChat)?;
    let may_delete = may_delete(uow, cx, &chat)?;
    if chat.deleted.is_some() {
        return if may_delete {
            Ok(chat)
        } else {
            Err(AccessError::NoSuchChat)
        };
    }
    if !may_delete {
        return Err(AccessError::NotAParticipant);
    }
    let tick = chat.tick(cx.now);
    uow.participants().remove_all(chat.id, tick.at)?;
    (chat.member_count, chat.updated, chat.deleted) = (0, tick.at, Some(tick.at));
    let event = Event::ChatDeleted(&chat);
    uow.events().append(&LogEntry {
        chat: chat.id,
        tick,
        actor: cx.actor.agent,
        event,
    })?;
    uow.chats().update(&chat)?;
    Ok(chat)
}

fn may_delete(uow: &mut dyn UnitOfWork, cx: &Context, chat: &Chat) -> Result<bool, StoreError> {
    let agent = cx.actor.agent;
    if chat.creator == agent {
        return Ok(true);
    }
    Ok(cx.actor.permission.administers()
        && if chat.deleted.is_some() {
            uow.participants().was_member(chat.id, agent)?
        } else {
            uow.participants().find(chat.id, agent)?.is_some()
        })
}
