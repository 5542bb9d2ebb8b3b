//! Access checks: each use case on a chat starts with one of them.

use crate::kernel::context::Actor;
use crate::kernel::error::refusals;
use crate::kernel::id::{ChatId, MessageId};
use crate::kernel::store_error::StoreError;
use crate::talk::model::chat::{Chat, ChatKind};
use crate::talk::model::message::Message;
use crate::talk::model::participant::Participant;
use crate::talk::unit::{TalkSnapshot, TalkUnit};

refusals! {
    /// Refusals of the access checks. A chat of another customer is refused like one that does not
    /// exist.
    pub enum AccessError {
        NoSuchChat = NotFound "CHAT_NOT_FOUND" "there is no such chat",
        NoSuchMessage = NotFound "MESSAGE_NOT_FOUND" "there is no such message",
        NotAParticipant = PermissionDenied "PERMISSION_DENIED" "only participants may do this",
        ..Store(StoreError),
    }
}

/// A value read from one chat, with the head of the chat's log in the same snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// The chat.
    pub chat: ChatId,
    /// The `seq` of its newest event in the same snapshot.
    pub seq: u64,
}

impl<T> Placed<T> {
    pub(crate) const fn new(value: T, chat: &Chat) -> Self {
        Self {
            value,
            chat: chat.id,
            seq: chat.last.seq,
        }
    }
}

/// Locks a chat that is not deleted.
pub(crate) fn lock(uow: &mut dyn TalkUnit, id: ChatId) -> Result<Chat, AccessError> {
    let chat = uow.chats().lock(id)?;
    chat.filter(|chat| chat.deleted.is_none())
        .ok_or(AccessError::NoSuchChat)
}

/// Locks a chat the actor participates in.
pub(crate) fn lock_as_member(
    uow: &mut dyn TalkUnit,
    actor: Actor,
    id: ChatId,
) -> Result<(Chat, Participant), AccessError> {
    let chat = lock(uow, id)?;
    let member = uow.participants().find(id, actor.agent)?;
    Ok((chat, member.ok_or(AccessError::NotAParticipant)?))
}

/// Locks the chat of a message in which the actor participates.
pub(crate) fn lock_message(
    uow: &mut dyn TalkUnit,
    actor: Actor,
    id: MessageId,
) -> Result<(Chat, Message), AccessError> {
    let chat = uow
        .messages()
        .chat_of(id)?
        .ok_or(AccessError::NoSuchMessage)?;
    let (chat, _) = lock_as_member(uow, actor, chat).map_err(of_message)?;
    let message = uow.messages().get(id)?.ok_or(AccessError::NoSuchMessage)?;
    Ok((chat, message))
}

/// Checks that a message belongs to `chat`. A message of another chat is refused like one that does
/// not exist.
///
/// # Errors
/// `MESSAGE_NOT_FOUND`, or when storage fails.
pub fn check_place(
    uow: &mut dyn TalkUnit,
    message: MessageId,
    chat: ChatId,
) -> Result<(), AccessError> {
    match uow.messages().chat_of(message)? {
        Some(of) if of == chat => Ok(()),
        Some(_) | None => Err(AccessError::NoSuchMessage),
    }
}

/// Reads a chat in which the actor participates.
pub(crate) fn view(
    snapshot: &mut dyn TalkSnapshot,
    actor: Actor,
    id: ChatId,
) -> Result<Chat, AccessError> {
    let chat = undeleted(snapshot, id)?;
    match snapshot.participants().find(id, actor.agent)? {
        Some(_) => Ok(chat),
        None => Err(AccessError::NotAParticipant),
    }
}

/// Reads a chat whose card the actor may see: as a participant, or because it is a channel.
pub(crate) fn view_card(
    snapshot: &mut dyn TalkSnapshot,
    actor: Actor,
    id: ChatId,
) -> Result<Chat, AccessError> {
    let chat = undeleted(snapshot, id)?;
    if chat.kind == ChatKind::Talk {
        return Ok(chat);
    }
    view(snapshot, actor, id)
}

/// Reads a message of a chat in which the actor participates.
pub(crate) fn view_message(
    snapshot: &mut dyn TalkSnapshot,
    actor: Actor,
    id: MessageId,
) -> Result<(Chat, Message), AccessError> {
    let message = snapshot
        .messages()
        .get(id)?
        .ok_or(AccessError::NoSuchMessage)?;
    let chat = view(snapshot, actor, message.chat).map_err(of_message)?;
    Ok((chat, message))
}

/// Reads a message and its chat without checking participation. A deleted chat is refused.
pub(crate) fn undeleted_message(
    snapshot: &mut dyn TalkSnapshot,
    id: MessageId,
) -> Result<(Chat, Message), AccessError> {
    let message = snapshot.messages().get(id)?;
    let message = message.ok_or(AccessError::NoSuchMessage)?;
    let chat = undeleted(snapshot, message.chat).map_err(of_message)?;
    Ok((chat, message))
}

fn undeleted(snapshot: &mut dyn TalkSnapshot, id: ChatId) -> Result<Chat, AccessError> {
    let chat = snapshot.chats().get(id)?;
    chat.filter(|chat| chat.deleted.is_none())
        .ok_or(AccessError::NoSuchChat)
}

