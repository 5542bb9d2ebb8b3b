//! Use case: apply an intercept's decision to a new message.

use crate::hooks::decision::{Decision, Verdict};
use crate::intercepts::settle::{HeldLimits, Settled, checked, end, keep_answer, record, repeated};
use crate::kernel::context::Context;
use crate::kernel::error::refusals;
use crate::kernel::idempotency::{Answer, ReplayError};
use crate::kernel::store_error::StoreError;
use crate::talk::message::post::{PostMessage, PostMessageError, Posted, check_post, post_message};
use crate::talk::model::held::HeldContent;
use crate::talk::steps::content::ReferenceError;
use crate::talk::unit::TalkUnit;

refusals! {
    /// Refusals of [`settle_post`].
    pub enum SettlePostError {
        ..Post(PostMessageError),
        ..Replay(ReplayError),
        ..Store(StoreError),
    }
}

/// A post on which an intercept decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettlePost {
    /// The decision.
    pub decision: Decision,
    /// The message, with the changes of the intercept.
    pub command: PostMessage,
}

/// Applies the decision: posts the message, holds it, or records a refusal. If the intercept's
/// changes break a rule, the message is blocked.
///
/// # Errors
/// See [`SettlePostError`]. A refusal of the rules other than of changes leaves the decision open.
pub fn settle_post(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    SettlePost { decision, command }: &SettlePost,
    limits: HeldLimits,
) -> Result<Settled<Posted>, SettlePostError> {
    if let Some(answer) = repeated(uow, cx, decision)? {
        return Ok(Settled::Repeated(answer));
    }
    let decision = checked(decision, || {
        check_post(uow, cx, command).map(drop).map_err(broken_rule)
    })?;
    match decision.verdict {
        Verdict::Allow | Verdict::Modify => {
            let posted = post_message(uow, cx, command)?;
            record(uow, &decision)?;
            let answer = Answer::Event(posted.event.stream, posted.event.seq);
            keep_answer(uow, cx, (&decision, answer))?;
            Ok(Settled::Stored(posted))
        }
        _ => {
            let content = HeldContent::Post {
                parent: command.parent,
                text: command.text.clone(),
                medias: command.medias.clone(),
            };
            let ended = end(uow, cx, (decision, content), limits)?;
            Ok(Settled::Ended(ended))
        }
    }
}

