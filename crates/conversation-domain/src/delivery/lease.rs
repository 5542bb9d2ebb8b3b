//! Use case: lease a message to a worker that sends it.

use talk_domain::kernel::id::ConversationMessageId;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::model::account::Account;
use crate::model::job::Job;
use crate::model::message::{Delivery, Failure, Message};
use crate::model::room::Room;
use crate::steps::consent::PEER_OPTED_OUT;
use crate::steps::jobs::end_job;
use crate::steps::record::{Cause, record_progress};
use crate::unit::ConversationUnit;

/// A message that a worker is to send now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leased {
    /// The message.
    pub message: Message,
    /// Its room.
    pub room: Room,
    /// The account that sends it.
    pub account: Account,
    /// The same at every try, for providers that send messages with the same key once. A message that an
    /// agent sends again has another key.
    pub key: String,
}

/// Leases a due job for `seconds`. Returns `None` if there is nothing to send: another worker has the
/// job, or the message ends here.
///
/// A job whose lease has ended was being sent when its process ended. Whether the provider has received
/// the message is not known: it is sent again with the same key if the provider honours keys, and
/// otherwise not.
///
/// # Errors
/// Only when storage fails.
pub fn lease_job(
    uow: &mut dyn ConversationUnit,
    id: ConversationMessageId,
    (now, seconds): (Timestamp, u32),
) -> Result<Option<Leased>, StoreError> {
    let found = uow.jobs().get(id)?;
    let is_due = |job: &Job| job.due.is_some_and(|due| due <= now);
    let Some(mut job) = found.filter(is_due) else {
        return Ok(None);
    };
    let conversation = uow.conversations().lock(job.conversation)?;
    let message = uow.conversation_messages().get(id)?;
    let (Some(mut conversation), Some(mut message)) = (conversation, message) else {
        uow.jobs().delete(id)?;
        return Ok(None);
    };
    if message.delivery >= Delivery::Accepted {
        // A report came in while the message was being sent.
        end_job(uow, &job, now)?;
        return Ok(None);
    }
    let account = uow.accounts().get(job.account)?;
    if let Some((delivery, failure)) = end(account.as_ref(), &job, &conversation.room) {
        (message.delivery, message.failure) = (delivery, Some(failure));
        record_progress(uow, Cause::outside(now), &mut conversation, &mut message)?;
        end_job(uow, &job, now)?;
        return Ok(None);
    }
    job.tries += 1;
    (job.is_leased, job.due) = (true, Some(now.plus_seconds(seconds)));
    uow.jobs().update(&job)?;
    message.delivery = Delivery::Submitting;
    record_progress(uow, Cause::outside(now), &mut conversation, &mut message)?;
    Ok(account.map(|account| Leased {
        message,
        room: conversation.room,
        account,
        key: format!("{id}-{}", job.created.as_micros()),
    }))
}

