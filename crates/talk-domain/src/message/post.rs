//! Use case: post a message.

use crate::access::{AccessError, lock_as_member};
use crate::chat::Chat;
use crate::context::Context;
use crate::error::{Invalid, refusals};
use crate::event::{Event, LogEntry};
use crate::id::{ChatId, MessageId};
use crate::limits::{Limits, check_text};
use crate::media::Media;
use crate::message::{Author, Message};
use crate::store::{StoreError, UnitOfWork};

/// The command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostMessage {
    /// The chat.
    pub chat: ChatId,
    /// The message to answer.
    pub parent: Option<MessageId>,
    /// What to say.
    pub text: String,
    /// What to attach.
    pub medias: Vec<Media>,
}

refusals! {
    /// Why a message is not posted.
    pub enum PostMessageError {
        Empty = InvalidArgument "MESSAGE_EMPTY" "a message needs a text or a media",
        Closed = FailedPrecondition "CHAT_CLOSED" "the chat is closed",
        ParentNotFound = NotFound "PARENT_NOT_FOUND" "the chat has no such message to answer",
        ParentIsSystem = PermissionDenied "SYSTEM_MESSAGE_READ_ONLY"
            "system messages cannot be answered",
        ..Invalid(Invalid),
        ..Access(AccessError),
        ..Store(StoreError),
    }
}

/// Posts a message in a chat of the caller. A deleted parent is allowed: the thread keeps its
/// shape (S-081); replies nest to any depth (S-082).
///
/// # Errors
/// See [`PostMessageError`].
pub fn post_message(
    uow: &mut dyn UnitOfWork,
    cx: &Context,
    command: &PostMessage,
) -> Result<Message, PostMessageError> {
    check_content(&command.text, &command.medias, &cx.limits)?;
    if is_empty(&command.text, &command.medias) {
        return Err(PostMessageError::Empty);
    }
    let (mut chat, _) = lock_as_member(uow, cx.actor, command.chat)?;
    if !chat.is_open() {
        return Err(PostMessageError::Closed);
    }
    let parent = command
        .parent
        .map(|id| parent(uow, &chat, id))
        .transpose()?;
    check_references(uow, &command.medias)?;
    let message = compose(cx, &mut chat, command, parent.as_ref());
    uow.messages().insert(&message)?;
    if let Some(parent) = parent {
        uow.messages()
            .set_reply_count(parent.id, parent.reply_count + 1)?;
    }
    uow.events().append(&LogEntry {
        chat: chat.id,
        tick: chat.last,
        actor: cx.actor.agent,
        event: Event::MessagePosted(&message),
    })?;
    uow.chats().update(&chat)?;
    Ok(message)
}

fn parent(
    uow: &mut dyn UnitOfWork,
    chat: &Chat,
    id: MessageId,
) -> Result<Message, PostMessageError> {
    let parent = uow
        .messages()
        .get(id)?
        .filter(|parent| parent.chat == chat.id);
    match parent {
        Some(Message {
            author: Author::System(_),
            ..
        }) => Err(PostMessageError::ParentIsSystem),
        Some(parent) => Ok(parent),
        None => Err(PostMessageError::ParentNotFound),
    }
}

fn compose(
    cx: &Context,
    chat: &mut Chat,
    command: &PostMessage,
    parent: Option<&Message>,
) -> Message {
    let tick = chat.tick(cx.now);
    let id = cx.fresh();
    Message {
        id,
        customer: chat.customer,
        chat: chat.id,
        seq: tick.seq,
        author: Author::Agent(cx.actor.agent),
        parent: parent.map(|parent| parent.id),
        root: parent.map_or(id, |parent| parent.root),
        depth: parent.map_or(0, |parent| parent.depth + 1),
        text: command.text.clone(),
        medias: command.medias.clone(),
        reactions: Vec::new(),
        reply_count: 0,
        created: tick.at,
        updated: tick.at,
        edited: None,
        deleted: None,
    }
}

/// Checks what needs no lookup.
pub(crate) fn check_content(text: &str, medias: &[Media], limits: &Limits) -> Result<(), Invalid> {
    check_text("text", text, limits.text)?;
    if medias.len() > limits.medias {
        return Err(Invalid::too_long("medias", limits.medias, "medias"));
    }
    for (i, media) in medias.iter().enumerate() {
        media.check(&format!("medias[{i}]"), limits)?;
    }
    Ok(())
}

/// Whether there is nothing to say.
pub(crate) fn is_empty(text: &str, medias: &[Media]) -> bool {
    medias.is_empty() && text.trim().is_empty()
}

refusals! {
    /// Why a media does not fit.
    pub enum ReferenceError {
        ..Invalid(Invalid),
        ..Store(StoreError),
    }
}

/// Checks that files and agents named by medias are the customer's.
pub(crate) fn check_references(
    uow: &mut dyn UnitOfWork,
    medias: &[Media],
) -> Result<(), ReferenceError> {
    for (i, media) in medias.iter().enumerate() {
        let unknown = match media {
            Media::File(id) if !uow.files().exists(*id)? => {
                Some(("file_id", "MEDIA_FILE_NOT_FOUND", "there is no such file"))
            }
            Media::Agent(id) if uow.agents().get(*id)?.is_none_or(|a| a.deleted.is_some()) => {
                Some((
                    "agent_id",
                    "MEDIA_AGENT_NOT_FOUND",
                    "there is no such agent",
                ))
            }
            _ => None,
        };
        if let Some((field, reason, message)) = unknown {
            return Err(Invalid::new(format!("medias[{i}].{field}"), reason, message).into());
        }
    }
    Ok(())
}

impl From<ReferenceError> for PostMessageError {
    fn from(error: ReferenceError) -> Self {
        match error {
            ReferenceError::Invalid(invalid) => Self::Invalid(invalid),
            ReferenceError::Store(store) => Self::Store(store),
        }
    }
}