/// Returns the message of a refusal that concerns the content; other refusals stay errors.
fn broken_rule(error: PostMessageError) -> Result<String, PostMessageError> {
    match error {
        PostMessageError::Empty
        | PostMessageError::Invalid(_)
        | PostMessageError::Reference(ReferenceError::Invalid(_)) => Ok(error.to_string()),
        error => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::idempotency::IdempotencyKey;
    use crate::talk::model::event::EventKind::MessagePosted;
    use crate::testing::{MockUnitOfWork, Scene, a_chat, a_decision, agent_id, context};

    const LIMITS: HeldLimits = HeldLimits {
        per_agent: 2,
        per_customer: 9,
    };

    fn scene() -> Scene {
        Scene::new(a_chat()).members(&[agent_id(1)])
    }

    fn settle(
        uow: &mut MockUnitOfWork,
        verdict: Verdict,
        text: &str,
    ) -> Result<Settled<Posted>, SettlePostError> {
        settle_decided(uow, a_decision(verdict), text)
    }

    fn settle_decided(
        uow: &mut MockUnitOfWork,
        decision: Decision,
        text: &str,
    ) -> Result<Settled<Posted>, SettlePostError> {
        let settled = SettlePost {
            decision,
            command: PostMessage {
                chat: a_chat().id,
                parent: None,
                text: text.into(),
                medias: Vec::new(),
            },
        };
        settle_post(uow, &context(agent_id(1)), &settled, LIMITS)
    }

    /// Expects that this decision is recorded.
    fn records(uow: &mut MockUnitOfWork, verdict: Verdict, is_stored: bool) {
        let insert = uow.decisions.expect_insert().times(1);
        insert
            .withf(move |one| one.verdict == verdict && one.digest_after.is_empty() != is_stored)
            .returning(|_| Ok(()));
    }

    /// INT-03.
    #[test]
    fn an_allowed_or_modified_message_is_posted_with_its_decision() {
        for verdict in [Verdict::Allow, Verdict::Modify] {
            let scene = scene();
            let mut uow = scene.unit();
            records(&mut uow, verdict, true);
            let settled = settle(&mut uow, verdict, "hello").unwrap();
            assert!(matches!(settled, Settled::Stored(posted) if posted.message.text == "hello"));
            assert_eq!(scene.events(), [MessagePosted]);
        }
    }

    /// INT-04.
    #[test]
    fn a_blocked_or_rejected_message_leaves_its_decision_only() {
        for verdict in [Verdict::Block, Verdict::Reject] {
            let scene = scene();
            let mut uow = scene.unit();
            records(&mut uow, verdict, false);
            let settled = settle(&mut uow, verdict, "hello").unwrap();
            assert!(matches!(settled, Settled::Ended(one) if one.verdict == verdict));
            assert!(scene.events().is_empty());
        }
    }

    /// INT-05: the rules hold for changes as if the agent had sent them.
    #[test]
    fn a_change_that_breaks_a_rule_blocks_the_message() {
        for text in ["", &"x".repeat(16_001)] {
            let scene = scene();
            let mut uow = scene.unit();
            records(&mut uow, Verdict::Block, false);
            let settled = settle(&mut uow, Verdict::Modify, text).unwrap();
            let Settled::Ended(decision) = settled else {
                panic!("{settled:?}")
            };
            assert!(
                decision
                    .reason
                    .starts_with("the changed message is not allowed: ")
            );
            assert!(scene.events().is_empty());
        }
    }

    /// INT-05: a refusal that the change did not cause is returned as it is.
    #[test]
    fn a_change_by_an_outsider_is_refused_as_ever() {
        let scene = Scene::new(a_chat()).members(&[agent_id(2)]);
        let refused = settle(&mut scene.unit(), Verdict::Modify, "hello");
        assert!(matches!(
            refused,
            Err(SettlePostError::Post(PostMessageError::Access(_)))
        ));
    }

    /// INT-07.
    #[test]
    fn a_held_message_is_kept_outside_its_chat() {
        let scene = scene();
        let mut uow = scene.unit();
        records(&mut uow, Verdict::Hold, false);
        uow.held.expect_count().returning(|_| Ok((1, 1)));
        let insert = uow.held.expect_insert().times(1);
        insert
            .withf(|held| {
                let decision = a_decision(Verdict::Hold);
                let place = (held.id, held.author, held.chat);
                place == (decision.id, agent_id(1), a_chat().id)
                    && matches!(&held.content, HeldContent::Post { text, .. } if text == "hello")
            })
            .returning(|_| Ok(()));
        let settled = settle(&mut uow, Verdict::Hold, "hello").unwrap();
        assert!(matches!(settled, Settled::Ended(one) if one.verdict == Verdict::Hold));
        assert!(scene.events().is_empty());
    }

    /// INT-06: a repetition finds the answer also if no intercept is active then. A rejection is not
    /// final.
    #[test]
    fn a_blocked_or_held_message_keeps_its_answer_under_the_key() {
        let key = IdempotencyKey {
            key: "k-12345678".into(),
            fingerprint: [1; 32],
        };
        let id = a_decision(Verdict::Hold).id;
        for (verdict, expected) in [
            (Verdict::Block, Some(Answer::Blocked(id, "because".into()))),
            (Verdict::Hold, Some(Answer::Held(id))),
            (Verdict::Reject, None),
        ] {
            let mut uow = scene().unit();
            uow.idempotency.expect_find().returning(|_, _| Ok(None));
            uow.decisions.expect_find().returning(|_, _| Ok(None));
            records(&mut uow, verdict, false);
            uow.held.expect_count().returning(|_| Ok((0, 0)));
            uow.held.expect_insert().returning(|_| Ok(()));
            let insert = uow.idempotency.expect_insert();
            insert
                .times(usize::from(expected.is_some()))
                .withf(move |stored| {
                    (&*stored.key, stored.fingerprint) == ("k-12345678", [1; 32])
                        && Some(&stored.answer) == expected.as_ref()
                })
                .returning(|_| Ok(()));
            let keyed = Decision {
                key: Some(key.clone()),
                ..a_decision(verdict)
            };
            let settled = settle_decided(&mut uow, keyed, "hello").unwrap();
            assert!(matches!(settled, Settled::Ended(one) if one.verdict == verdict));
        }
    }

    /// INT-08: that is final, so that a repetition does not call the intercept again.
    #[test]
    fn a_message_beyond_the_limits_of_held_ones_is_blocked() {
        for count in [(2, 2), (0, 9)] {
            let scene = scene();
            let mut uow = scene.unit();
            uow.held.expect_count().returning(move |_| Ok(count));
            records(&mut uow, Verdict::Block, false);
            let ended = settle(&mut uow, Verdict::Hold, "hello").unwrap();
            let why = "too many messages are held; an admin must release or drop some";
            assert!(matches!(ended, Settled::Ended(one) if one.reason == why));
            assert!(scene.events().is_empty());
        }
    }
}