/// The end of a message that is not to be sent; `None` if it is.
fn end(account: Option<&Account>, job: &Job, room: &Room) -> Option<(Delivery, Failure)> {
    let is_blocked = room.opted_out.is_some();
    let (delivery, code, reason) = match account {
        None => {
            let reason = "the account was deleted";
            (Delivery::Failed, "ACCOUNT_DISABLED", reason)
        }
        Some(account) if job.is_leased && (is_blocked || !account.provider.honours_keys()) => {
            let reason = "the server ended while it sent the message";
            (Delivery::Unknown, "interrupted", reason)
        }
        Some(_) if is_blocked => {
            let reason = "the person outside wants no messages";
            (Delivery::Failed, PEER_OPTED_OUT, reason)
        }
        Some(_) => return None,
    };
    let failure = Failure {
        code: code.to_owned(),
        reason: reason.to_owned(),
        is_permanent: delivery == Delivery::Failed,
    };
    Some((delivery, failure))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{
        MockUnit, a_conversation, a_job, a_message, a_telnyx, an_sms_account, logs,
    };
    use talk_domain::testing::at;

    fn unit(job: Job, account: Option<Account>) -> MockUnit {
        let mut uow = MockUnit::default();
        uow.jobs
            .expect_get()
            .returning(move |_| Ok(Some(job.clone())));
        let lock = uow.conversations.expect_lock();
        lock.returning(|_| Ok(Some(a_conversation())));
        let get = uow.conversation_messages.expect_get();
        get.returning(|_| {
            Ok(Some(Message {
                delivery: Delivery::Queued,
                ..a_message(1)
            }))
        });
        uow.accounts
            .expect_get()
            .returning(move |_| Ok(account.clone()));
        uow
    }

    /// CONV-31: the lease is stored, and the message shows it, before anything is sent.
    #[test]
    fn a_due_job_is_leased_before_it_is_sent() {
        let mut uow = unit(a_job(1), Some(an_sms_account()));
        let update = uow.jobs.expect_update().times(1);
        update
            .withf(|job| job.is_leased && job.tries == 1 && job.due == Some(at(30_000_010)))
            .returning(|_| Ok(()));
        let update = uow.conversation_messages.expect_update().times(1);
        update
            .withf(|message| message.delivery == Delivery::Submitting)
            .returning(|_| Ok(()));
        uow.conversations.expect_update().returning(|_| Ok(()));
        logs(&mut uow, "conversation_message_updated", 1);
        let leased = lease_job(&mut uow, a_message(1).id, (at(10), 30)).unwrap();
        assert_eq!(leased.unwrap().account, an_sms_account());
    }

    /// CONV-32: a provider that honours keys gets the message again, with the same key.
    #[test]
    fn a_job_of_a_provider_with_keys_is_sent_again_after_a_crash() {
        let telnyx = Account {
            provider: a_telnyx(),
            ..an_sms_account()
        };
        let mut keys = Vec::new();
        for is_leased in [false, true] {
            let mut uow = unit(
                Job {
                    is_leased,
                    ..a_job(1)
                },
                Some(telnyx.clone()),
            );
            uow.jobs.expect_update().times(1).returning(|_| Ok(()));
            let update = uow.conversation_messages.expect_update();
            update.returning(|_| Ok(()));
            uow.conversations.expect_update().returning(|_| Ok(()));
            logs(&mut uow, "conversation_message_updated", 1);
            let leased = lease_job(&mut uow, a_message(1).id, (at(10), 30)).unwrap();
            keys.push(leased.unwrap().key);
        }
        assert_eq!(keys[0], keys[1]);
        assert!(keys[0].contains(&a_message(1).id.to_string()));
    }

    /// CONV-31: a job of another worker, and one that waits for an earlier message.
    #[test]
    fn a_job_that_is_not_due_is_not_leased() {
        for due in [None, Some(at(11))] {
            let mut uow = MockUnit::default();
            let get = uow.jobs.expect_get();
            get.returning(move |_| Ok(Some(Job { due, ..a_job(1) })));
            let leased = lease_job(&mut uow, a_message(1).id, (at(10), 30)).unwrap();
            assert_eq!(leased, None);
        }
    }

    /// CONV-38: also of a provider that honours keys, which may have the message of a lease that ended.
    #[test]
    fn a_message_in_a_blocked_room_is_not_sent() {
        let mut room = a_conversation().room;
        let account = Account {
            provider: a_telnyx(),
            ..an_sms_account()
        };
        for (opted_out, is_leased, expected) in [
            (None, false, None),
            (None, true, None),
            (
                Some(at(5)),
                false,
                Some((Delivery::Failed, "PEER_OPTED_OUT")),
            ),
            (Some(at(5)), true, Some((Delivery::Unknown, "interrupted"))),
        ] {
            room.opted_out = opted_out;
            let job = Job {
                is_leased,
                ..a_job(1)
            };
            let found = end(Some(&account), &job, &room);
            let found = found.as_ref();
            let found = found.map(|(delivery, failure)| (*delivery, &*failure.code));
            assert_eq!(found, expected);
        }
    }

    /// CONV-31 and CONV-32: after a crash the message is not sent blindly again.
    #[test]
    fn a_job_whose_worker_is_gone_ends_as_unknown() {
        for (job, has_account, delivery, code) in [
            (
                Job {
                    is_leased: true,
                    ..a_job(1)
                },
                true,
                Delivery::Unknown,
                "interrupted",
            ),
            (a_job(1), false, Delivery::Failed, "ACCOUNT_DISABLED"),
        ] {
            let mut uow = unit(job, has_account.then(an_sms_account));
            let update = uow.conversation_messages.expect_update().times(1);
            update
                .withf(move |message| {
                    let failure = message.failure.as_ref().unwrap();
                    message.delivery == delivery && failure.code == code
                })
                .returning(|_| Ok(()));
            uow.conversations.expect_update().returning(|_| Ok(()));
            logs(&mut uow, "conversation_message_updated", 1);
            uow.jobs.expect_delete().times(1).returning(|_| Ok(()));
            uow.jobs.expect_first().returning(|_| Ok(None));
            let leased = lease_job(&mut uow, a_message(1).id, (at(10), 30)).unwrap();
            assert_eq!(leased, None);
        }
    }
}
