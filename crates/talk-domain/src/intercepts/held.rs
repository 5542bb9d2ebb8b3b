//! Use cases: release a held message, or drop it.

use crate::hooks::access::{NotAdmin, check_admin};
use crate::hooks::decision::{Decision, Verdict};
use crate::kernel::context::{Actor, Context};
use crate::kernel::error::refusals;
use crate::kernel::id::DecisionId;
use crate::kernel::log::Logged;
use crate::kernel::store_error::StoreError;
use crate::talk::message::edit::{EditMessage, EditMessageError, edit_and_log};
use crate::talk::message::post::{PostMessage, PostMessageError, post_message};
use crate::talk::model::held::{HeldContent, HeldMessage};
use crate::talk::model::message::Message;
use crate::talk::unit::TalkUnit;

use std::sync::Arc;

refusals! {
    /// Refusals of [`drop_held`].
    pub enum HeldError {
        NoSuchMessage = NotFound "HELD_NOT_FOUND" "there is no such held message",
        ..NotAdmin(NotAdmin),
        ..Store(StoreError),
    }
}

refusals! {
    /// Refusals of [`release`].
    pub enum ReleaseError {
        ..Held(HeldError),
        ..Post(PostMessageError),
        ..Edit(EditMessageError),
        ..Store(StoreError),
    }
}

/// A released message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Released {
    /// The event of the message that was posted or edited.
    Event(Arc<Logged>),
    /// The message already has the content of the held edit.
    Unchanged(Box<Message>),
}

/// Posts a held message, or makes a held edit, on behalf of its author, with the time of the
/// release. The author must be allowed to post or edit it now. No intercept is called.
///
/// # Errors
/// See [`ReleaseError`]. On an error, the message stays held.
pub fn release(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    id: DecisionId,
) -> Result<Released, ReleaseError> {
    let held = decide(uow, cx, (id, Verdict::Release))?;
    let mut author = cx.clone();
    author.actor = Actor {
        agent: held.author,
        ..cx.actor
    };
    match held.content {
        HeldContent::Post {
            parent,
            text,
            medias,
        } => {
            let command = PostMessage {
                chat: held.chat,
                parent,
                text,
                medias,
            };
            let posted = post_message(uow, &author, &command)?;
            Ok(Released::Event(posted.event))
        }
        HeldContent::Edit {
            message,
            text,
            medias,
        } => {
            let command = EditMessage {
                message,
                text,
                medias,
            };
            Ok(match edit_and_log(uow, &author, &command)? {
                (_, Some(event)) => Released::Event(event),
                (message, None) => Released::Unchanged(Box::new(message)),
            })
        }
    }
}

/// Deletes a held message and returns it.
///
/// # Errors
/// See [`HeldError`].
pub fn drop_held(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    id: DecisionId,
) -> Result<HeldMessage, HeldError> {
    decide(uow, cx, (id, Verdict::Drop))
}

