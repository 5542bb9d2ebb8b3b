//! Use case: record the outcome of sending a message, and decide what follows.

use talk_domain::kernel::id::ConversationMessageId;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::model::account::{AccountSecrets, Problem};
use crate::model::consent::Consent;
use crate::model::conversation::Conversation;
use crate::model::job::Job;
use crate::model::message::{Delivery, Failure, Message};
use crate::model::part::Part;
use crate::steps::consent::record_consent;
use crate::steps::jobs::end_job;
use crate::steps::parts::progress_of;
use crate::steps::record::{Cause, record_progress};
use crate::unit::ConversationUnit;

/// The longest pause between two tries, in seconds.
const LONGEST_PAUSE: u32 = 900;

/// How long a message is tried, in seconds.
const PATIENCE: u32 = 86_400;

/// The outcome of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The provider has accepted the message, and knows its parts by these ids.
    Accepted(Vec<String>),
    /// The provider has not accepted it for now. It may have named the seconds to wait.
    Transient(Failure, Option<u32>),
    /// The provider will never accept it.
    Permanent(Failure),
    /// The provider refuses the account, and therefore the message.
    Denied(Failure),
    /// The provider refuses it, because the person outside wants no messages.
    OptedOut(Failure),
    /// The provider may have received it.
    Unknown(Failure),
}

/// A try that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The message.
    pub message: ConversationMessageId,
    /// The secrets that it was tried with.
    pub secrets: AccountSecrets,
    /// The outcome.
    pub outcome: Outcome,
    /// Now.
    pub now: Timestamp,
}

/// Records a try of a leased job. A message that a report has moved on meanwhile is not tried again,
/// whatever the answer was.
///
/// # Errors
/// Only when storage fails.
pub fn settle_job(uow: &mut dyn ConversationUnit, tried: &Tried) -> Result<(), StoreError> {
    let found = uow.jobs().get(tried.message)?;
    let Some(job) = found.filter(|job| job.is_leased) else {
        return Ok(());
    };
    record_problem(uow, &job, tried)?;
    let conversation = uow.conversations().lock(job.conversation)?;
    let message = uow.conversation_messages().get(job.message)?;
    let (Some(mut conversation), Some(mut message)) = (conversation, message) else {
        return uow.jobs().delete(job.message);
    };
    match &tried.outcome {
        Outcome::Accepted(ids) => {
            accept(uow, &job, (&mut message, ids), tried.now)?;
        }
        _ if message.delivery >= Delivery::Accepted => return end_job(uow, &job, tried.now),
        Outcome::Transient(failure, after) => {
            if let Some(due) = next_try(&job, *after, tried.now) {
                (message.delivery, message.failure) = (Delivery::Queued, Some(failure.clone()));
                uow.jobs().update(&Job {
                    is_leased: false,
                    due: Some(due),
                    ..job
                })?;
                let cause = Cause::outside(tried.now);
                return record_progress(uow, cause, &mut conversation, &mut message);
            }
            (message.delivery, message.failure) = (Delivery::Failed, Some(failure.clone()));
        }
        Outcome::OptedOut(failure) => {
            let (cause, consent) = (Cause::outside(tried.now), Consent::Withdrawn);
            record_consent(uow, cause, &mut conversation, consent)?;
            (message.delivery, message.failure) = (Delivery::Failed, Some(failure.clone()));
        }
        Outcome::Permanent(failure) | Outcome::Denied(failure) => {
            (message.delivery, message.failure) = (Delivery::Failed, Some(failure.clone()));
        }
        Outcome::Unknown(failure) => {
            (message.delivery, message.failure) = (Delivery::Unknown, Some(failure.clone()));
        }
    }
    finish(uow, &job, (&mut conversation, &mut message), tried.now)
}

/// Stores that the provider refuses the account, or that it does so no longer.
fn record_problem(
    uow: &mut dyn ConversationUnit,
    job: &Job,
    tried: &Tried,
) -> Result<(), StoreError> {
    let problem = match &tried.outcome {
        Outcome::Accepted(_) => None,
        Outcome::Denied(failure) => Some(Problem {
            code: failure.code.clone(),
            reason: failure.reason.clone(),
            noticed: tried.now,
        }),
        Outcome::Transient(..)
        | Outcome::Permanent(_)
        | Outcome::OptedOut(_)
        | Outcome::Unknown(_) => return Ok(()),
    };
    let found = uow.accounts().get(job.account)?;
    let Some(account) = found.filter(|account| account.secrets == tried.secrets) else {
        return Ok(());
    };
    let words = |problem: &Option<Problem>| {
        let problem = problem.as_ref();
        problem.map(|problem| (problem.code.clone(), problem.reason.clone()))
    };
    if words(&account.problem) == words(&problem) {
        return Ok(());
    }
    uow.accounts().mark(account.id, problem)
}

fn finish(
    uow: &mut dyn ConversationUnit,
    job: &Job,
    (conversation, message): (&mut Conversation, &mut Message),
    now: Timestamp,
) -> Result<(), StoreError> {
    record_progress(uow, Cause::outside(now), conversation, message)?;
    end_job(uow, job, now)
}

/// Stores the ids of the parts, and takes over the reports that came before the answer.
fn accept(
    uow: &mut dyn ConversationUnit,
    job: &Job,
    (message, ids): (&mut Message, &[String]),
    now: Timestamp,
) -> Result<(), StoreError> {
    for id in ids {
        match uow.parts().find(job.account, id)? {
            Some(reported) => uow.parts().update(&Part {
                message: Some(message.id),
                ..reported
            })?,
            None => uow.parts().insert(&Part {
                account: job.account,
                provider_id: id.clone(),
                message: Some(message.id),
                delivery: Delivery::Accepted,
                failure: None,
                created: now,
            })?,
        }
    }
    if let Some(first) = ids.first() {
        message.reference.clone_from(first);
    }
    if message.delivery < Delivery::Accepted {
        (message.delivery, message.failure) = (Delivery::Accepted, None);
    }
    let (delivery, failure) = progress_of(&uow.parts().of_message(message.id)?);
    if message.advance(delivery, now) {
        message.failure = failure;
    }
    Ok(())
}

/// The time of the next try; `None` if the message has been tried for too long.
fn next_try(job: &Job, after: Option<u32>, now: Timestamp) -> Option<Timestamp> {
    let doublings = job.tries.saturating_sub(1).min(16);
    let pause = LONGEST_PAUSE.min(1 << doublings);
    let due = now.plus_seconds(pause.max(after.unwrap_or(0).min(LONGEST_PAUSE)));
    (due < job.created.plus_seconds(PATIENCE)).then_some(due)
}

#[cfg(test)]
mod tests;
