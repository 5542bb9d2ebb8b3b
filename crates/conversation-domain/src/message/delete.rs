//! Use case: delete a message.

use talk_domain::kernel::context::Context;
use talk_domain::kernel::error::refusals;
use talk_domain::kernel::id::{ConversationId, ConversationMessageId};
use talk_domain::kernel::store_error::StoreError;

use crate::access::{AccessError, lock_taking_part};
use crate::model::message::Message;
use crate::model::room::Room;
use crate::steps::record::Cause;
use crate::steps::tombstone::make_tombstone;
use crate::unit::ConversationUnit;

refusals! {
    /// Refusals of [`delete_message`].
    pub enum DeleteMessageError {
        NoSuchMessage = NotFound "MESSAGE_NOT_FOUND" "there is no such message",
        ..Access(AccessError),
        ..Store(StoreError),
    }
}

/// Turns a message of either side into a tombstone. Its text and medias are removed from the message, its
/// logged events and its files. It is not sent any more if it waits; what was sent stays with the person
/// outside. If it is deleted already, nothing changes.
///
/// # Errors
/// See [`DeleteMessageError`].
pub fn delete_message(
    uow: &mut dyn ConversationUnit,
    cx: &Context,
    (conversation, id): (ConversationId, ConversationMessageId),
) -> Result<(Message, Room), DeleteMessageError> {
    let mut conversation = lock_taking_part(uow, cx.actor, conversation)?;
    let cause = Cause {
        actor: Some(cx.actor.agent),
        now: cx.now,
    };
    loop {
        let found = uow.conversation_messages().get(id)?;
        let found = found.filter(|message| message.conversation == conversation.id);
        let message = found.ok_or(DeleteMessageError::NoSuchMessage)?;
        if message.deleted.is_some() {
            return Ok((message, conversation.room));
        }
        // A step for every few events of the message, which has as many as it has had tries.
        make_tombstone(uow, cause, &mut conversation, message)?;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::model::conversation::Conversation;
    use crate::model::participant::Participant;
    use crate::testing::{MockUnit, a_conversation, a_message, a_participant, logs};
    use talk_domain::testing::{agent_id, at, context};

    /// A unit in which `stored` is the only message, and a message has `steps` steps of events.
    fn unit(stored: Message, steps: usize, participant: Option<Participant>) -> MockUnit {
        let mut uow = MockUnit::default();
        let lock = uow.conversations.expect_lock();
        lock.returning(|_| {
            Ok(Some(Conversation {
                participants: 1,
                ..a_conversation()
            }))
        });
        let find = uow.conversation_participants.expect_find();
        find.returning(move |_, _| Ok(participant));
        let of = uow.conversation_participants.expect_of();
        of.returning(|_| Ok(Vec::new()));
        let stored = Arc::new(Mutex::new(stored));
        let read = Arc::clone(&stored);
        let get = uow.conversation_messages.expect_get();
        get.returning(move |id| {
            let message = read.lock().unwrap().clone();
            Ok(Some(message).filter(|message| message.id == id))
        });
        let update = uow.conversation_messages.expect_update();
        update.returning(move |message| {
            *stored.lock().unwrap() = message.clone();
            Ok(())
        });
        let mut left = steps;
        let redact = uow.message_log.expect_redact();
        redact.times(steps).returning(move |_, _, _| {
            left -= 1;
            Ok(left > 0)
        });
        uow.jobs.expect_get().returning(|_| Ok(None));
        uow.conversations.expect_update().returning(|_| Ok(()));
        uow
    }

    fn delete(uow: &mut MockUnit, by: u128) -> Result<Message, DeleteMessageError> {
        let ids = (a_conversation().id, a_message(1).id);
        delete_message(uow, &context(agent_id(by)), ids).map(|(message, _)| message)
    }

    /// CONV-72.
    #[test]
    fn a_deleted_message_keeps_its_place_without_text() {
        let mut uow = unit(a_message(1), 3, Some(a_participant(1)));
        logs(&mut uow, "conversation_message_deleted", 1);
        let gone = delete(&mut uow, 7).unwrap();
        assert_eq!((&*gone.text, gone.seq), ("", a_message(1).seq));
        assert!(gone.deleted.is_some());
    }

    /// CONV-72: again, it has no event.
    #[test]
    fn a_deleted_message_stays_as_it_is() {
        let gone = Message {
            deleted: Some(at(8)),
            ..a_message(1)
        };
        let mut uow = unit(gone.clone(), 0, Some(a_participant(1)));
        logs(&mut uow, "conversation_message_deleted", 0);
        assert_eq!(delete(&mut uow, 7).unwrap(), gone);
    }

    /// CONV-72: by those who take part, in the message's own conversation.
    #[test]
    fn others_delete_no_message() {
        let mut uow = unit(a_message(1), 0, None);
        let refused = delete(&mut uow, 7);
        assert!(matches!(
            refused,
            Err(DeleteMessageError::Access(AccessError::NotTakingPart))
        ));
        let elsewhere = Message {
            conversation: ConversationId(uuid::Uuid::nil()),
            ..a_message(1)
        };
        let mut uow = unit(elsewhere, 0, Some(a_participant(1)));
        let refused = delete(&mut uow, 7);
        assert!(matches!(refused, Err(DeleteMessageError::NoSuchMessage)));
    }
}
