//! Use case: mark messages as read.

use crate::kernel::context::Context;
use crate::kernel::error::{Invalid, refusals};
use crate::kernel::id::ChatId;
use crate::kernel::store_error::StoreError;
use crate::talk::access::{AccessError, lock_as_member};
use crate::talk::model::chat::Chat;
use crate::talk::model::event::Event;
use crate::talk::model::read::ReadMark;
use crate::talk::steps::record::record;
use crate::talk::unit::TalkUnit;

/// The command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkRead {
    /// The chat.
    pub chat: ChatId,
    /// The last event the caller has seen.
    pub seq: u64,
}

refusals! {
    /// Refusals of [`mark_read`].
    pub enum MarkReadError {
        ..Invalid(Invalid),
        ..Access(AccessError),
        ..Store(StoreError),
    }
}

/// Marks the messages up to an event as read by the caller, also in a closed chat. The mark is set
/// to the last message up to that event and only moves forward; if it does not move, there is no
/// event.
///
/// # Errors
/// See [`MarkReadError`].
pub fn mark_read(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    command: &MarkRead,
) -> Result<Chat, MarkReadError> {
    let (mut chat, member) = lock_as_member(uow, cx.actor, command.chat)?;
    if command.seq > chat.last.seq {
        let head = chat.last.seq;
        let message = format!("the last event of the chat is {head}");
        let ahead = Invalid::new("seq", "SEQ_AHEAD_OF_HEAD", message);
        return Err(Invalid {
            limit: Some(head),
            ..ahead
        }
        .into());
    }
    let known = uow.reads().mark(chat.id, member.agent)?;
    if known.is_some_and(|known| known.place.seq >= command.seq) {
        return Ok(chat);
    }
    let Some(place) = uow.read_marks().last_message(chat.id, command.seq)? else {
        return Ok(chat);
    };
    if known.is_some_and(|known| known.place.seq >= place.seq) {
        return Ok(chat);
    }
    let tick = chat.tick(cx.now);
    let mark = ReadMark {
        customer: chat.customer,
        chat: chat.id,
        agent: member.agent,
        place,
        updated: tick.at,
    };
    uow.read_marks().put(&mark)?;
    record(uow, cx, &chat, Event::ChatRead(&mark))?;
    Ok(chat)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::stream::Tick;
    use crate::talk::model::event::EventKind::ChatRead;
    use crate::testing::{MockUnitOfWork, Scene, a_chat, agent_id, at, context};

    /// The last message up to `n` is event `n - 1`; the caller's mark is at `known`.
    fn unit(scene: &Scene, known: Option<u64>) -> MockUnitOfWork {
        let mut uow = scene.unit();
        let place = |seq| Tick { seq, at: at(0) };
        let marks = &mut uow.read_marks;
        marks
            .expect_last_message()
            .returning(move |_, seq| Ok((seq > 1).then(|| place(seq - 1))));
        marks.expect_put().returning(|_| Ok(()));
        uow.reads.expect_mark().returning(move |chat, agent| {
            Ok(known.map(|seq| ReadMark {
                customer: a_chat().customer,
                chat,
                agent,
                place: place(seq),
                updated: at(0),
            }))
        });
        uow
    }

    fn mark(scene: &Scene, known: Option<u64>, seq: u64) -> Result<Chat, MarkReadError> {
        let command = MarkRead {
            chat: a_chat().id,
            seq,
        };
        mark_read(&mut unit(scene, known), &context(agent_id(1)), &command)
    }

    fn scene() -> Scene {
        Scene::new(a_chat()).members(&[agent_id(1)])
    }

    #[test]
    fn a_mark_moves_on_to_the_last_message_and_is_logged() {
        for known in [None, Some(3)] {
            let scene = scene();
            let head = a_chat().last.seq;
            assert_eq!(mark(&scene, known, head).unwrap().last.seq, head + 1);
            assert_eq!(scene.events(), [ChatRead]);
        }
    }

    #[test]
    fn a_mark_never_moves_back_and_staying_is_no_event() {
        for (known, seq) in [(Some(9), 10), (Some(9), 3), (None, 1), (None, 0)] {
            let scene = scene();
            mark(&scene, known, seq).unwrap();
            assert!(scene.events().is_empty());
        }
    }

    #[test]
    fn nobody_reads_ahead_of_the_head_or_in_a_chat_of_others() {
        let ahead = mark(&scene(), None, a_chat().last.seq + 1);
        assert!(matches!(ahead, Err(MarkReadError::Invalid(invalid)) if invalid.limit == Some(10)));
        let outsider = Scene::new(a_chat()).members(&[agent_id(2)]);
        assert!(matches!(
            mark(&outsider, None, 1),
            Err(MarkReadError::Access(AccessError::NotAParticipant))
        ));
    }
}
