//! Step: take over a provider's report about a sent message.

use talk_domain::kernel::id::{AccountId, ConversationMessageId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::model::consent::Consent;
use crate::model::message::{Delivery, Direction, Failure};
use crate::model::part::Part;
use crate::steps::consent::record_consent;
use crate::steps::parts::progress_of;
use crate::steps::record::{Cause, record_progress};
use crate::unit::ConversationUnit;

/// A report of a provider about a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The id of the message, or of a part of it, at the provider.
    pub provider_id: String,
    /// Our id, if the provider returns it.
    pub message: Option<ConversationMessageId>,
    /// How far it has got.
    pub delivery: Delivery,
    /// Why it was not delivered.
    pub failure: Option<Failure>,
    /// Whether it was not delivered because the person outside wants no messages.
    pub is_opt_out: bool,
}

/// Takes a report over. It moves the message forward or not at all: reports come twice and in any order.
/// A report about an id that no answer has told yet waits for the answer.
///
/// # Errors
/// Only when storage fails.
pub fn apply_report(
    uow: &mut dyn ConversationUnit,
    (account, report): (AccountId, &Report),
    now: Timestamp,
) -> Result<(), StoreError> {
    let found = uow.parts().find(account, &report.provider_id)?;
    // A part of an earlier try has no message any more, also if a late report names ours.
    let named = match &found {
        Some(part) => part.message,
        None => report.message,
    };
    let target = match named {
        Some(id) => uow.conversation_messages().get(id)?,
        None => None,
    };
    let conversation = match &target {
        Some(message) => uow.conversations().lock(message.conversation)?,
        None => None,
    };
    // An id of another account's message is as good as none.
    let target = target.zip(conversation).filter(|(message, conversation)| {
        message.direction == Direction::Outgoing && conversation.room.account == account
    });
    let message = target.as_ref().map(|(message, _)| message.id);
    store(uow, (account, report), (found, message), now)?;
    let Some((mut message, mut conversation)) = target else {
        return Ok(());
    };
    let (delivery, failure) = progress_of(&uow.parts().of_message(message.id)?);
    if message.advance(delivery, now) {
        message.failure = failure;
        if message.reference.is_empty() {
            message.reference.clone_from(&report.provider_id);
        }
        let cause = Cause::outside(now);
        record_progress(uow, cause, &mut conversation, &mut message)?;
        if report.is_opt_out {
            record_consent(uow, cause, &mut conversation, Consent::Withdrawn)?;
        }
    }
    Ok(())
}

fn store(
    uow: &mut dyn ConversationUnit,
    (account, report): (AccountId, &Report),
    (found, message): (Option<Part>, Option<ConversationMessageId>),
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(known) = found else {
        return uow.parts().insert(&Part {
            account,
            provider_id: report.provider_id.clone(),
            message,
            delivery: report.delivery,
            failure: report.failure.clone(),
            created: now,
        });
    };
    if report.delivery <= known.delivery {
        return Ok(());
    }
    uow.parts().update(&Part {
        delivery: report.delivery,
        failure: report.failure.clone(),
        ..known
    })
}

#[cfg(test)]
mod tests;
