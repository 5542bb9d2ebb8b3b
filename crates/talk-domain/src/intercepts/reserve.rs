//! Step: reserve the decision on a request before the intercept is called.

use crate::hooks::decision::{Decision, Verdict};
use crate::kernel::context::Context;
use crate::kernel::error::CheckedError;
use crate::kernel::id::{AgentId, DecisionId};
use crate::kernel::idempotency::{Answer, IdempotencyKey, ReplayError, replay};
use crate::kernel::store_error::StoreError;
use crate::talk::unit::TalkUnit;

/// The result of [`reserve`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reserved<T> {
    /// An earlier request with the same key has this answer.
    Answered(Answer),
    /// An earlier request with the same key was refused or held by this decision.
    Decided(Decision),
    /// The intercept is to be called under this id. The second field is the result of the check.
    Open(DecisionId, T),
}

/// Looks for an earlier request with the same key, and runs `check`, so that a request that breaks
/// a rule is refused without a call. Then stores `pending` if the request has a key. If an earlier
/// request ended without a decision, the call gets its id, so that the intercept recognises the
/// repetition.
///
/// # Errors
/// The refusal of `check`, or [`ReplayError`].
pub fn reserve<T, E: From<StoreError>>(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    pending: &Decision,
    check: impl FnOnce(&mut dyn TalkUnit) -> Result<T, E>,
) -> Result<Reserved<T>, CheckedError<ReplayError, E>> {
    let Some(key) = &pending.key else {
        let checked = check(uow).map_err(CheckedError::Work)?;
        return Ok(Reserved::Open(pending.id, checked));
    };
    let answer = replay(uow.idempotency(), pending.actor, cx.now, key);
    if let Some(answer) = answer.map_err(CheckedError::Check)? {
        return Ok(Reserved::Answered(answer));
    }
    let earlier = earlier(uow, cx, (pending.actor, key))?;
    if let Some(decided) = earlier.clone().filter(|one| is_final(one.verdict)) {
        return Ok(Reserved::Decided(decided));
    }
    let checked = check(uow).map_err(CheckedError::Work)?;
    if let Some(earlier) = earlier {
        return Ok(Reserved::Open(earlier.id, checked));
    }
    uow.decisions().insert(pending)?;
    Ok(Reserved::Open(pending.id, checked))
}

/// Finds the decision on an earlier request with the same key, if it is less than 24 hours old.
/// Removes the key of an older one.
fn earlier<E: From<StoreError>>(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    (actor, key): (AgentId, &IdempotencyKey),
) -> Result<Option<Decision>, CheckedError<ReplayError, E>> {
    let Some(found) = uow.decisions().find(actor, &key.key)? else {
        return Ok(None);
    };
    if found.is_expired(cx.now) {
        uow.decisions().update(&Decision { key: None, ..found })?;
        return Ok(None);
    }
    if found.key.as_ref() == Some(key) {
        return Ok(Some(found));
    }
    Err(CheckedError::Check(ReplayError::Reused))
}

