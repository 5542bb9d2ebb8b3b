//! Steps that apply a decision on a message and record it.

use crate::hooks::decision::{Decision, Verdict};
use crate::kernel::context::Context;
use crate::kernel::idempotency::{Answer, ReplayError, StoredAnswer, replay};
use crate::kernel::store_error::StoreError;
use crate::talk::model::held::{HeldContent, HeldMessage};
use crate::talk::unit::TalkUnit;

/// Limits of the installation for held messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldLimits {
    /// Maximum number of held messages of one author.
    pub per_agent: usize,
    /// Maximum number of held messages of one customer.
    pub per_customer: usize,
}

/// The result of a request on which an intercept decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled<T> {
    /// The message was stored.
    Stored(T),
    /// The message was refused or is held.
    Ended(Decision),
    /// An earlier request with the same key has this answer.
    Repeated(Answer),
}

/// The reason of a block in place of a hold.
const TOO_MANY: &str = "too many messages are held; an admin must release or drop some";

/// Returns the answer of an earlier request with the key of the decision.
pub(super) fn repeated(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    decision: &Decision,
) -> Result<Option<Answer>, ReplayError> {
    match &decision.key {
        Some(key) => replay(uow.idempotency(), decision.actor, cx.now, key),
        None => Ok(None),
    }
}

/// Stores the answer to the request under its key, if it has one.
pub(super) fn keep_answer(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    (decision, answer): (&Decision, Answer),
) -> Result<(), StoreError> {
    let Some(key) = &decision.key else {
        return Ok(());
    };
    uow.idempotency().insert(&StoredAnswer {
        agent: decision.actor,
        key: key.key.clone(),
        fingerprint: key.fingerprint,
        answer,
        at: cx.now,
    })
}

/// Stores a decision. If the request has a key, it replaces the pending decision.
pub(super) fn record(uow: &mut dyn TalkUnit, decision: &Decision) -> Result<(), StoreError> {
    let reserved = match &decision.key {
        Some(key) => uow.decisions().find(decision.actor, &key.key)?,
        None => None,
    };
    match reserved {
        Some(_) => uow.decisions().update(decision),
        None => uow.decisions().insert(decision),
    }
}

/// Records a decision by which no message is stored now, and stores the content as held if that is
/// the decision. If too many messages are held already, the content is blocked instead: after a
/// refusal the decision would stay pending, and each repetition would call the intercept again.
/// Stores the answer of a final decision, so that a repetition finds it also if no intercept is
/// active then.
pub(super) fn end(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    (mut decision, content): (Decision, HeldContent),
    limits: HeldLimits,
) -> Result<Decision, StoreError> {
    decision.digest_after.clear();
    if decision.verdict == Verdict::Hold {
        let (of_author, of_customer) = uow.held().count(decision.actor)?;
        if of_author >= limits.per_agent || of_customer >= limits.per_customer {
            decision = block_for(decision, TOO_MANY.to_owned());
        }
    }
    if decision.verdict == Verdict::Hold {
        uow.held().insert(&HeldMessage {
            id: decision.id,
            customer: decision.customer,
            author: decision.actor,
            chat: decision.stream.into(),
            content,
            reason: decision.reason.clone(),
            created: cx.now,
        })?;
    }
    record(uow, &decision)?;
    let answer = match decision.verdict {
        Verdict::Hold => Answer::Held(decision.id),
        Verdict::Block => Answer::Blocked(decision.id, decision.reason.clone()),
        // A repetition calls the intercept again.
        _ => return Ok(decision),
    };
    keep_answer(uow, cx, (&decision, answer))?;
    Ok(decision)
}

/// Checks content that is to be modified or held, and turns the decision into a block if the content
/// breaks a rule. With the other verdicts, nothing is stored, or the use case that stores it makes this
/// check itself. `check` returns the broken rule as `Err(Ok(rule))` and any other refusal as
/// `Err(Err(refusal))`.
pub(super) fn checked<E>(
    decision: &Decision,
    check: impl FnOnce() -> Result<(), Result<String, E>>,
) -> Result<Decision, E> {
    let decision = decision.clone();
    if !matches!(decision.verdict, Verdict::Modify | Verdict::Hold) {
        return Ok(decision);
    }
    match check() {
        Ok(()) => Ok(decision),
        Err(Ok(broken)) => Ok(block_for(decision, Decision::broken(&broken))),
        Err(Err(error)) => Err(error),
    }
}

/// Turns a decision that cannot be carried out into a block.
fn block_for(decision: Decision, reason: String) -> Decision {
    Decision {
        verdict: Verdict::Block,
        reason,
        ..decision
    }
}
