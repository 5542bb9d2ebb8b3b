//! Step: a message becomes a tombstone, and its text leaves the log.

use talk_domain::kernel::cleanup::Bound;
use talk_domain::kernel::store_error::StoreError;

use crate::model::conversation::Conversation;
use crate::model::event::Event;
use crate::model::message::{Delivery, Failure, Message};
use crate::steps::jobs::end_job;
use crate::steps::record::{Cause, append};
use crate::unit::ConversationUnit;

/// Removes the text and the medias of a message of the locked conversation from its next logged events, and then, in
/// the same or a later unit of work, from the message itself, with the event of its deletion. A
/// message that waits to be sent is not sent. Returns whether the message is not deleted yet, so that
/// the step must be repeated.
pub(crate) fn make_tombstone(
    uow: &mut dyn ConversationUnit,
    cause: Cause,
    conversation: &mut Conversation,
    mut message: Message,
) -> Result<bool, StoreError> {
    let has_files = !message.medias.is_empty();
    message.text.clear();
    message.medias.clear();
    message.failure = None;
    message.deleted = Some(cause.now.max(conversation.last.at.next()));
    let bound = Bound::STEP;
    if uow
        .message_log()
        .redact(&message, &conversation.room, bound)?
    {
        return Ok(true);
    }
    if has_files {
        uow.files().release_outside(message.id)?;
    }
    if let Some(job) = uow.jobs().get(message.id)? {
        end_job(uow, &job, cause.now)?;
        (message.delivery, message.failure) = unsent(job.is_leased);
    }
    let tick = conversation.tick(cause.now);
    (message.updated, message.deleted) = (tick.at, Some(tick.at));
    uow.conversation_messages().update(&message)?;
    let event = Event::MessageDeleted(&message, &conversation.room);
    append(uow, cause.actor, conversation, event)?;
    uow.conversations().update(conversation)?;
    Ok(false)
}

/// The delivery of a message whose job ends. If a worker is sending it, the provider may get it.
fn unsent(is_leased: bool) -> (Delivery, Option<Failure>) {
    let (delivery, reason) = if is_leased {
        (Delivery::Unknown, "it was deleted while it was sent")
    } else {
        (Delivery::Failed, "it was deleted before it was sent")
    };
    let failure = Failure {
        code: "MESSAGE_DELETED".to_owned(),
        reason: reason.to_owned(),
        is_permanent: true,
    };
    (delivery, Some(failure))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::job::Job;
    use crate::testing::{
        MockUnit, a_conversation, a_failure, a_job, a_message, a_pending_media, logs,
    };
    use talk_domain::testing::at;

    fn unit(is_more: bool, job: Option<Job>) -> MockUnit {
        let mut uow = MockUnit::default();
        let redact = uow.message_log.expect_redact().times(1);
        redact
            .withf(|now, _, _| {
                let is_empty = now.text.is_empty() && now.medias.is_empty();
                is_empty && now.failure.is_none() && now.deleted.is_some()
            })
            .returning(move |_, _, _| Ok(is_more));
        let get = uow.jobs.expect_get();
        get.returning(move |_| Ok(job.clone()));
        uow
    }

    fn delete(uow: &mut MockUnit) -> bool {
        let cause = Cause::outside(at(9));
        let message = Message {
            delivery: Delivery::Queued,
            failure: Some(a_failure()),
            medias: vec![a_pending_media()],
            ..a_message(1)
        };
        make_tombstone(uow, cause, &mut a_conversation(), message).unwrap()
    }

    /// CONV-60: the message keeps its place, and is deleted once no event shows its text.
    #[test]
    fn a_message_is_deleted_after_its_text_has_left_the_log() {
        assert!(delete(&mut unit(true, None)));
        let mut uow = unit(false, None);
        uow.files
            .expect_release_outside()
            .times(1)
            .returning(|_| Ok(()));
        let update = uow.conversation_messages.expect_update().times(1);
        update
            .withf(|now| now.text.is_empty() && now.deleted == Some(at(9)) && now.seq == 2)
            .returning(|_| Ok(()));
        uow.conversations
            .expect_update()
            .times(1)
            .returning(|_| Ok(()));
        logs(&mut uow, "conversation_message_deleted", 1);
        assert!(!delete(&mut uow));
    }

    /// CONV-60: nothing is sent that was deleted, unless it is on its way.
    #[test]
    fn a_deleted_message_is_not_sent_any_more() {
        for (is_leased, delivery) in [(false, Delivery::Failed), (true, Delivery::Unknown)] {
            let job = Job {
                is_leased,
                ..a_job(1)
            };
            let mut uow = unit(false, Some(job));
            uow.files.expect_release_outside().returning(|_| Ok(()));
            uow.jobs.expect_delete().times(1).returning(|_| Ok(()));
            uow.jobs.expect_first().returning(|_| Ok(None));
            let update = uow.conversation_messages.expect_update().times(1);
            update
                .withf(move |now| now.delivery == delivery && now.failure.is_some())
                .returning(|_| Ok(()));
            uow.conversations.expect_update().returning(|_| Ok(()));
            logs(&mut uow, "conversation_message_deleted", 1);
            assert!(!delete(&mut uow));
        }
    }
}