/// Returns whether a repetition is answered by the decision. A repetition of a request whose
/// message was stored is answered by the stored answer instead, which is missing only if it was
/// erased.
const fn is_final(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Block) || verdict.was_held()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::idempotency::{KEPT_SECONDS, StoredAnswer};
    use crate::talk::message::post::PostMessageError;
    use crate::testing::{MockUnitOfWork, a_decision, agent_id, at, context};
    use uuid::Uuid;

    type Result_ = Result<Reserved<()>, CheckedError<ReplayError, PostMessageError>>;

    fn key(fingerprint: u8) -> IdempotencyKey {
        IdempotencyKey {
            key: "k-12345678".into(),
            fingerprint: [fingerprint; 32],
        }
    }

    fn pending() -> Decision {
        Decision {
            id: Uuid::from_u128(2).into(),
            key: Some(key(1)),
            ..a_decision(Verdict::Pending)
        }
    }

    fn earlier(verdict: Verdict) -> Decision {
        Decision {
            key: Some(key(1)),
            ..a_decision(verdict)
        }
    }

    fn unit(found: Option<Decision>) -> MockUnitOfWork {
        let mut uow = MockUnitOfWork::default();
        uow.idempotency.expect_find().returning(|_, _| Ok(None));
        let find = uow.decisions.expect_find();
        find.returning(move |_, _| Ok(found.clone()));
        uow
    }

    fn run(uow: &mut MockUnitOfWork, pending: &Decision) -> (Result_, u32) {
        let mut checks = 0;
        let reserved = reserve(uow, &context(agent_id(1)), pending, |_| {
            checks += 1;
            Ok(())
        });
        (reserved, checks)
    }

    /// INT-06.
    #[test]
    fn the_first_request_with_a_key_stores_a_pending_decision() {
        let mut uow = unit(None);
        let insert = uow.decisions.expect_insert().times(1);
        insert.withf(|one| *one == pending()).returning(|_| Ok(()));
        let (reserved, checks) = run(&mut uow, &pending());
        assert_eq!(reserved.unwrap(), Reserved::Open(pending().id, ()));
        assert_eq!(checks, 1);
    }

    /// INT-06: without a key there is no repetition to recognise.
    #[test]
    fn a_request_without_a_key_stores_nothing_before_the_call() {
        let keyless = Decision {
            key: None,
            ..pending()
        };
        let (reserved, checks) = run(&mut MockUnitOfWork::default(), &keyless);
        assert_eq!(reserved.unwrap(), Reserved::Open(keyless.id, ()));
        assert_eq!(checks, 1);
    }

    /// INT-06: a refusal too.
    #[test]
    fn a_repetition_gets_the_answer_or_the_decision_of_the_first() {
        use Verdict::{Block, Drop, Hold, Release};
        for verdict in [Block, Hold, Release, Drop] {
            let (reserved, checks) = run(&mut unit(Some(earlier(verdict))), &pending());
            assert_eq!(reserved.unwrap(), Reserved::Decided(earlier(verdict)));
            assert_eq!(checks, 0);
        }
        let mut uow = MockUnitOfWork::default();
        let answer = Answer::Body("{}".into());
        let stored = StoredAnswer {
            agent: agent_id(1),
            key: key(1).key,
            fingerprint: key(1).fingerprint,
            answer: answer.clone(),
            at: at(0),
        };
        let find = uow.idempotency.expect_find();
        find.returning(move |_, _| Ok(Some(stored.clone())));
        let (reserved, checks) = run(&mut uow, &pending());
        assert_eq!(reserved.unwrap(), Reserved::Answered(answer));
        assert_eq!(checks, 0);
    }

    /// INT-06: the id stays, so that the intercept recognises the call.
    #[test]
    fn a_repetition_after_a_crash_or_a_rejection_calls_under_the_same_id() {
        for verdict in [Verdict::Pending, Verdict::Reject] {
            let (reserved, checks) = run(&mut unit(Some(earlier(verdict))), &pending());
            let id = earlier(verdict).id;
            assert_eq!((reserved.unwrap(), checks), (Reserved::Open(id, ()), 1));
        }
    }

    /// INT-06.
    #[test]
    fn a_key_of_another_request_is_refused() {
        let other = Decision {
            key: Some(key(2)),
            ..pending()
        };
        let (reserved, checks) = run(&mut unit(Some(earlier(Verdict::Block))), &other);
        assert!(matches!(
            reserved,
            Err(CheckedError::Check(ReplayError::Reused))
        ));
        assert_eq!(checks, 0);
    }

    /// INT-06: after 24 hours the key is free.
    #[test]
    fn an_old_decision_loses_its_key_to_a_new_one() {
        let old = Decision {
            created: at(1_000_000 - i64::from(KEPT_SECONDS) * 1_000_000),
            ..earlier(Verdict::Block)
        };
        let mut uow = unit(Some(old));
        let update = uow.decisions.expect_update().times(1);
        update.withf(|one| one.key.is_none()).returning(|_| Ok(()));
        uow.decisions.expect_insert().times(1).returning(|_| Ok(()));
        let (reserved, _) = run(&mut uow, &pending());
        assert_eq!(reserved.unwrap(), Reserved::Open(pending().id, ()));
    }

    /// INT-03: what the rules refuse reaches no intercept.
    #[test]
    fn a_request_that_would_be_refused_reserves_nothing() {
        let mut uow = unit(None);
        let refused = reserve(&mut uow, &context(agent_id(1)), &pending(), |_| {
            Err::<(), _>(PostMessageError::Closed)
        });
        assert!(matches!(
            refused,
            Err(CheckedError::Work(PostMessageError::Closed))
        ));
    }
}
