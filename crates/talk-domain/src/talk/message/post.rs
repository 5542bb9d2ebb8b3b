//! Use case: post a message.

use std::sync::Arc;

use crate::kernel::context::Context;
use crate::kernel::error::{Invalid, refusals};
use crate::kernel::id::{ChatId, MessageId};
use crate::kernel::log::Logged;
use crate::kernel::store_error::StoreError;

use crate::talk::access::{AccessError, lock_as_member};
use crate::talk::model::chat::Chat;
use crate::talk::model::media::Media;
use crate::talk::model::message::{Author, Message};
use crate::talk::steps::compose::Draft;
use crate::talk::steps::compose::publish;
use crate::talk::steps::content::{ReferenceError, check_content, is_empty, resolve_references};
use crate::talk::unit::TalkUnit;

/// The command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostMessage {
    /// The chat.
    pub chat: ChatId,
    /// The message to reply to.
    pub parent: Option<MessageId>,
    /// Text.
    pub text: String,
    /// Attachments.
    pub medias: Vec<Media>,
}

/// A message that was posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The message.
    pub message: Message,
    /// Its event.
    pub event: Arc<Logged>,
}

refusals! {
    /// Refusals of [`post_message`].
    pub enum PostMessageError {
        Empty = InvalidArgument "MESSAGE_EMPTY" "a message needs a text or a media",
        Closed = FailedPrecondition "CHAT_CLOSED" "the chat is closed",
        ParentNotFound = NotFound "PARENT_NOT_FOUND" "the chat has no such message to answer",
        ParentIsSystem = PermissionDenied "SYSTEM_MESSAGE_READ_ONLY"
            "system messages cannot be answered",
        ..Invalid(Invalid),
        ..Access(AccessError),
        ..Reference(ReferenceError),
        ..Store(StoreError),
    }
}

/// Posts a message in a chat of the caller. A deleted parent is allowed: the thread keeps its
/// shape (MSG-04); replies nest to any depth (S-082).
///
/// # Errors
/// See [`PostMessageError`].
pub fn post_message(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    command: &PostMessage,
) -> Result<Posted, PostMessageError> {
    let (mut chat, parent, medias) = check_post(uow, cx, command)?;
    let draft = Draft {
        author: Author::Agent(cx.actor.agent),
        parent: parent.as_ref(),
        text: command.text.clone(),
        medias,
    };
    let (message, event) = publish(uow, cx, &mut chat, draft)?;
    Ok(Posted { message, event })
}

/// Checks everything that [`post_message`] refuses a message for, and changes nothing. Returns the chat,
/// the message that is replied to, and the attachments as they are stored.
///
/// # Errors
/// See [`PostMessageError`].
pub fn check_post(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    command: &PostMessage,
) -> Result<(Chat, Option<Message>, Vec<Media>), PostMessageError> {
    check_content(&command.text, &command.medias, &cx.limits)?;
    if is_empty(&command.text, &command.medias) {
        return Err(PostMessageError::Empty);
    }
    let (chat, _) = lock_as_member(uow, cx.actor, command.chat)?;
    if !chat.is_open() {
        return Err(PostMessageError::Closed);
    }
    let parent = command
        .parent
        .map(|id| parent(uow, &chat, id))
        .transpose()?;
    let medias = resolve_references(uow, cx.actor, command.medias.clone(), &[])?;
    Ok((chat, parent, medias))
}

