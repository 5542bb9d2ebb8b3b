//! Use case: edit a message.

use std::sync::Arc;

use crate::kernel::context::Context;
use crate::kernel::error::{Invalid, refusals};
use crate::kernel::id::MessageId;
use crate::kernel::log::Logged;
use crate::kernel::store_error::StoreError;
use crate::talk::access::{AccessError, lock_message};
use crate::talk::model::chat::Chat;
use crate::talk::model::event::Event;
use crate::talk::model::media::Media;
use crate::talk::model::message::{Author, Message, Revision};
use crate::talk::steps::attachment::reattach;
use crate::talk::steps::content::{ReferenceError, check_content, is_empty, resolve_references};
use crate::talk::steps::mention::mention_anew;
use crate::talk::steps::record::record;
use crate::talk::unit::TalkUnit;

/// The command; `None` keeps a field unchanged.
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
    /// Refusals of [`edit_message`].
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

/// Changes the author's message and stores the earlier version. Without a change there is no event.
///
/// # Errors
/// See [`EditMessageError`].
pub fn edit_message(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    command: &EditMessage,
) -> Result<Message, EditMessageError> {
    edit_and_log(uow, cx, command).map(|(message, _)| message)
}

/// Does what [`edit_message`] does, and also returns the event, if there is one.
///
/// # Errors
/// See [`EditMessageError`].
pub fn edit_and_log(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    command: &EditMessage,
) -> Result<(Message, Option<Arc<Logged>>), EditMessageError> {
    let (mut chat, mut message, edited) = check_edit(uow, cx, command)?;
    let Some(Edited { text, medias }) = edited else {
        return Ok((message, None));
    };
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
    reattach(uow, &message, &earlier.medias)?;
    mention_anew(uow, &message, &earlier.text)?;
    let event = record(uow, cx, &chat, Event::MessageEdited(&message))?;
    Ok((message, Some(event)))
}

/// The content of a message after an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// Text.
    pub text: String,
    /// Attachments.
    pub medias: Vec<Media>,
}

