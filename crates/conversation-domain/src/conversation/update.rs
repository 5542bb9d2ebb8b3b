//! Use case: change the owner, name and detail of a conversation.

use talk_domain::kernel::context::Context;
use talk_domain::kernel::error::{Invalid, refusals};
use talk_domain::kernel::id::{AgentId, ConversationId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::text::check_text;

use crate::access::{AccessError, lock_leading};
use crate::conversation::claim::ClaimError;
use crate::model::conversation::Conversation;
use crate::steps::record::{Cause, record_update};
use crate::unit::ConversationUnit;

/// The command; a field that is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdateConversation {
    /// The new owner, or `Some(None)` for none.
    pub owner: Option<Option<AgentId>>,
    /// Change only if this is the owner; `Some(None)` stands for none.
    pub expected_owner: Option<Option<AgentId>>,
    /// The new name.
    pub name: Option<String>,
    /// The new detail.
    pub detail: Option<String>,
}

refusals! {
    /// Refusals of [`update_conversation`].
    pub enum UpdateConversationError {
        AdminsOnly = PermissionDenied "PERMISSION_DENIED" "only admins and managers may give a conversation to another agent",
        ..Claim(ClaimError),
        ..Access(AccessError),
        ..Invalid(Invalid),
        ..Store(StoreError),
    }
}

/// Changes a conversation. Admins and managers change its owner, and its owner the texts.
///
/// # Errors
/// See [`UpdateConversationError`].
pub fn update_conversation(
    uow: &mut dyn ConversationUnit,
    cx: &Context,
    id: ConversationId,
    command: &UpdateConversation,
) -> Result<Conversation, UpdateConversationError> {
    if let Some(name) = &command.name {
        check_text("name", name, cx.limits.name)?;
    }
    if let Some(detail) = &command.detail {
        check_text("detail", detail, cx.limits.detail)?;
    }
    let conversation = lock_leading(uow, cx.actor, id)?;
    let before = conversation.owner;
    if command.expected_owner.is_some_and(|owner| owner != before) {
        return Err(ClaimError::OwnerChanged.into());
    }
    let mut changed = conversation.clone();
    if let Some(owner) = command.owner.filter(|owner| *owner != before) {
        if !cx.actor.permission.administers() {
            return Err(UpdateConversationError::AdminsOnly);
        }
        check_owner(uow, owner)?;
        changed.owner = owner;
    }
    changed.name = command.name.clone().unwrap_or(changed.name);
    changed.detail = command.detail.clone().unwrap_or(changed.detail);
    if changed == conversation {
        return Ok(conversation);
    }
    let cause = Cause {
        actor: Some(cx.actor.agent),
        now: cx.now,
    };
    record_update(uow, cause, &mut changed, before)?;
    Ok(changed)
}

/// Checks that the new owner is an agent of the customer. An agent of another customer and an agent
/// that does not exist are refused in the same way.
fn check_owner(
    uow: &mut dyn ConversationUnit,
    owner: Option<AgentId>,
) -> Result<(), UpdateConversationError> {
    let Some(owner) = owner else {
        return Ok(());
    };
    let found = uow.agents().get(owner)?;
    if found.is_some_and(|agent| agent.deleted.is_none()) {
        return Ok(());
    }
    let message = "must be an agent of the customer";
    Err(Invalid::new("owner_id", "OWNER_INVALID", message).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockUnit, a_conversation, logs};
    use talk_domain::testing::{a_deleted_agent, admin_context, agent_id, an_agent, context};

    fn update(
        cx: &Context,
        command: &UpdateConversation,
        changes: usize,
    ) -> Result<Conversation, UpdateConversationError> {
        let mut uow = MockUnit::default();
        uow.conversations.expect_lock().returning(|_| {
            Ok(Some(Conversation {
                owner: Some(agent_id(1)),
                ..a_conversation()
            }))
        });
        uow.agents.expect_get().returning(|id| {
            let known = [an_agent(1), an_agent(2), a_deleted_agent(3)];
            Ok(known.into_iter().find(|agent| agent.id == id))
        });
        let stored = uow.conversations.expect_update().times(changes);
        stored.returning(|_| Ok(()));
        logs(&mut uow, "conversation_updated", changes);
        update_conversation(&mut uow, cx, a_conversation().id, command)
    }

    fn owner(owner: Option<AgentId>) -> UpdateConversation {
        UpdateConversation {
            owner: Some(owner),
            ..UpdateConversation::default()
        }
    }

    /// CONV-07: unknown, deleted and foreign agents are refused alike.
    #[test]
    fn an_admin_gives_a_conversation_to_an_agent_of_the_customer() {
        let admin = admin_context(agent_id(9));
        let given = update(&admin, &owner(Some(agent_id(2))), 1).unwrap();
        assert_eq!(given.owner, Some(agent_id(2)));
        let freed = update(&admin, &owner(None), 1).unwrap();
        assert_eq!(freed.owner, None);
        for unknown in [3, 7] {
            let refused = update(&admin, &owner(Some(agent_id(unknown))), 0);
            let Err(UpdateConversationError::Invalid(refused)) = refused else {
                panic!("{refused:?}");
            };
            let said = (&*refused.field, refused.reason);
            assert_eq!(said, ("owner_id", "OWNER_INVALID"));
        }
    }

    /// CONV-07.
    #[test]
    fn the_owner_changes_the_texts_and_gives_the_conversation_to_nobody() {
        let own = context(agent_id(1));
        let renamed = UpdateConversation {
            name: Some("Jo".into()),
            detail: Some("VIP".into()),
            ..UpdateConversation::default()
        };
        let changed = update(&own, &renamed, 1).unwrap();
        assert_eq!((&*changed.name, &*changed.detail), ("Jo", "VIP"));
        assert!(update(&own, &owner(Some(agent_id(1))), 0).is_ok());
        let refused = update(&own, &owner(Some(agent_id(2))), 0);
        assert!(matches!(refused, Err(UpdateConversationError::AdminsOnly)));
        let refused = update(&context(agent_id(2)), &renamed, 0);
        assert!(matches!(refused, Err(UpdateConversationError::Access(_))));
    }

    /// CONV-07.
    #[test]
    fn a_change_for_another_owner_than_there_is_changes_nothing() {
        let admin = admin_context(agent_id(9));
        let expecting = |expected| UpdateConversation {
            expected_owner: Some(expected),
            ..owner(Some(agent_id(2)))
        };
        assert!(update(&admin, &expecting(Some(agent_id(1))), 1).is_ok());
        for wrong in [None, Some(agent_id(2))] {
            let refused = update(&admin, &expecting(wrong), 0);
            assert!(matches!(refused, Err(UpdateConversationError::Claim(_))));
        }
    }

    #[test]
    fn a_text_that_is_too_long_is_refused_with_its_limit() {
        let long = UpdateConversation {
            name: Some("x".repeat(256)),
            ..UpdateConversation::default()
        };
        let refused = update(&context(agent_id(1)), &long, 0);
        let Err(UpdateConversationError::Invalid(refused)) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!((&*refused.field, refused.limit), ("name", Some(255)));
    }
}
