//! Use case: list who has read a message.

use crate::kernel::context::Actor;
use crate::kernel::id::MessageId;
use crate::kernel::page::{Page, PageRequest};
use crate::talk::access::{AccessError, Placed, view_message};
use crate::talk::model::read::ReadMark;
use crate::talk::unit::TalkSnapshot;

/// Lists the participants whose mark is at the message or after it.
///
/// # Errors
/// See [`AccessError`].
pub fn list_readers(
    snapshot: &mut dyn TalkSnapshot,
    actor: Actor,
    message: MessageId,
    request: PageRequest,
) -> Result<Placed<Page<ReadMark>>, AccessError> {
    let (chat, message) = view_message(snapshot, actor, message)?;
    let readers = snapshot.reads().readers(chat.id, message.seq, request)?;
    Ok(Placed::new(readers, &chat))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{
        FIRST, a_chat, a_message, actor, agent_id, at, chat_id, customer_id, seen,
    };

    fn mark() -> ReadMark {
        ReadMark {
            customer: customer_id(),
            chat: chat_id(1),
            agent: agent_id(1),
            place: a_chat().last,
            updated: at(10),
        }
    }

    fn list(by: u128) -> Result<Placed<Page<ReadMark>>, AccessError> {
        let mut snapshot = seen(&a_chat(), &[agent_id(1)]);
        let get = snapshot.messages.expect_get();
        get.returning(|_| Ok(Some(a_message(1))));
        let readers = snapshot.reads.expect_readers();
        readers
            .withf(|chat, seq, request| {
                (*chat, *seq, *request) == (chat_id(1), a_message(1).seq, FIRST)
            })
            .returning(|_, _, _| {
                Ok(Page {
                    rows: vec![mark()],
                    next: None,
                })
            });
        list_readers(&mut snapshot, actor(agent_id(by)), a_message(1).id, FIRST)
    }

    /// A mark at the message's event or a later one counts as read.
    #[test]
    fn a_participant_learns_who_has_read_a_message_and_an_outsider_does_not() {
        let readers = list(1).unwrap();
        assert_eq!(readers.value.rows, [mark()]);
        assert_eq!((readers.chat, readers.seq), (chat_id(1), a_chat().last.seq));
        assert!(matches!(list(2), Err(AccessError::NotAParticipant)));
    }
}
