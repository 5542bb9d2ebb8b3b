//! Step that records the consent of a person outside.

use talk_domain::kernel::store_error::StoreError;

use crate::model::consent::Consent;
use crate::model::conversation::Conversation;
use crate::steps::record::{Cause, record_update};
use crate::unit::ConversationUnit;

/// The code of messages that fail because the person outside wants none, and the reason of requests
/// that are refused for it.
pub(crate) const PEER_OPTED_OUT: &str = "PEER_OPTED_OUT";

/// Blocks the room of a locked conversation for sending, or opens it again, with an event. The message
/// that waits for its next try in a blocked room becomes due, so that it fails at once. Equal consent
/// changes nothing.
pub(crate) fn record_consent(
    uow: &mut dyn ConversationUnit,
    cause: Cause,
    conversation: &mut Conversation,
    consent: Consent,
) -> Result<(), StoreError> {
    let is_withdrawn = consent == Consent::Withdrawn;
    let room = &mut conversation.room;
    if room.opted_out.is_some() == is_withdrawn {
        return Ok(());
    }
    room.opted_out = is_withdrawn.then_some(cause.now);
    let (id, since) = (room.id, room.opted_out);
    uow.rooms().set_opt_out(id, since)?;
    if is_withdrawn
        && let Some(mut job) = uow.jobs().first(id)?
        && !job.is_leased
        && job.due > Some(cause.now)
    {
        job.due = Some(cause.now);
        uow.jobs().update(&job)?;
    }
    let owner = conversation.owner;
    record_update(uow, cause, conversation, owner).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::job::Job;
    use crate::testing::{MockUnit, a_conversation, a_job, logs};
    use talk_domain::testing::at;

    fn record(before: Option<i64>, consent: Consent, uow: &mut MockUnit) -> Conversation {
        let mut conversation = a_conversation();
        conversation.room.opted_out = before.map(at);
        uow.conversations.expect_update().returning(|_| Ok(()));
        record_consent(uow, Cause::outside(at(9)), &mut conversation, consent).unwrap();
        conversation
    }

    /// CONV-38.
    #[test]
    fn a_room_is_blocked_and_opened_once() {
        for (before, consent, after) in [
            (None, Consent::Withdrawn, Some(9)),
            (Some(3), Consent::Withdrawn, Some(3)),
            (Some(3), Consent::Given, None),
            (None, Consent::Given, None),
        ] {
            let mut uow = MockUnit::default();
            let changes = usize::from(before != after);
            let set = uow.rooms.expect_set_opt_out().times(changes);
            set.withf(move |_, since| *since == after.map(at))
                .returning(|_, _| Ok(()));
            uow.jobs.expect_first().returning(|_| Ok(None));
            logs(&mut uow, "conversation_updated", changes);
            let conversation = record(before, consent, &mut uow);
            assert_eq!(conversation.room.opted_out, after.map(at));
        }
    }

    /// CONV-38: a message that waits for its next try fails now, one that is being sent does not.
    #[test]
    fn a_message_that_waits_in_a_blocked_room_becomes_due() {
        for (due, is_leased, moves) in [
            (Some(900), false, true),
            (Some(900), true, false),
            (Some(5), false, false),
            (None, false, false),
        ] {
            let mut uow = MockUnit::default();
            uow.rooms.expect_set_opt_out().returning(|_, _| Ok(()));
            uow.jobs.expect_first().returning(move |_| {
                Ok(Some(Job {
                    due: due.map(at),
                    is_leased,
                    ..a_job(1)
                }))
            });
            let update = uow.jobs.expect_update().times(usize::from(moves));
            update
                .withf(|job| job.due == Some(at(9)))
                .returning(|_| Ok(()));
            logs(&mut uow, "conversation_updated", 1);
            record(None, Consent::Withdrawn, &mut uow);
        }
    }
}
