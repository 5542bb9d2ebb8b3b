//! Use case: delete a conversation.

use talk_domain::kernel::cleanup::Deleted;
use talk_domain::kernel::context::Context;
use talk_domain::kernel::error::refusals;
use talk_domain::kernel::id::ConversationId;
use talk_domain::kernel::store_error::StoreError;

use crate::access::{AccessError, NotAdmin, check_admin, lock};
use crate::model::conversation::Conversation;
use crate::model::event::Event;
use crate::steps::record::append;
use crate::unit::ConversationUnit;

refusals! {
    /// Refusals of [`delete_conversation`].
    pub enum DeleteConversationError {
        ..NotAdmin(NotAdmin),
        ..Access(AccessError),
        ..Store(StoreError),
    }
}

/// Deletes a conversation and frees its room: the next message of the person outside begins another
/// one. A [cleanup](talk_domain::kernel::cleanup) removes messages, participants, marks and events later.
///
/// # Errors
/// See [`DeleteConversationError`].
pub fn delete_conversation(
    uow: &mut dyn ConversationUnit,
    cx: &Context,
    id: ConversationId,
) -> Result<Conversation, DeleteConversationError> {
    check_admin(cx)?;
    let mut conversation = lock(uow, id)?;
    let tick = conversation.tick(cx.now);
    (conversation.deleted, conversation.updated) = (Some(tick.at), tick.at);
    uow.rooms().free(id)?;
    let event = Event::ConversationDeleted(&conversation);
    append(uow, Some(cx.actor.agent), &conversation, event)?;
    uow.conversations().update(&conversation)?;
    uow.cleanups().add(Deleted::Conversation(id))?;
    Ok(conversation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockUnit, a_conversation, logs};
    use talk_domain::testing::{admin_context, agent_id, context};

    /// CONV-17.
    #[test]
    fn an_admin_deletes_a_conversation_and_frees_its_room() {
        let mut uow = MockUnit::default();
        let lock = uow.conversations.expect_lock();
        lock.returning(|_| Ok(Some(a_conversation())));
        let free = uow.rooms.expect_free().times(1);
        free.withf(|id| *id == a_conversation().id)
            .returning(|_| Ok(()));
        let update = uow.conversations.expect_update().times(1);
        update
            .withf(|conversation| conversation.deleted == Some(conversation.last.at))
            .returning(|_| Ok(()));
        logs(&mut uow, "conversation_deleted", 1);
        let add = uow.cleanups.expect_add().times(1);
        add.withf(|deleted| *deleted == Deleted::Conversation(a_conversation().id))
            .returning(|_| Ok(()));
        let (cx, id) = (admin_context(agent_id(1)), a_conversation().id);
        let deleted = delete_conversation(&mut uow, &cx, id).unwrap();
        assert_eq!(deleted.last.seq, a_conversation().last.seq + 1);
    }

    /// CONV-17.
    #[test]
    fn an_owner_does_not_delete_a_conversation() {
        let cx = context(agent_id(1));
        let refused = delete_conversation(&mut MockUnit::default(), &cx, a_conversation().id);
        assert!(matches!(refused, Err(DeleteConversationError::NotAdmin(_))));
    }
}
