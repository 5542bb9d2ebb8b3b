//! Use case: delete a message.

use crate::access::{AccessError, lock_message};
use crate::context::Context;
use crate::error::refusals;
use crate::event::{Event, LogEntry};
use crate::id::MessageId;
use crate::message::{Author, Message};
use crate::store::{StoreError, UnitOfWork};

refusals! {
    /// Why a message is not deleted.
    pub enum DeleteMessageError {
        IsSystem = PermissionDenied "SYSTEM_MESSAGE_READ_ONLY" "system messages cannot be deleted",
        NotTheAuthor = PermissionDenied "PERMISSION_DENIED" "only the author may delete a message",
        ..Access(AccessError),
        ..Store(StoreError),
    }
}

/// Makes the author's message a tombstone: replies keep their place, the content is gone from the
/// message, its revisions, its reactions and its logged events. Deleted already: no event.
///
/// # Errors
/// See [`DeleteMessageError`].
pub fn delete_message(
    uow: &mut dyn UnitOfWork,
    cx: &Context,
    id: MessageId,
) -> Result<Message, DeleteMessageError> {
    let (mut chat, mut message) = lock_message(uow, cx.actor, id)?;
    match message.author {
        Author::System(_) => return Err(DeleteMessageError::IsSystem),
        Author::Agent(author) if author != cx.actor.agent => {
            return Err(DeleteMessageError::NotTheAuthor);
        }
        Author::Agent(_) if message.deleted.is_some() => return Ok(message),
        Author::Agent(_) => {}
    }
    let tick = chat.tick(cx.now);
    message.text.clear();
    message.medias.clear();
    message.reactions.clear();
    (message.updated, message.deleted) = (tick.at, Some(tick.at));
    uow.messages().update(&message)?;
    uow.messages().drop_revisions(id)?;
    uow.reactions().clear(id)?;
    uow.events().redact(&message)?;
    let event = Event::MessageDeleted(&message);
    uow.events().append(&LogEntry {
        chat: chat.id,
        tick,
        actor: cx.actor.agent,
        event,
    })?;
    if let Some(parent) = message.parent
        && let Some(parent) = uow.messages().get(parent)?
    {
        uow.messages()
            .set_reply_count(parent.id, parent.reply_count.saturating_sub(1))?;
    }
    uow.chats().update(&chat)?;
    Ok(message)
}