/// Deletes a held message, and stores the verdict in its decision, if that is not expired.
fn decide(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    (id, verdict): (DecisionId, Verdict),
) -> Result<HeldMessage, HeldError> {
    check_admin(cx)?;
    let held = uow.held().get(id)?.ok_or(HeldError::NoSuchMessage)?;
    uow.held().remove(id)?;
    if let Some(mut decision) = uow.decisions().get(id)? {
        if verdict == Verdict::Release {
            decision.digest_after.clone_from(&decision.digest_before);
        }
        uow.decisions().update(&Decision {
            verdict,
            decided_by: Some(cx.actor.agent),
            ..decision
        })?;
    }
    Ok(held)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::access::AccessError;
    use crate::talk::model::event::EventKind::{MessageEdited, MessagePosted};
    use crate::testing::{
        MockUnitOfWork, Scene, a_chat, a_decision, a_message, admin_context, agent_id, at, context,
        customer_id,
    };
    use uuid::Uuid;

    fn held(content: HeldContent) -> HeldMessage {
        HeldMessage {
            id: Uuid::from_u128(7).into(),
            customer: customer_id(),
            author: agent_id(1),
            chat: a_chat().id,
            content,
            reason: String::new(),
            created: at(0),
        }
    }

    fn post() -> HeldContent {
        HeldContent::Post {
            parent: None,
            text: "hello".into(),
            medias: Vec::new(),
        }
    }

    /// Expects that the decision of the held message becomes this one, by agent 9.
    fn records(uow: &mut MockUnitOfWork, verdict: Verdict, digest_after: &'static str) {
        let before = Decision {
            digest_after: String::new(),
            ..a_decision(Verdict::Hold)
        };
        let after = Decision {
            verdict,
            digest_after: digest_after.to_owned(),
            decided_by: Some(agent_id(9)),
            ..before.clone()
        };
        let get = uow.decisions.expect_get();
        get.returning(move |_| Ok(Some(before.clone())));
        let update = uow.decisions.expect_update().times(1);
        update.returning(move |decision| {
            assert_eq!(*decision, after);
            Ok(())
        });
    }

    fn unit(scene: &Scene, content: HeldContent) -> MockUnitOfWork {
        let mut uow = scene.unit();
        let get = uow.held.expect_get();
        get.returning(move |_| Ok(Some(held(content.clone()))));
        uow.held.expect_remove().times(1).returning(|_| Ok(()));
        records(&mut uow, Verdict::Release, "before");
        uow.messages.expect_update().returning(|_| Ok(()));
        uow.messages.expect_add_revision().returning(|_| Ok(()));
        uow
    }

    /// INT-09: the author of the message is its sender, and the admin need not be a participant.
    #[test]
    fn a_released_message_is_posted_by_its_author() {
        let scene = Scene::new(a_chat()).members(&[agent_id(1)]);
        let mut uow = unit(&scene, post());
        let released = release(&mut uow, &admin_context(agent_id(9)), held(post()).id);
        assert!(matches!(released.unwrap(), Released::Event(_)));
        assert_eq!(scene.events(), [MessagePosted]);
    }

    /// INT-09.
    #[test]
    fn a_released_edit_is_made() {
        let scene = Scene::new(a_chat())
            .members(&[agent_id(1)])
            .messages(&[a_message(1)]);
        let edit = HeldContent::Edit {
            message: a_message(1).id,
            text: Some("new".into()),
            medias: None,
        };
        let mut uow = unit(&scene, edit.clone());
        let released = release(&mut uow, &admin_context(agent_id(9)), held(edit).id);
        assert!(matches!(released.unwrap(), Released::Event(_)));
        assert_eq!(scene.events(), [MessageEdited]);
    }

    /// INT-09: the rules are those of the time of the release.
    #[test]
    fn a_message_of_a_former_participant_is_not_released() {
        let scene = Scene::new(a_chat()).members(&[agent_id(2)]);
        let mut uow = unit(&scene, post());
        let refused = release(&mut uow, &admin_context(agent_id(9)), held(post()).id);
        assert!(matches!(
            refused,
            Err(ReleaseError::Post(PostMessageError::Access(
                AccessError::NotAParticipant
            )))
        ));
    }

    /// INT-09: a decision may expire before its held message.
    #[test]
    fn a_held_message_without_its_decision_is_dropped() {
        let mut uow = MockUnitOfWork::default();
        let get = uow.held.expect_get();
        get.returning(|_| Ok(Some(held(post()))));
        uow.held.expect_remove().times(1).returning(|_| Ok(()));
        uow.decisions.expect_get().returning(|_| Ok(None));
        let dropped = drop_held(&mut uow, &admin_context(agent_id(9)), held(post()).id);
        assert_eq!(dropped.unwrap(), held(post()));
    }

    /// INT-02 and INT-09.
    #[test]
    fn an_agent_drops_nothing_and_an_admin_once() {
        let mut uow = MockUnitOfWork::default();
        let id = held(post()).id;
        let refused = drop_held(&mut uow, &context(agent_id(1)), id);
        assert!(matches!(refused, Err(HeldError::NotAdmin(_))));
        uow.held
            .expect_get()
            .times(1)
            .returning(|_| Ok(Some(held(post()))));
        uow.held.expect_remove().times(1).returning(|_| Ok(()));
        records(&mut uow, Verdict::Drop, "");
        let admin = admin_context(agent_id(9));
        assert_eq!(drop_held(&mut uow, &admin, id).unwrap(), held(post()));
        uow.held.expect_get().returning(|_| Ok(None));
        let again = drop_held(&mut uow, &admin, id);
        assert!(matches!(again, Err(HeldError::NoSuchMessage)));
    }
}