fn parent(uow: &mut dyn TalkUnit, chat: &Chat, id: MessageId) -> Result<Message, PostMessageError> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::model::chat::ChatStatus;
    use crate::talk::model::event::EventKind::MessagePosted;
    use crate::talk::model::note::{SystemKind, SystemNote};
    use crate::testing::{Scene, a_chat, a_message, agent_id, at, context, message_id};
    use uuid::Uuid;

    fn scene() -> Scene {
        Scene::new(a_chat()).members(&[agent_id(1)])
    }

    fn says(text: &str) -> PostMessage {
        PostMessage {
            chat: a_chat().id,
            parent: None,
            text: text.into(),
            medias: vec![],
        }
    }

    fn post(scene: &Scene, command: &PostMessage) -> Result<Message, PostMessageError> {
        post_message(&mut scene.unit(), &context(agent_id(1)), command).map(|done| done.message)
    }

    /// S-080.
    #[test]
    fn a_message_is_stored_and_logged_with_the_seq_of_its_event() {
        let scene = scene();
        let message = post(&scene, &says("hello")).unwrap();
        assert_eq!(message.author, Author::Agent(agent_id(1)));
        assert_eq!((message.seq, message.depth), (a_chat().last.seq + 1, 0));
        assert_eq!((message.root, message.parent), (message.id, None));
        assert_eq!((message.created, message.edited), (message.updated, None));
        assert_eq!(scene.events(), [MessagePosted]);
    }

    /// S-080.
    #[test]
    fn an_outsider_posts_nothing() {
        let scene = Scene::new(a_chat()).members(&[agent_id(2)]);
        let refused = post(&scene, &says("hello"));
        assert!(matches!(
            refused,
            Err(PostMessageError::Access(AccessError::NotAParticipant))
        ));
        assert!(scene.events().is_empty());
    }

    /// MSG-03 and case 77.
    #[test]
    fn nothing_to_say_is_not_a_message() {
        for text in ["", " \n\t", "\u{200b}", "\u{2800}\u{3164} \u{ad}"] {
            assert!(matches!(
                post(&scene(), &says(text)),
                Err(PostMessageError::Empty)
            ));
        }
        let mut command = says("");
        command.medias = vec![Media::Link("https://e.test".into())];
        assert!(post(&scene(), &command).is_ok());
    }

    /// S-110.
    #[test]
    fn a_closed_chat_takes_no_message() {
        let closed = Chat {
            status: ChatStatus::Closed,
            ..a_chat()
        };
        let scene = Scene::new(closed).members(&[agent_id(1)]);
        assert!(matches!(
            post(&scene, &says("x")),
            Err(PostMessageError::Closed)
        ));
    }

    /// S-082.
    #[test]
    fn a_reply_hangs_below_its_parent_and_counts_there() {
        let parent = Message {
            root: message_id(7),
            depth: 3,
            reply_count: 2,
            deleted: Some(at(9)),
            ..a_message(1)
        };
        let scene = scene().messages(std::slice::from_ref(&parent));
        let mut uow = scene.unit();
        uow.messages
            .expect_set_reply_count()
            .withf(|id, count| (*id, *count) == (message_id(1), 3))
            .times(1)
            .returning(|_, _| Ok(()));
        let command = PostMessage {
            parent: Some(parent.id),
            ..says("yes")
        };
        let posted = post_message(&mut uow, &context(agent_id(1)), &command);
        let reply = posted.unwrap().message;
        assert_eq!((reply.root, reply.depth), (message_id(7), 4));
    }

    /// MSG-04 and case 12.
    #[test]
    fn a_parent_of_another_chat_or_of_none_is_not_found() {
        let mut elsewhere = a_message(1);
        elsewhere.chat = ChatId(Uuid::from_u128(9));
        let scene = scene().messages(&[elsewhere]);
        for parent in [message_id(1), message_id(2)] {
            let command = PostMessage {
                parent: Some(parent),
                ..says("yes")
            };
            assert!(matches!(
                post(&scene, &command),
                Err(PostMessageError::ParentNotFound)
            ));
        }
    }

    /// S-090.
    #[test]
    fn nobody_answers_the_system() {
        let note = SystemNote {
            kind: SystemKind::ChatClosed,
            actor: agent_id(1),
        };
        let scene = scene().messages(&[Message {
            author: Author::System(note),
            ..a_message(1)
        }]);
        let command = PostMessage {
            parent: Some(message_id(1)),
            ..says("yes")
        };
        assert!(matches!(
            post(&scene, &command),
            Err(PostMessageError::ParentIsSystem)
        ));
    }

    /// API-18.
    #[test]
    fn limits_are_named() {
        let link = Media::Link("https://e.test".into());
        let many = PostMessage {
            medias: vec![link; 21],
            ..says("x")
        };
        for (command, field, limit) in [
            (says(&"x".repeat(16_001)), "text", 16_000),
            (many, "medias", 20),
        ] {
            let Err(PostMessageError::Invalid(invalid)) = post(&scene(), &command) else {
                panic!("{field} is accepted")
            };
            assert_eq!((&*invalid.field, invalid.limit), (field, Some(limit)));
        }
    }
}