/// Checks everything that [`edit_message`] refuses an edit for, and changes nothing. Returns the chat,
/// the message as it is, and its new content; `None` if the edit changes nothing.
///
/// # Errors
/// See [`EditMessageError`].
pub fn check_edit(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    command: &EditMessage,
) -> Result<(Chat, Message, Option<Edited>), EditMessageError> {
    if command.text.is_none() && command.medias.is_none() {
        return Err(EditMessageError::NothingToChange);
    }
    let (text, medias) = (command.text.as_deref(), command.medias.as_deref());
    check_content(
        text.unwrap_or_default(),
        medias.unwrap_or_default(),
        &cx.limits,
    )?;
    let (chat, message) = lock_message(uow, cx.actor, command.message)?;
    match message.author {
        Author::System(_) => return Err(EditMessageError::IsSystem),
        Author::Agent(author) if author != cx.actor.agent => {
            return Err(EditMessageError::NotTheAuthor);
        }
        Author::Agent(_) if message.deleted.is_some() => return Err(EditMessageError::Deleted),
        Author::Agent(_) if !chat.is_open() => return Err(EditMessageError::Closed),
        Author::Agent(_) => {}
    }
    let medias = medias.unwrap_or(&message.medias).to_vec();
    let edited = Edited {
        text: text.unwrap_or(&message.text).to_owned(),
        medias: resolve_references(uow, cx.actor, medias, &message.medias)?,
    };
    if edited.text == message.text && edited.medias == message.medias {
        return Ok((chat, message, None));
    }
    if is_empty(&edited.text, &edited.medias) {
        return Err(EditMessageError::Empty);
    }
    Ok((chat, message, Some(edited)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::model::chat::ChatStatus;
    use crate::talk::model::event::EventKind::MessageEdited;
    use crate::talk::model::note::{SystemKind, SystemNote};
    use crate::testing::{MockUnitOfWork, Scene, a_chat, a_message, agent_id, at, context};

    fn unit(scene: &Scene) -> MockUnitOfWork {
        let mut uow = scene.unit();
        uow.messages.expect_update().returning(|_| Ok(()));
        uow
    }

    fn scene(message: &Message) -> Scene {
        Scene::new(a_chat())
            .members(&[agent_id(1), agent_id(2)])
            .messages(std::slice::from_ref(message))
    }

    fn edit(uow: &mut MockUnitOfWork, by: u128, text: &str) -> Result<Message, EditMessageError> {
        let command = EditMessage {
            message: a_message(1).id,
            text: Some(text.into()),
            medias: None,
        };
        edit_message(uow, &context(agent_id(by)), &command)
    }

    /// MSG-07.
    #[test]
    fn an_edit_keeps_the_earlier_version() {
        let scene = scene(&a_message(1));
        let mut uow = unit(&scene);
        uow.messages
            .expect_add_revision()
            .withf(|earlier| earlier.text == "hello" && earlier.written == a_message(1).created)
            .times(1)
            .returning(|_| Ok(()));
        let message = edit(&mut uow, 1, "hello, world").unwrap();
        assert_eq!(message.edited, Some(message.updated));
        assert_eq!(
            message.seq,
            a_message(1).seq,
            "the creating event never changes"
        );
        assert_eq!(scene.events(), [MessageEdited]);
    }

    /// MSG-03 and case 77.
    #[test]
    fn an_edit_leaves_something_to_see() {
        for text in ["", "\u{200b}", " \u{2800}\u{ad}\n"] {
            let refused = edit(&mut unit(&scene(&a_message(1))), 1, text);
            assert!(matches!(refused, Err(EditMessageError::Empty)), "{text:?}");
        }
    }

    /// MSG-07: no change, no event.
    #[test]
    fn the_same_text_changes_nothing() {
        let scene = scene(&a_message(1));
        assert_eq!(edit(&mut unit(&scene), 1, "hello").unwrap(), a_message(1));
        assert!(scene.events().is_empty());
    }

    /// MSG-07.
    #[test]
    fn only_the_author_edits_and_only_what_is_not_deleted() {
        let by_other = edit(&mut unit(&scene(&a_message(1))), 2, "x");
        assert!(matches!(by_other, Err(EditMessageError::NotTheAuthor)));
        let tombstone = Message {
            deleted: Some(at(9)),
            ..a_message(1)
        };
        let of_deleted = edit(&mut unit(&scene(&tombstone)), 1, "x");
        assert!(matches!(of_deleted, Err(EditMessageError::Deleted)));
        let note = SystemNote {
            kind: SystemKind::ChatClosed,
            actor: agent_id(1),
        };
        let system = Message {
            author: Author::System(note),
            ..a_message(1)
        };
        let of_system = edit(&mut unit(&scene(&system)), 1, "x");
        assert!(matches!(of_system, Err(EditMessageError::IsSystem)));
    }

    /// S-110.
    #[test]
    fn nothing_is_edited_in_a_closed_chat() {
        let closed = Chat {
            status: ChatStatus::Closed,
            ..a_chat()
        };
        let scene = Scene::new(closed)
            .members(&[agent_id(1)])
            .messages(&[a_message(1)]);
        let refused = edit(&mut unit(&scene), 1, "x");
        assert!(matches!(refused, Err(EditMessageError::Closed)));
    }

    /// MSG-03.
    #[test]
    fn an_edit_leaves_something_to_say() {
        let refused = edit(&mut unit(&scene(&a_message(1))), 1, "  ");
        assert!(matches!(refused, Err(EditMessageError::Empty)));
        let nothing = EditMessage {
            message: a_message(1).id,
            text: None,
            medias: None,
        };
        let refused = edit_message(
            &mut unit(&scene(&a_message(1))),
            &context(agent_id(1)),
            &nothing,
        );
        assert!(matches!(refused, Err(EditMessageError::NothingToChange)));
    }
}
