//! Use case: edit a message.

use crate::access::{AccessError, lock_message};
use crate::context::Context;
use crate::error::{Invalid, refusals};
use crate::event::{Event, LogEntry};
use crate::id::MessageId;
use crate::media::Media;
use crate::message::post::{ReferenceError, check_content, check_references, is_empty};
use crate::message::{Author, Message, Revision};
use crate::store::{StoreError, UnitOfWork};

/// The command; `None` keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditMessage {
    /// The message.
    pub message: MessageId,
    /// The new text.
    pub text: Option<String>,
    /// The new medias.
    pub medias: Option<Vec<Media>>,
}

refusals! {
    /// Why a message is not edited.
    pub enum EditMessageError {
        NothingToChange = InvalidArgument "NOTHING_TO_CHANGE" "give text or medias",
        Empty = InvalidArgument "MESSAGE_EMPTY" "a message needs a text or a media",
        IsSystem = PermissionDenied "SYSTEM_MESSAGE_READ_ONLY" "system messages cannot be edited",
        NotTheAuthor = PermissionDenied "PERMISSION_DENIED" "only the author may edit a message",
        Deleted = FailedPrecondition "MESSAGE_DELETED" "the message is deleted",
        Closed = FailedPrecondition "CHAT_CLOSED" "the chat is closed",
        ..Invalid(Invalid),
        ..Access(AccessError),
        ..Reference(ReferenceError),
        ..Store(StoreError),
    }
}

/// Changes the author's message and keeps the earlier version. No change: no event.
///
/// # Errors
/// See [`EditMessageError`].
pub fn edit_message(
    uow: &mut dyn UnitOfWork,
    cx: &Context,
    command: &EditMessage,
) -> Result<Message, EditMessageError> {
    if command.text.is_none() && command.medias.is_none() {
        return Err(EditMessageError::NothingToChange);
    }
    let (text, medias) = (command.text.as_deref(), command.medias.as_deref());
    check_content(
        text.unwrap_or_default(),
        medias.unwrap_or_default(),
        &cx.limits,
    )?;
    let (mut chat, mut message) = lock_message(uow, cx.actor, command.message)?;
    match message.author {
        Author::System(_) => return Err(EditMessageError::IsSystem),
        Author::Agent(author) if author != cx.actor.agent => {
            return Err(EditMessageError::NotTheAuthor);
        }
        Author::Agent(_) if message.deleted.is_some() => return Err(EditMessageError::Deleted),
        Author::Agent(_) if !chat.is_open() => return Err(EditMessageError::Closed),
        Author::Agent(_) => {}
    }
    let text = text.unwrap_or(&message.text).to_owned();
    let medias = medias.unwrap_or(&message.medias).to_vec();
    if text == message.text && medias == message.medias {
        return Ok(message);
    }
    if is_empty(&text, &medias) {
        return Err(EditMessageError::Empty);
    }
    check_references(uow, &medias)?;
    let tick = chat.tick(cx.now);
    let earlier = Revision {
        message: message.id,
        text: std::mem::replace(&mut message.text, text),
        medias: std::mem::replace(&mut message.medias, medias),
        written: message.edited.unwrap_or(message.created),
    };
    (message.updated, message.edited) = (tick.at, Some(tick.at));
    uow.messages().add_revision(&earlier)?;
    uow.messages().update(&message)?;
    let event = Event::MessageEdited(&message);
    uow.events().append(&LogEntry {
        chat: chat.id,
        tick,
        actor: cx.actor.agent,
        event,
    })?;
    uow.chats().update(&chat)?;
    Ok(message)
}
