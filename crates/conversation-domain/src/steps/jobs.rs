//! Jobs of a room, which are sent one after the other.

use talk_domain::kernel::id::{AccountId, ConversationMessageId, RoomId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::model::conversation::Conversation;
use crate::model::job::Job;
use crate::model::message::Message;
use crate::unit::ConversationUnit;

/// Adds the job of a message. It is due at once if no other message of the room waits.
pub(crate) fn add_job(
    uow: &mut dyn ConversationUnit,
    (conversation, message): (&Conversation, &Message),
    now: Timestamp,
) -> Result<(), StoreError> {
    let room: RoomId = conversation.room.id;
    let account: AccountId = conversation.room.account;
    let is_free = uow.jobs().first(room)?.is_none();
    uow.jobs().insert(&Job {
        message: message.id,
        customer: conversation.customer,
        account,
        conversation: conversation.id,
        room,
        seq: message.seq,
        tries: 0,
        is_leased: false,
        due: is_free.then_some(now),
        created: now,
    })
}

/// Removes a job, and makes the next one of its room due.
pub(crate) fn end_job(
    uow: &mut dyn ConversationUnit,
    job: &Job,
    now: Timestamp,
) -> Result<(), StoreError> {
    let message: ConversationMessageId = job.message;
    uow.jobs().delete(message)?;
    if let Some(mut next) = uow.jobs().first(job.room)?
        && next.due.is_none()
    {
        next.due = Some(now);
        uow.jobs().update(&next)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockUnit, a_conversation, a_job, a_message};
    use talk_domain::testing::at;

    /// CONV-31.
    #[test]
    fn a_message_waits_for_the_one_before_it_in_its_room() {
        for (before, due) in [(None, Some(at(9))), (Some(a_job(1)), None)] {
            let mut uow = MockUnit::default();
            uow.jobs
                .expect_first()
                .returning(move |_| Ok(before.clone()));
            let insert = uow.jobs.expect_insert().times(1);
            insert
                .withf(move |job| job.due == due && job.message == a_message(2).id)
                .returning(|_| Ok(()));
            add_job(&mut uow, (&a_conversation(), &a_message(2)), at(9)).unwrap();
        }
    }

    /// CONV-31.
    #[test]
    fn the_end_of_a_message_makes_the_next_one_due() {
        let mut uow = MockUnit::default();
        uow.jobs.expect_delete().times(1).returning(|_| Ok(()));
        uow.jobs.expect_first().returning(|_| {
            Ok(Some(Job {
                due: None,
                ..a_job(2)
            }))
        });
        let update = uow.jobs.expect_update().times(1);
        update
            .withf(|next| next.due == Some(at(9)) && next.message == a_message(2).id)
            .returning(|_| Ok(()));
        end_job(&mut uow, &a_job(1), at(9)).unwrap();
    }
}
