//! Use case: delete a chat (soft delete).

use crate::kernel::cleanup::{Deleted, MEMBERSHIPS};
use crate::kernel::context::Context;
use crate::kernel::error::refusals;
use crate::kernel::id::ChatId;
use crate::kernel::store_error::StoreError;
use crate::talk::access::AccessError;
use crate::talk::model::chat::Chat;
use crate::talk::model::event::Event;
use crate::talk::steps::record::record;
use crate::talk::unit::TalkUnit;

refusals! {
    /// Refusals of [`delete_chat`].
    pub enum DeleteChatError {
        NotAllowed = PermissionDenied "PERMISSION_DENIED"
            "only its creator, an admin or a manager deletes a chat, while they participate",
        ..Access(AccessError),
        ..Store(StoreError),
    }
}

/// Deletes a chat and its memberships. Allowed to participants who created the chat or are admin or
/// manager. If it is deleted already, they get the same answer without an event, and others
/// `CHAT_NOT_FOUND`. The memberships of a large chat are removed later by a cleanup. Held messages of the
/// chat are dropped.
///
/// # Errors
/// See [`DeleteChatError`].
pub fn delete_chat(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    id: ChatId,
) -> Result<Chat, DeleteChatError> {
    let mut chat = uow.chats().lock(id)?.ok_or(AccessError::NoSuchChat)?;
    let may_delete = may_delete(uow, cx, &chat)?;
    if chat.deleted.is_some() {
        return if may_delete {
            Ok(chat)
        } else {
            Err(AccessError::NoSuchChat.into())
        };
    }
    if !may_delete {
        return Err(DeleteChatError::NotAllowed);
    }
    let tick = chat.tick(cx.now);
    if uow.participants().remove_some(id, tick, MEMBERSHIPS)? {
        uow.cleanups().add(Deleted::Chat(id))?;
    }
    (chat.member_count, chat.updated, chat.deleted) = (0, tick.at, Some(tick.at));
    // A limited number: see `HeldLimits`.
    uow.held().remove_in(id)?;
    record(uow, cx, &chat, Event::ChatDeleted(&chat))?;
    Ok(chat)
}

fn may_delete(uow: &mut dyn TalkUnit, cx: &Context, chat: &Chat) -> Result<bool, StoreError> {
    let agent = cx.actor.agent;
    if chat.creator != agent && !cx.actor.permission.administers() {
        return Ok(false);
    }
    if chat.deleted.is_none() {
        return Ok(uow.participants().find(chat.id, agent)?.is_some());
    }
    // An agent that left before the deletion does not learn of it.
    Ok(uow.participants().left(chat.id, agent)? == Some(chat.last.seq))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mockall::predicate::eq;

    use crate::kernel::id::AgentId;
    use crate::talk::model::event::EventKind::ChatDeleted;
    use crate::testing::{MockUnitOfWork, Scene, a_chat, admin_context, agent_id, at, context};

    fn deleted() -> Chat {
        Chat {
            deleted: Some(at(9)),
            member_count: 0,
            ..a_chat()
        }
    }

    fn delete(scene: &Scene, cx: &Context) -> Result<Chat, DeleteChatError> {
        let mut uow = scene.unit();
        uow.participants
            .expect_remove_some()
            .returning(|_, _, _| Ok(false));
        drops_held(&mut uow);
        delete_chat(&mut uow, cx, a_chat().id)
    }

    /// INT-08.
    fn drops_held(uow: &mut MockUnitOfWork) {
        let held = uow.held.expect_remove_in();
        held.with(eq(a_chat().id)).returning(|_| Ok(()));
    }

    fn creator() -> AgentId {
        a_chat().creator
    }

    ///
    #[test]
    fn the_creator_deletes_a_chat_with_its_memberships() {
        let scene = Scene::new(a_chat()).members(&[creator(), agent_id(2)]);
        let chat = delete(&scene, &context(creator())).unwrap();
        assert_eq!((chat.member_count, chat.deleted), (0, Some(chat.updated)));
        assert_eq!(scene.events(), [ChatDeleted]);
        assert_eq!(scene.saved(), Some(chat));
    }

    /// Case 42.
    #[test]
    fn a_large_chat_is_deleted_at_once_and_its_memberships_behind() {
        let scene = Scene::new(a_chat()).members(&[creator(), agent_id(2)]);
        let mut uow = scene.unit();
        uow.participants
            .expect_remove_some()
            .withf(|_, _, limit| *limit == MEMBERSHIPS)
            .times(1)
            .returning(|_, _, _| Ok(true));
        uow.cleanups
            .expect_add()
            .withf(|deleted| *deleted == Deleted::Chat(a_chat().id))
            .times(1)
            .returning(|_| Ok(()));
        drops_held(&mut uow);
        let chat = delete_chat(&mut uow, &context(creator()), a_chat().id).unwrap();
        assert_eq!((chat.member_count, chat.deleted), (0, Some(chat.updated)));
        assert_eq!(scene.events(), [ChatDeleted]);
    }

    /// CHAT-10.
    #[test]
    fn an_admin_deletes_a_chat_only_from_inside() {
        let inside = Scene::new(a_chat()).members(&[agent_id(2)]);
        assert!(delete(&inside, &admin_context(agent_id(2))).is_ok());
        let outside = Scene::new(a_chat()).members(&[agent_id(2)]);
        let refused = delete(&outside, &admin_context(agent_id(3)));
        assert!(matches!(refused, Err(DeleteChatError::NotAllowed)));
    }

    /// CHAT-10.
    #[test]
    fn a_mere_participant_deletes_nothing() {
        let scene = Scene::new(a_chat()).members(&[agent_id(2)]);
        let refused = delete(&scene, &context(agent_id(2)));
        assert!(matches!(refused, Err(DeleteChatError::NotAllowed)));
        assert!(scene.events().is_empty());
    }

    /// Case 53.
    #[test]
    fn a_creator_who_was_removed_deletes_nothing() {
        let removed = Scene::new(a_chat()).members(&[agent_id(2)]);
        let refused = delete(&removed, &context(creator()));
        assert!(matches!(refused, Err(DeleteChatError::NotAllowed)));
        assert!(removed.events().is_empty());
        let before = Scene::new(deleted()).members(&[]).former(&[agent_id(2)]);
        assert!(matches!(
            delete(&before, &context(creator())),
            Err(DeleteChatError::Access(AccessError::NoSuchChat))
        ));
    }

    /// CHAT-10 and case 9: a repetition answers the same.
    #[test]
    fn deleting_again_answers_the_same_and_tells_nobody() {
        for cx in [context(creator()), admin_context(agent_id(2))] {
            let former = [creator(), agent_id(2)];
            let scene = Scene::new(deleted()).members(&[]).former(&former);
            assert_eq!(delete(&scene, &cx).unwrap().deleted, Some(at(9)));
            assert!(scene.events().is_empty());
        }
    }

    /// CHAT-10.
    #[test]
    fn to_others_a_deleted_chat_does_not_exist() {
        let scene = Scene::new(deleted()).members(&[]).former(&[agent_id(2)]);
        for cx in [context(agent_id(2)), admin_context(agent_id(3))] {
            assert!(matches!(
                delete(&scene, &cx),
                Err(DeleteChatError::Access(AccessError::NoSuchChat))
            ));
        }
    }
}
