//! Use case: mark messages as read.

use talk_domain::kernel::context::Context;
use talk_domain::kernel::error::{Invalid, refusals};
use talk_domain::kernel::id::ConversationId;
use talk_domain::kernel::store_error::StoreError;

use crate::access::{AccessError, lock_taking_part};
use crate::model::conversation::Conversation;
use crate::model::event::Event;
use crate::model::read::ReadMark;
use crate::steps::record::{Cause, record_beside};
use crate::unit::ConversationUnit;

refusals! {
    /// Refusals of [`mark_read`].
    pub enum MarkReadError {
        ..Invalid(Invalid),
        ..Access(AccessError),
        ..Store(StoreError),
    }
}

/// Marks the messages up to an event as read by the actor. The mark is set to the last message up
/// to that event and only moves forward; if it does not move, nothing is stored or logged.
///
/// # Errors
/// See [`MarkReadError`].
pub fn mark_read(
    uow: &mut dyn ConversationUnit,
    cx: &Context,
    (id, seq): (ConversationId, u64),
) -> Result<Conversation, MarkReadError> {
    let mut conversation = lock_taking_part(uow, cx.actor, id)?;
    let head = conversation.last.seq;
    if seq > head {
        let message = format!("the last event of the conversation is {head}");
        let ahead = Invalid::new("seq", "SEQ_AHEAD_OF_HEAD", message);
        return Err(Invalid {
            limit: Some(head),
            ..ahead
        }
        .into());
    }
    let agent = cx.actor.agent;
    let known = uow.conversation_reads().mark(id, agent)?.unwrap_or(0);
    if known >= seq {
        return Ok(conversation);
    }
    let last = uow.conversation_marks().last_message(id, seq)?;
    let Some(last) = last.filter(|last| *last > known) else {
        return Ok(conversation);
    };
    let mark = ReadMark {
        customer: conversation.customer,
        conversation: id,
        agent,
        seq: last,
        updated: cx.now,
    };
    uow.conversation_marks().put(&mark)?;
    let cause = Cause {
        actor: Some(agent),
        now: cx.now,
    };
    record_beside(uow, cause, &mut conversation, Event::Read(&mark))?;
    Ok(conversation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockUnit, a_conversation, logs};
    use talk_domain::testing::{agent_id, context};

    /// Agent 1 owns the conversation, has read up to `known`, and marks `seq`; the last message is event
    /// 4 of 5.
    fn mark(
        agent: u128,
        (known, seq): (Option<u64>, u64),
        moves_to: Option<u64>,
    ) -> Result<Conversation, MarkReadError> {
        let mut uow = MockUnit::default();
        uow.conversations.expect_lock().returning(|_| {
            Ok(Some(Conversation {
                owner: Some(agent_id(1)),
                ..a_conversation()
            }))
        });
        let reads = uow.conversation_reads.expect_mark();
        reads.returning(move |_, _| Ok(known));
        let last = uow.conversation_marks.expect_last_message();
        last.returning(|_, seq| Ok((seq > 1).then(|| seq.min(4))));
        let moves = usize::from(moves_to.is_some());
        let put = uow.conversation_marks.expect_put().times(moves);
        put.withf(move |mark| Some(mark.seq) == moves_to)
            .returning(|_| Ok(()));
        let update = uow.conversations.expect_update().times(moves);
        update.returning(|_| Ok(()));
        logs(&mut uow, "conversation_read_updated", moves);
        let id = a_conversation().id;
        mark_read(&mut uow, &context(agent_id(agent)), (id, seq))
    }

    /// CONV-16.
    #[test]
    fn a_mark_moves_on_to_the_last_message_and_is_logged() {
        let head = a_conversation().last.seq;
        for (known, seq, moves_to) in [(None, 5, 4), (Some(2), 3, 3), (None, 2, 2)] {
            let marked = mark(1, (known, seq), Some(moves_to)).unwrap();
            assert_eq!(marked.last.seq, head + 1);
        }
    }

    /// CONV-16.
    #[test]
    fn a_mark_never_moves_back_and_staying_is_no_event() {
        for (known, seq) in [(Some(4), 5), (Some(4), 2), (None, 1), (None, 0)] {
            let marked = mark(1, (known, seq), None).unwrap();
            assert_eq!(marked.last, a_conversation().last);
        }
    }

    /// CONV-16.
    #[test]
    fn outsiders_mark_nothing_and_the_head_is_the_limit() {
        let ahead = mark(1, (None, 6), None);
        assert!(matches!(ahead, Err(MarkReadError::Invalid(invalid)) if invalid.limit == Some(5)));
        let outsider = mark(2, (None, 5), None);
        assert!(matches!(outsider, Err(MarkReadError::Access(_))));
    }
}
