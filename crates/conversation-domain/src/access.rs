//! Access checks. Each use case that an agent calls begins with one.

use talk_domain::kernel::context::{Actor, Context};
use talk_domain::kernel::error::refusals;
use talk_domain::kernel::id::ConversationId;
use talk_domain::kernel::store_error::StoreError;

use crate::model::conversation::Conversation;
use crate::unit::{ConversationSnapshot, ConversationUnit};

refusals! {
    /// The refusal of [`check_admin`].
    pub enum NotAdmin {
        Forbidden = PermissionDenied "PERMISSION_DENIED" "only admins and managers may do this",
    }
}

refusals! {
    /// Refusals of the access checks. A conversation of another customer is refused like one that
    /// does not exist.
    pub enum AccessError {
        NoSuchConversation = NotFound "CONVERSATION_NOT_FOUND" "there is no such conversation",
        NotTheOwner = PermissionDenied "PERMISSION_DENIED" "only the owner, admins and managers may do this",
        NotTakingPart = PermissionDenied "PERMISSION_DENIED" "only the owner, participants, admins and managers may do this",
        ..Store(StoreError),
    }
}

/// Checks that the actor is an admin or manager, by the permission in `cx`, which was read in this
/// unit of work.
///
/// # Errors
/// [`NotAdmin`].
pub(crate) fn check_admin(cx: &Context) -> Result<(), NotAdmin> {
    if cx.actor.permission.administers() {
        return Ok(());
    }
    Err(NotAdmin::Forbidden)
}

/// Returns whether the actor is the owner of the conversation, or an admin or manager.
pub(crate) fn is_leading(actor: Actor, conversation: &Conversation) -> bool {
    actor.permission.administers() || conversation.owner == Some(actor.agent)
}

/// Returns whether the actor may read the conversation and write in it, as its owner, a
/// participant, an admin or a manager.
pub(crate) fn takes_part(
    uow: &mut dyn ConversationUnit,
    actor: Actor,
    conversation: &Conversation,
) -> Result<bool, StoreError> {
    let (id, agent) = (conversation.id, actor.agent);
    Ok(is_leading(actor, conversation)
        || conversation.participants > 0
            && uow.conversation_participants().find(id, agent)?.is_some())
}

/// The same as [`takes_part`], on a snapshot.
pub(crate) fn takes_part_in(
    snapshot: &mut dyn ConversationSnapshot,
    actor: Actor,
    conversation: &Conversation,
) -> Result<bool, StoreError> {
    let (id, agent) = (conversation.id, actor.agent);
    Ok(is_leading(actor, conversation)
        || conversation.participants > 0
            && snapshot
                .conversation_participants()
                .find(id, agent)?
                .is_some())
}

/// Locks a conversation.
pub(crate) fn lock(
    uow: &mut dyn ConversationUnit,
    id: ConversationId,
) -> Result<Conversation, AccessError> {
    let found = uow.conversations().lock(id)?;
    found.ok_or(AccessError::NoSuchConversation)
}

/// Locks a conversation of which the actor is the owner, or which it may change as an admin or
/// manager.
pub(crate) fn lock_leading(
    uow: &mut dyn ConversationUnit,
    actor: Actor,
    id: ConversationId,
) -> Result<Conversation, AccessError> {
    let conversation = lock(uow, id)?;
    if is_leading(actor, &conversation) {
        return Ok(conversation);
    }
    Err(AccessError::NotTheOwner)
}

/// Locks a conversation in which the actor may take part.
pub(crate) fn lock_taking_part(
    uow: &mut dyn ConversationUnit,
    actor: Actor,
    id: ConversationId,
) -> Result<Conversation, AccessError> {
    let conversation = lock(uow, id)?;
    if takes_part(uow, actor, &conversation)? {
        return Ok(conversation);
    }
    Err(AccessError::NotTakingPart)
}

/// Reads a conversation in which the actor may take part.
pub(crate) fn read_taking_part(
    snapshot: &mut dyn ConversationSnapshot,
    actor: Actor,
    id: ConversationId,
) -> Result<Conversation, AccessError> {
    let found = snapshot.conversations().get(id)?;
    let conversation = found.ok_or(AccessError::NoSuchConversation)?;
    if takes_part_in(snapshot, actor, &conversation)? {
        return Ok(conversation);
    }
    Err(AccessError::NotTakingPart)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockUnit, a_conversation, a_participant};
    use talk_domain::testing::{actor, admin_context, agent_id, context};

    /// CONV-10 and CONV-15.
    #[test]
    fn the_owner_participants_admins_and_managers_take_part_and_others_do_not() {
        let admin = admin_context(agent_id(9)).actor;
        let owned = Conversation {
            owner: Some(agent_id(1)),
            participants: 1,
            ..a_conversation()
        };
        let mut uow = MockUnit::default();
        let find = uow.conversation_participants.expect_find();
        find.returning(|_, agent| Ok((agent == agent_id(2)).then(|| a_participant(2))));
        let lock = uow.conversations.expect_lock();
        lock.returning(move |_| Ok(Some(owned.clone())));
        for (asks, leads, takes_part) in [
            (actor(agent_id(1)), true, true),
            (actor(agent_id(2)), false, true),
            (actor(agent_id(3)), false, false),
            (admin, true, true),
        ] {
            let id = a_conversation().id;
            assert_eq!(lock_leading(&mut uow, asks, id).is_ok(), leads);
            assert_eq!(lock_taking_part(&mut uow, asks, id).is_ok(), takes_part);
        }
        assert!(!is_leading(actor(agent_id(1)), &a_conversation()));
        assert!(check_admin(&context(agent_id(1))).is_err());
        assert!(check_admin(&admin_context(agent_id(1))).is_ok());
    }

    /// CONV-10: a conversation of another customer is not in the unit's rows.
    #[test]
    fn a_conversation_that_is_not_there_is_not_found_whoever_asks() {
        let mut uow = MockUnit::default();
        uow.conversations.expect_lock().returning(|_| Ok(None));
        let admin = admin_context(agent_id(1)).actor;
        for asks in [admin, actor(agent_id(1))] {
            let refused = lock_taking_part(&mut uow, asks, a_conversation().id);
            assert!(matches!(refused, Err(AccessError::NoSuchConversation)));
        }
    }
}
