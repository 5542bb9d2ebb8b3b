//! The content of an answer that can be repeated: of a use case that ran now, or ran earlier for the
//! same idempotency key.

use std::sync::Arc;

use crate::kernel::context::Actor;
use crate::kernel::id::DecisionId;
use crate::kernel::idempotency::{Answer, Repeatable};
use crate::kernel::log::Logged;
use crate::kernel::store_error::StoreError;
use crate::talk::access::{AccessError, undeleted_message, view_message};
use crate::talk::model::message::Message;
use crate::talk::unit::TalkSnapshot;

/// The content of an answer.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A body, which is stored as it is.
    Body(String),
    /// A committed event, whose payload has the answer.
    Event(Arc<Logged>),
    /// The current state of a message that did not change.
    Message(Box<Message>),
    /// The message of the request is held.
    Held(DecisionId),
    /// The current state of a message that a released edit did not change.
    Released(DecisionId, Box<Message>),
    /// An intercept refused the message of the request, for this reason.
    Blocked(DecisionId, String),
}

impl Repeatable for Reply {
    fn answer(&self) -> Answer {
        match self {
            Self::Body(body) => Answer::Body(body.clone()),
            Self::Event(event) => Answer::Event(event.stream, event.seq),
            Self::Message(message) => Answer::Message(message.id),
            Self::Held(id) => Answer::Held(*id),
            Self::Released(id, message) => Answer::Released(*id, message.id),
            Self::Blocked(id, reason) => Answer::Blocked(*id, reason.clone()),
        }
    }
}

/// Loads the content of a stored answer. An event is read from the log, so that deleted content is
/// not shown. A message that did not change is read now, with the current access checks. The
/// message of a released edit is also shown to an admin who does not participate in its chat, as it
/// was at the release.
///
/// # Errors
/// If the actor may not see the message any more.
pub fn load_reply(
    snapshot: &mut dyn TalkSnapshot,
    actor: Actor,
    answer: &Answer,
) -> Result<Reply, AccessError> {
    Ok(match *answer {
        Answer::Body(ref body) => Reply::Body(body.clone()),
        Answer::Event(stream, seq) => {
            let event = snapshot.events().get(stream, seq)?;
            let gone = || StoreError::Corrupt(format!("no event {seq} of {stream}").into());
            Reply::Event(event.ok_or_else(gone)?)
        }
        Answer::Message(id) => Reply::Message(Box::new(view_message(snapshot, actor, id)?.1)),
        Answer::Held(id) => Reply::Held(id),
        Answer::Released(id, message) => {
            Reply::Released(id, Box::new(undeleted_message(snapshot, message)?.1))
        }
        Answer::Blocked(id, ref reason) => Reply::Blocked(id, reason.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::model::chat::Chat;
    use crate::testing::{
        MockSnapshot, a_chat, a_message, actor, agent_id, at, message_id, posted, seen, stream_id,
    };
    use uuid::Uuid;

    fn loaded(snapshot: &mut MockSnapshot, answer: &Answer) -> Result<Reply, AccessError> {
        load_reply(snapshot, actor(agent_id(1)), answer)
    }

    #[test]
    fn a_stored_answer_is_loaded_as_what_it_was_stored_from() {
        let mut snapshot = seen(&a_chat(), &[agent_id(1)]);
        let get = snapshot.messages.expect_get();
        get.returning(|_| Ok(Some(a_message(1))));
        let get = snapshot.events.expect_get();
        get.returning(|stream, seq| Ok(Some(posted(stream, seq, "{}"))));
        for answer in [
            Answer::Body("{}".into()),
            Answer::Event(stream_id(1), 5),
            Answer::Message(message_id(1)),
            Answer::Released(Uuid::from_u128(1).into(), message_id(1)),
            Answer::Held(Uuid::from_u128(1).into()),
            Answer::Blocked(Uuid::from_u128(1).into(), "no".into()),
        ] {
            let reply = loaded(&mut snapshot, &answer).unwrap();
            assert_eq!(reply.answer(), answer);
        }
    }

    /// A removed participant does not see a message by repeating an old request.
    #[test]
    fn an_answer_about_a_message_is_loaded_with_the_access_of_now() {
        let mut snapshot = seen(&a_chat(), &[agent_id(2)]);
        let get = snapshot.messages.expect_get();
        get.returning(|_| Ok(Some(a_message(1))));
        let refused = loaded(&mut snapshot, &Answer::Message(message_id(1)));
        assert!(matches!(refused, Err(AccessError::NotAParticipant)));
        let released = Answer::Released(Uuid::from_u128(1).into(), message_id(1));
        assert!(loaded(&mut snapshot, &released).is_ok());
    }

    #[test]
    fn a_released_message_of_a_deleted_chat_is_not_shown() {
        let deleted = Chat {
            deleted: Some(at(1)),
            ..a_chat()
        };
        let mut snapshot = seen(&deleted, &[]);
        let get = snapshot.messages.expect_get();
        get.returning(|_| Ok(Some(a_message(1))));
        let released = Answer::Released(Uuid::from_u128(1).into(), message_id(1));
        let refused = loaded(&mut snapshot, &released);
        assert!(matches!(refused, Err(AccessError::NoSuchMessage)));
    }

    #[test]
    fn an_answer_whose_event_is_missing_is_a_fault_of_the_storage() {
        let mut snapshot = MockSnapshot::default();
        snapshot.events.expect_get().returning(|_, _| Ok(None));
        let refused = loaded(&mut snapshot, &Answer::Event(stream_id(1), 5));
        assert!(matches!(
            refused,
            Err(AccessError::Store(StoreError::Corrupt(_)))
        ));
    }
}
