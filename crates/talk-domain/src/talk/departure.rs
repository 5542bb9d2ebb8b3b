//! The changes to chats when identity deletes or erases an agent, or deletes a customer. A store
//! implements [`Departure`](crate::identity::departure::Departure) with these functions.

use crate::kernel::cleanup::Deleted;
use crate::kernel::context::Context;
use crate::kernel::id::{AgentId, ChatId};
use crate::kernel::store_error::StoreError;
use crate::talk::chat::remove::remove_chat_with_held;
use crate::talk::steps::attachment::remove_any_files;
use crate::talk::steps::membership::end_memberships_of;
use crate::talk::unit::TalkUnit;

/// Files removed per unit of work.
const FILES: u32 = 64;

/// Ends the next memberships of a deleted agent. Returns whether there may be more.
///
/// # Errors
/// Only when storage fails.
pub fn leave_some_chats(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    agent: AgentId,
) -> Result<bool, StoreError> {
    end_memberships_of(uow, cx, agent)
}

/// Stores the removal of an erased agent's memberships, messages, and name in system messages as a
/// [cleanup](crate::kernel::cleanup).
///
/// # Errors
/// Only when storage fails.
pub fn erase_author(uow: &mut dyn TalkUnit, agent: AgentId) -> Result<(), StoreError> {
    uow.cleanups().add(Deleted::Author(agent))
}

/// Removes the next rows of a chat of the deleted customer of this unit, or its next files once no
/// chat is left. Returns whether there were any.
///
/// # Errors
/// Only when storage fails.
pub fn remove_any_rows(uow: &mut dyn TalkUnit, cx: &Context) -> Result<bool, StoreError> {
    let Some(chat) = uow.removal().any_chat()? else {
        return remove_any_files(uow, FILES);
    };
    delete_silently(uow, cx, chat)?;
    remove_chat_with_held(uow, chat)?;
    Ok(true)
}

/// Deletes a chat without an event, since all its members are deleted.
fn delete_silently(uow: &mut dyn TalkUnit, cx: &Context, id: ChatId) -> Result<(), StoreError> {
    let Some(mut chat) = uow.chats().lock(id)?.filter(|chat| chat.deleted.is_none()) else {
        return Ok(());
    };
    uow.cleanups().add(Deleted::Chat(id))?;
    (chat.member_count, chat.deleted) = (0, Some(cx.now));
    uow.chats().update(&chat)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::model::chat::Chat;
    use crate::talk::model::event::EventKind::{ChatUpdated, MessagePosted, ParticipantLeft};
    use crate::testing::{MockUnitOfWork, Scene, a_chat, agent_id, at, chat_id, context};

    /// AUTH-08 and case 10: deleting an agent deletes its memberships.
    #[test]
    fn an_agent_that_is_deleted_is_a_member_of_nothing() {
        let scene = Scene::new(a_chat()).members(&[agent_id(2)]);
        let mut uow = scene.unit();
        let chats = uow.participants.expect_some_chats_of();
        chats.returning(|_, _| Ok(vec![chat_id(1)]));
        let is_more = leave_some_chats(&mut uow, &context(agent_id(1)), agent_id(2));
        assert!(!is_more.unwrap());
        let expected = [ParticipantLeft, MessagePosted, ChatUpdated];
        assert_eq!(scene.events(), expected);
        assert_eq!(scene.saved().unwrap().member_count, 0);
        assert_eq!(scene.announced()[0], "agent-2 left the conversation.");
    }

    /// Case 42.
    #[test]
    fn an_agent_of_many_chats_leaves_some_of_them_at_a_time() {
        let mut uow = Scene::new(a_chat()).unit();
        let chats = uow.participants.expect_some_chats_of();
        chats.returning(|_, limit| Ok(vec![chat_id(9); limit as usize]));
        let is_more = leave_some_chats(&mut uow, &context(agent_id(1)), agent_id(2));
        assert!(is_more.unwrap());
    }

    /// RUN-19.
    #[test]
    fn the_texts_of_an_erased_agent_are_left_to_a_cleanup() {
        let mut uow = MockUnitOfWork::default();
        let add = uow.cleanups.expect_add().times(1);
        add.withf(|deleted| *deleted == Deleted::Author(agent_id(2)))
            .returning(|_| Ok(()));
        erase_author(&mut uow, agent_id(2)).unwrap();
    }

    /// RUN-20: the members are deleted too, so no event is needed.
    #[test]
    fn a_chat_of_a_deleted_customer_is_deleted_without_an_event_and_removed() {
        let deleted = Chat {
            deleted: Some(at(5)),
            ..a_chat()
        };
        for (chat, is_new) in [(a_chat(), true), (deleted, false)] {
            let scene = Scene::new(chat);
            let mut uow = scene.unit();
            let any = uow.removal.expect_any_chat();
            any.returning(|| Ok(Some(chat_id(1))));
            uow.cleanups
                .expect_add()
                .withf(|deleted| *deleted == Deleted::Chat(chat_id(1)))
                .times(usize::from(is_new))
                .returning(|_| Ok(()));
            let memberships = uow.removal.expect_drop_memberships();
            memberships.times(1).returning(|_, _| Ok(true));
            assert!(remove_any_rows(&mut uow, &context(agent_id(1))).unwrap());
            assert!(scene.events().is_empty());
            let saved = scene.saved().map(|chat| (chat.member_count, chat.last));
            assert_eq!(saved, is_new.then(|| (0, a_chat().last)));
        }
    }

    /// RUN-20: the members are deleted too, so no event is needed.
    #[test]
    fn a_customer_without_a_chat_has_no_rows_here() {
        let mut uow = MockUnitOfWork::default();
        uow.removal.expect_any_chat().returning(|| Ok(None));
        uow.files.expect_some().returning(|_, _| Ok(vec![]));
        assert!(!remove_any_rows(&mut uow, &context(agent_id(1))).unwrap());
    }
}
