//! Use case: send a message again that was not delivered.

use std::sync::Arc;

use talk_domain::kernel::context::Context;
use talk_domain::kernel::error::refusals;
use talk_domain::kernel::id::{ConversationId, ConversationMessageId};
use talk_domain::kernel::log::Logged;
use talk_domain::kernel::store_error::StoreError;

use crate::access::{AccessError, lock_taking_part};
use crate::model::event::Event;
use crate::model::message::{Delivery, Direction};
use crate::steps::jobs::add_job;
use crate::steps::record::append;
use crate::unit::ConversationUnit;

refusals! {
    /// Refusals of [`retry_message`].
    pub enum RetryError {
        NoSuchMessage = NotFound "MESSAGE_NOT_FOUND" "there is no such message",
        NotFailed = FailedPrecondition "MESSAGE_NOT_FAILED" "only a message that has failed, or whose delivery is unknown, is sent again",
        NoAccount = FailedPrecondition "ACCOUNT_DISABLED" "the account of the conversation was deleted",
        OptedOut = FailedPrecondition "PEER_OPTED_OUT" "the person outside wants no messages",
        ..Access(AccessError),
        ..Store(StoreError),
    }
}

/// Sends a message again that has failed, or whose delivery is unknown. If it was received after all, the
/// person outside gets it twice.
///
/// # Errors
/// See [`RetryError`].
pub fn retry_message(
    uow: &mut dyn ConversationUnit,
    cx: &Context,
    (conversation, id): (ConversationId, ConversationMessageId),
) -> Result<Arc<Logged>, RetryError> {
    let mut conversation = lock_taking_part(uow, cx.actor, conversation)?;
    let found = uow.conversation_messages().get(id)?;
    let found = found.filter(|message| message.conversation == conversation.id);
    let mut message = found.ok_or(RetryError::NoSuchMessage)?;
    let has_failed = matches!(message.delivery, Delivery::Failed | Delivery::Unknown);
    if !has_failed || message.deleted.is_some() || message.direction != Direction::Outgoing {
        return Err(RetryError::NotFailed);
    }
    if uow.accounts().get(conversation.room.account)?.is_none() {
        return Err(RetryError::NoAccount);
    }
    if conversation.room.opted_out.is_some() {
        return Err(RetryError::OptedOut);
    }
    let tick = conversation.tick(cx.now);
    (message.delivery, message.failure, message.updated) = (Delivery::Queued, None, tick.at);
    message.reference.clear();
    uow.parts().forget(message.id)?;
    uow.conversation_messages().update(&message)?;
    let event = Event::MessageUpdated(&message, &conversation.room);
    let logged = append(uow, Some(cx.actor.agent), &conversation, event)?;
    uow.conversations().update(&conversation)?;
    add_job(uow, (&conversation, &message), cx.now)?;
    Ok(logged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::conversation::Conversation;
    use crate::model::message::Message;
    use crate::testing::{MockUnit, a_conversation, a_failure, a_message, an_sms_account, logs};
    use talk_domain::testing::{admin_context, agent_id};

    fn retry(delivery: Delivery, direction: Direction) -> Result<Arc<Logged>, RetryError> {
        retry_in(a_conversation(), delivery, direction)
    }

    fn retry_in(
        conversation: Conversation,
        delivery: Delivery,
        direction: Direction,
    ) -> Result<Arc<Logged>, RetryError> {
        let mut uow = MockUnit::default();
        let lock = uow.conversations.expect_lock();
        lock.returning(move |_| Ok(Some(conversation.clone())));
        let get = uow.conversation_messages.expect_get();
        get.returning(move |_| {
            Ok(Some(Message {
                delivery,
                direction,
                failure: Some(a_failure()),
                reference: "SM1".into(),
                ..a_message(1)
            }))
        });
        let account = uow.accounts.expect_get();
        account.returning(|_| Ok(Some(an_sms_account())));
        uow.parts.expect_forget().returning(|_| Ok(()));
        let update = uow.conversation_messages.expect_update();
        update
            .withf(|message| {
                let is_queued = message.delivery == Delivery::Queued;
                is_queued && message.failure.is_none() && message.reference.is_empty()
            })
            .returning(|_| Ok(()));
        uow.conversations.expect_update().returning(|_| Ok(()));
        uow.jobs.expect_first().returning(|_| Ok(None));
        uow.jobs.expect_insert().returning(|_| Ok(()));
        let frames = uow.frames.expect_encode_conversation();
        frames.returning(|_, _, _| "{}".to_owned());
        let append = uow.events.expect_append();
        append.returning(|stream, tick, _, entry| {
            let customer = talk_domain::testing::customer_id();
            Ok(Arc::new(entry.logged(customer, stream, tick.seq)))
        });
        let ids = (a_conversation().id, a_message(1).id);
        retry_message(&mut uow, &admin_context(agent_id(1)), ids)
    }

    /// CONV-34.
    #[test]
    fn a_message_that_failed_is_sent_again_and_no_other() {
        for delivery in [Delivery::Failed, Delivery::Unknown] {
            assert!(retry(delivery, Direction::Outgoing).is_ok());
        }
        for delivery in [Delivery::Queued, Delivery::Sent, Delivery::Delivered] {
            let refused = retry(delivery, Direction::Outgoing);
            assert!(matches!(refused, Err(RetryError::NotFailed)));
        }
        let refused = retry(Delivery::Failed, Direction::Incoming);
        assert!(matches!(refused, Err(RetryError::NotFailed)));
    }

    /// CONV-38.
    #[test]
    fn nothing_is_sent_again_to_a_person_who_opted_out() {
        let mut conversation = a_conversation();
        conversation.room.opted_out = Some(conversation.created);
        let refused = retry_in(conversation, Delivery::Failed, Direction::Outgoing);
        assert!(matches!(refused, Err(RetryError::OptedOut)));
    }

    /// CONV-34.
    #[test]
    fn an_outsider_sends_nothing_again() {
        let mut uow = MockUnit::default();
        let lock = uow.conversations.expect_lock();
        lock.returning(|_| Ok(Some(a_conversation())));
        logs(&mut uow, "conversation_message_updated", 0);
        let cx = talk_domain::testing::context(agent_id(2));
        let ids = (a_conversation().id, a_message(1).id);
        let refused = retry_message(&mut uow, &cx, ids);
        assert!(matches!(refused, Err(RetryError::Access(_))));
    }
}