/// Converts a refusal of the chat into one of the message.
fn of_message(error: AccessError) -> AccessError {
    match error {
        AccessError::NoSuchChat => AccessError::NoSuchMessage,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{
        MockSnapshot, MockUnitOfWork, Scene, a_chat, a_message, a_participant, actor, agent_id,
        chat_id,
    };

    fn snapshot(chat: Chat, member: bool) -> MockSnapshot {
        let mut snapshot = MockSnapshot::default();
        snapshot
            .chats
            .expect_get()
            .returning(move |id| Ok(Some(chat.clone()).filter(|chat| chat.id == id)));
        snapshot
            .participants
            .expect_find()
            .returning(move |_, agent| Ok(member.then(|| a_participant(agent))));
        snapshot
            .messages
            .expect_get()
            .returning(|_| Ok(Some(a_message(1))));
        snapshot
    }

    fn channel() -> Chat {
        Chat {
            kind: ChatKind::Talk,
            ..a_chat()
        }
    }

    ///
    #[test]
    fn a_channels_card_is_for_everybody_and_its_messages_for_participants() {
        let (me, id) = (actor(agent_id(3)), chat_id(1));
        assert!(view_card(&mut snapshot(channel(), false), me, id).is_ok());
        let refused = view(&mut snapshot(channel(), false), me, id);
        assert!(matches!(refused, Err(AccessError::NotAParticipant)));
        assert!(view(&mut snapshot(channel(), true), me, id).is_ok());
    }

    /// API-16: visibility.
    #[test]
    fn a_private_chat_is_for_participants_only() {
        let (me, id) = (actor(agent_id(3)), chat_id(1));
        let refused = view_card(&mut snapshot(a_chat(), false), me, id);
        assert!(matches!(refused, Err(AccessError::NotAParticipant)));
        assert!(view_card(&mut snapshot(a_chat(), true), me, id).is_ok());
    }

    /// OLD-05: the path of a message names its chat.
    #[test]
    fn a_message_of_another_chat_or_of_none_is_not_found() {
        for (of, is_there) in [
            (Some(chat_id(1)), true),
            (Some(chat_id(2)), false),
            (None, false),
        ] {
            let mut uow = MockUnitOfWork::default();
            uow.messages.expect_chat_of().returning(move |_| Ok(of));
            let checked = check_place(&mut uow, a_message(1).id, chat_id(1));
            assert_eq!(checked.is_ok(), is_there, "{of:?}");
            assert!(is_there || matches!(checked, Err(AccessError::NoSuchMessage)));
        }
    }

    /// API-16 and CHAT-10.
    #[test]
    fn an_unknown_and_a_deleted_chat_are_refused_alike() {
        let (me, id) = (actor(agent_id(3)), chat_id(1));
        let deleted = Chat {
            deleted: Some(a_chat().created),
            ..channel()
        };
        let gone = view_card(&mut snapshot(deleted.clone(), true), me, id);
        assert!(matches!(gone, Err(AccessError::NoSuchChat)));
        let unknown = view(&mut snapshot(a_chat(), true), me, chat_id(2));
        assert!(matches!(unknown, Err(AccessError::NoSuchChat)));
        let message = view_message(&mut snapshot(deleted, true), me, a_message(1).id);
        assert!(matches!(message, Err(AccessError::NoSuchMessage)));
    }

    /// API-16: visibility.
    #[test]
    fn a_message_is_seen_by_participants_of_its_chat_alone() {
        let (me, id) = (actor(agent_id(3)), a_message(1).id);
        let (chat, message) = view_message(&mut snapshot(channel(), true), me, id).unwrap();
        assert_eq!((chat.id, message.id), (chat_id(1), id));
        let outside = view_message(&mut snapshot(channel(), false), me, id);
        assert!(matches!(outside, Err(AccessError::NotAParticipant)));
        let mut without = MockSnapshot::default();
        without.messages.expect_get().returning(|_| Ok(None));
        let unknown = view_message(&mut without, me, id);
        assert!(matches!(unknown, Err(AccessError::NoSuchMessage)));
    }

    /// API-16: outsiders change no message.
    #[test]
    fn a_message_is_locked_by_participants_of_its_chat_alone() {
        let id = a_message(1).id;
        let lock = |chat: Chat, messages: &[Message], by: u128| {
            let scene = Scene::new(chat).members(&[agent_id(1)]).messages(messages);
            lock_message(&mut scene.unit(), actor(agent_id(by)), id)
        };
        let there = [a_message(1)];
        let (chat, message) = lock(channel(), &there, 1).unwrap();
        assert_eq!((chat.id, message.id), (chat_id(1), id));
        let outside = lock(channel(), &there, 2);
        assert!(matches!(outside, Err(AccessError::NotAParticipant)));
        let deleted = Chat {
            deleted: Some(a_chat().created),
            ..a_chat()
        };
        for (chat, messages) in [(deleted, &there[..]), (a_chat(), &[])] {
            let unknown = lock(chat, messages, 1);
            assert!(matches!(unknown, Err(AccessError::NoSuchMessage)));
        }
    }

    /// API-16: outsiders lock no chat.
    #[test]
    fn a_chat_is_locked_as_a_member_by_its_members() {
        let scene = Scene::new(channel()).members(&[agent_id(1)]);
        let (chat, member) =
            lock_as_member(&mut scene.unit(), actor(agent_id(1)), chat_id(1)).unwrap();
        assert_eq!((chat.id, member.agent), (chat_id(1), agent_id(1)));
        let outside = lock_as_member(&mut scene.unit(), actor(agent_id(2)), chat_id(1));
        assert!(matches!(outside, Err(AccessError::NotAParticipant)));
        let unknown = lock_as_member(&mut scene.unit(), actor(agent_id(1)), chat_id(2));
        assert!(matches!(unknown, Err(AccessError::NoSuchChat)));
    }

    /// WS-09: an answer carries the `seq` of the chat's newest event at the time of the read.
    #[test]
    fn what_is_read_of_a_chat_has_the_place_of_the_read() {
        let placed = Placed::new("value", &a_chat());
        let place = (placed.value, placed.chat, placed.seq);
        assert_eq!(place, ("value", chat_id(1), 10));
    }
}
