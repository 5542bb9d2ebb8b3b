//! Use case of the server and of operators: remove a deleted chat for good, step by step.

use crate::kernel::cleanup::{Bound, MEMBERSHIPS};
use crate::kernel::id::ChatId;
use crate::kernel::store_error::StoreError;
use crate::kernel::stream::Tick;
use crate::talk::model::retention::Step;
use crate::talk::unit::TalkUnit;

/// Removes the next rows of a deleted chat, the chat itself last, in one bounded unit of work. After
/// a crash, calling it again removes the rest. A chat that is not deleted is left alone, since rows
/// could be added to it between two calls. As long as events of the chat
/// [must stay](crate::talk::model::event::ChatLog::first_held), they stay with its messages.
///
/// Memberships are removed first, so that no agent sees a half-removed chat. Events are removed before
/// the messages they are about, and each step advances
/// [`Chat::log_start`](crate::talk::model::chat::Chat::log_start) accordingly: the remaining rows are consistent
/// after every step.
///
/// # Errors
/// Only when storage fails.
pub fn remove_chat(uow: &mut dyn TalkUnit, id: ChatId) -> Result<Step, StoreError> {
    remove(uow, id, true)
}

/// Removes the next rows of a chat of a deleted customer, with all its events: no consumer and no
/// endpoint needs them any more.
///
/// # Errors
/// Only when storage fails.
pub(crate) fn remove_chat_with_held(
    uow: &mut dyn TalkUnit,
    id: ChatId,
) -> Result<Step, StoreError> {
    remove(uow, id, false)
}

fn remove(uow: &mut dyn TalkUnit, id: ChatId, keeps_held: bool) -> Result<Step, StoreError> {
    let more = Step {
        is_more: true,
        ..Step::default()
    };
    let Some(mut chat) = uow.chats().lock(id)?.filter(|chat| chat.deleted.is_some()) else {
        return Ok(Step::default());
    };
    if uow.removal().drop_memberships(id, MEMBERSHIPS)? {
        return Ok(more);
    }
    let Tick { seq: last, at } = chat.last;
    let next = last.min(chat.log_start.saturating_add(u64::from(Bound::STEP.rows)));
    let held = if keeps_held {
        uow.chat_log().first_held(id.into(), next)?
    } else {
        None
    };
    let seq = held.map_or(last, |held| held.saturating_sub(1));
    if let Some(start) = uow.chat_log().trim(id, Tick { seq, at }, Bound::STEP)? {
        chat.log_start = start;
        uow.chats().update(&chat)?;
        if start < seq {
            return Ok(more);
        }
    }
    if held.is_some() {
        return Ok(Step {
            is_held: true,
            ..Step::default()
        });
    }
    if uow.removal().erase_messages(id, Bound::TEXTS)? {
        return Ok(more);
    }
    uow.removal().finish(id)?;
    Ok(Step {
        rows: 1,
        ..Step::default()
    })
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
        for chat in [chat_id(1), chat_id(7)] {
            assert_eq!(remove_chat(&mut uow, chat).unwrap(), Step::default());
        }
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
            uow.chat_log.expect_first_held().returning(|_, _| Ok(None));
            uow.chat_log
                .expect_trim()
                .withf(|_, upto, _| *upto == a_chat().last)
                .times(usize::from(!memberships))
                .returning(move |_, _, _| Ok(trimmed));
            let step = remove_chat(&mut uow, chat_id(1)).unwrap();
            assert_eq!((step.is_more, step.rows), (is_more, u64::from(!is_more)));
            let start = scene.saved().map(|chat| chat.log_start);
            assert_eq!(start, trimmed, "the chat knows where its log begins");
            assert!(scene.events().is_empty());
        }
    }

    /// LOG-08: nothing else of the chat is removed before its events, but with its customer all is.
    #[test]
    fn a_chat_stays_as_long_as_its_events_are_held() {
        let held = a_chat().last.seq - 1;
        let scene = Scene::new(deleted());
        let mut uow = scene.unit();
        let removal = uow.removal.expect_drop_memberships();
        removal.returning(|_, _| Ok(false));
        let first_held = uow.chat_log.expect_first_held();
        first_held.times(1).returning(move |_, _| Ok(Some(held)));
        let trim = uow.chat_log.expect_trim().times(1);
        trim.withf(move |_, upto, _| upto.seq == held - 1)
            .returning(move |_, _, _| Ok(Some(held - 1)));
        let step = remove_chat(&mut uow, chat_id(1)).unwrap();
        assert_eq!((step.rows, step.is_more, step.is_held), (0, false, true));
        assert_eq!(scene.saved().map(|chat| chat.log_start), Some(held - 1));

        uow.chat_log.expect_trim().returning(|_, _, _| Ok(None));
        let removal = &mut uow.removal;
        removal.expect_erase_messages().returning(|_, _| Ok(false));
        removal.expect_finish().times(1).returning(|_| Ok(()));
        let step = remove_chat_with_held(&mut uow, chat_id(1)).unwrap();
        assert_eq!((step.rows, step.is_more), (1, false));
    }
}
