//! Use case: apply an intercept's decision to the edit of a message.

use crate::hooks::decision::{Decision, Verdict};
use crate::intercepts::settle::{HeldLimits, Settled, checked, end, record};
use crate::kernel::context::Context;
use crate::kernel::error::refusals;
use crate::kernel::store_error::StoreError;
use crate::talk::message::edit::{EditMessage, EditMessageError, check_edit, edit_message};
use crate::talk::model::held::HeldContent;
use crate::talk::model::message::Message;
use crate::talk::steps::content::ReferenceError;
use crate::talk::unit::TalkUnit;

refusals! {
    /// Refusals of [`settle_edit`].
    pub enum SettleEditError {
        ..Edit(EditMessageError),
        ..Store(StoreError),
    }
}

/// An edit on which an intercept decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettleEdit {
    /// The decision.
    pub decision: Decision,
    /// The edit, with the changes of the intercept.
    pub command: EditMessage,
}

/// Applies the decision: edits the message, holds the edit, or records a refusal. If the
/// intercept's changes break a rule, the edit is blocked.
///
/// # Errors
/// See [`SettleEditError`].
pub fn settle_edit(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    SettleEdit { decision, command }: &SettleEdit,
    limits: HeldLimits,
) -> Result<Settled<Message>, SettleEditError> {
    let decision = checked(decision, || {
        check_edit(uow, cx, command).map(drop).map_err(broken_rule)
    })?;
    match decision.verdict {
        Verdict::Allow | Verdict::Modify => {
            let message = edit_message(uow, cx, command)?;
            record(uow, &decision)?;
            Ok(Settled::Stored(message))
        }
        _ => {
            let content = HeldContent::Edit {
                message: command.message,
                text: command.text.clone(),
                medias: command.medias.clone(),
            };
            let ended = end(uow, cx, (decision, content), limits)?;
            Ok(Settled::Ended(ended))
        }
    }
}

/// Returns the message of a refusal that concerns the content; other refusals stay errors.
fn broken_rule(error: EditMessageError) -> Result<String, EditMessageError> {
    match error {
        EditMessageError::Empty
        | EditMessageError::Invalid(_)
        | EditMessageError::Reference(ReferenceError::Invalid(_)) => Ok(error.to_string()),
        error => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::model::event::EventKind::MessageEdited;
    use crate::testing::{MockUnitOfWork, Scene, a_chat, a_decision, a_message, agent_id, context};

    const LIMITS: HeldLimits = HeldLimits {
        per_agent: 1,
        per_customer: 1,
    };

    fn scene() -> Scene {
        Scene::new(a_chat())
            .members(&[agent_id(1)])
            .messages(&[a_message(1)])
    }

    fn unit(scene: &Scene, verdict: Verdict) -> MockUnitOfWork {
        let mut uow = scene.unit();
        uow.messages.expect_update().returning(|_| Ok(()));
        uow.messages.expect_add_revision().returning(|_| Ok(()));
        let insert = uow.decisions.expect_insert().times(1);
        insert
            .withf(move |one| one.verdict == verdict)
            .returning(|_| Ok(()));
        uow
    }

    fn settle(uow: &mut MockUnitOfWork, verdict: Verdict, text: &str) -> Settled<Message> {
        let settled = SettleEdit {
            decision: a_decision(verdict),
            command: EditMessage {
                message: a_message(1).id,
                text: Some(text.into()),
                medias: None,
            },
        };
        settle_edit(uow, &context(agent_id(1)), &settled, LIMITS).unwrap()
    }

    /// INT-03: edits too.
    #[test]
    fn an_allowed_edit_is_made_and_a_blocked_one_is_not() {
        let scene = scene();
        let allowed = settle(&mut unit(&scene, Verdict::Allow), Verdict::Allow, "new");
        assert!(matches!(allowed, Settled::Stored(message) if message.text == "new"));
        assert_eq!(scene.events(), [MessageEdited]);
        let scene = self::scene();
        let blocked = settle(&mut unit(&scene, Verdict::Block), Verdict::Block, "new");
        assert!(matches!(blocked, Settled::Ended(_)));
        assert!(scene.events().is_empty());
    }

    /// INT-05.
    #[test]
    fn a_change_that_breaks_a_rule_blocks_the_edit() {
        let scene = scene();
        let blocked = settle(&mut unit(&scene, Verdict::Block), Verdict::Modify, " ");
        assert!(matches!(blocked, Settled::Ended(one) if one.verdict == Verdict::Block));
    }

    /// INT-07.
    #[test]
    fn a_held_edit_names_its_message() {
        let scene = scene();
        let mut uow = unit(&scene, Verdict::Hold);
        uow.held.expect_count().returning(|_| Ok((0, 0)));
        let insert = uow.held.expect_insert().times(1);
        insert
            .withf(|held| {
                let HeldContent::Edit {
                    message,
                    text,
                    medias,
                } = &held.content
                else {
                    return false;
                };
                (*message, text.as_deref(), medias) == (a_message(1).id, Some("new"), &None)
            })
            .returning(|_| Ok(()));
        let held = settle(&mut uow, Verdict::Hold, "new");
        assert!(matches!(held, Settled::Ended(_)));
        assert!(scene.events().is_empty());
    }
}
