//! Use case of the server and of operators: remove a deleted chat for good, step by step.

use crate::kernel::cleanup::{Bound, MEMBERSHIPS};
use crate::kernel::id::ChatId;
use crate::kernel::store_error::StoreError;
use crate::talk::unit::TalkUnit;

/// Removes the next rows of a deleted chat, the chat itself last, in one bounded unit of work.
/// Returns whether there is more to remove. After a crash, calling it again removes the rest. A chat
/// that is not deleted is left alone, since rows could be added to it between two calls.
///
/// Memberships are removed first, so that no agent sees a half-removed chat. Events are removed before
/// the messages they are about, and each step advances
/// [`Chat::log_start`](crate::talk::model::chat::Chat::log_start) accordingly: the remaining rows are consistent
/// after every step.
///
/// # Errors
/// Only when storage fails.
pub fn remove_chat(uow: &mut dyn TalkUnit, id: ChatId) -> Result<bool, StoreError> {
    let Some(mut chat) = uow.chats().lock(id)?.filter(|chat| chat.deleted.is_some()) else {
        return Ok(false);
    };
    if uow.removal().drop_memberships(id, MEMBERSHIPS)? {
        return Ok(true);
    }
    if let Some(start) = uow.events().trim(id, chat.last, Bound::STEP)? {
        chat.log_start = start;
        uow.chats().update(&chat)?;
        if start < chat.last.seq {
            return Ok(true);
        }
    }
    if uow.removal().erase_messages(id, Bound::TEXTS)? {
        return Ok(true);
    }
    uow.removal().finish(id)?;
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::model::chat::Chat;
    use crate::testing::{Scene, a_chat, at, chat_id};

    fn deleted() -> Chat {
        Chat {
            deleted: Some(at(9)),
            ..a_chat()
        }
    }

    /// RUN-18.
    #[test]
    fn a_chat_that_is_not_deleted_is_left_alone() {
        let mut uow = Scene::new(a_chat()).unit();
        assert!(!remove_chat(&mut uow, chat_id(1)).unwrap());
        assert!(!remove_chat(&mut uow, chat_id(7)).unwrap());
    }

    /// RUN-18: a unit does no more once one kind of row has filled its step.
    #[test]
    fn a_deleted_chat_goes_in_steps_and_the_chat_itself_last() {
        let head = a_chat().last.seq;
        for (memberships, trimmed, messages, is_more) in [
            (true, None, false, true),
            (false, Some(head - 1), false, true),
            (false, Some(head), true, true),
            (false, None, true, true),
            (false, Some(head), false, false),
            (false, None, false, false),
        ] {
            let scene = Scene::new(deleted());
            let mut uow = scene.unit();
            let removal = &mut uow.removal;
            removal
                .expect_drop_memberships()
                .times(1)
                .returning(move |_, _| Ok(memberships));
            removal
                .expect_erase_messages()
                .times(usize::from(!memberships && trimmed != Some(head - 1)))
                .returning(move |_, _| Ok(messages));
            removal
                .expect_finish()
                .times(usize::from(!is_more))
                .returning(|_| Ok(()));
            uow.events
                .expect_trim()
                .withf(|_, upto, _| *upto == a_chat().last)
                .times(usize::from(!memberships))
                .returning(move |_, _, _| Ok(trimmed));
            assert_eq!(remove_chat(&mut uow, chat_id(1)).unwrap(), is_more);
            let start = scene.saved().map(|chat| chat.log_start);
            assert_eq!(start, trimmed, "the chat knows where its log begins");
            assert!(scene.events().is_empty());
        }
    }
}
