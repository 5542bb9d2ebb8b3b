//! Use case of the server: remove the expired beginning of a chat's log.

use crate::kernel::cleanup::Bound;
use crate::kernel::id::ChatId;
use crate::kernel::store_error::StoreError;
use crate::kernel::stream::Tick;
use crate::talk::model::retention::{Expiry, Step};
use crate::talk::unit::TalkUnit;

/// Removes the next expired events of a chat's log and stores where the log starts from now on, so
/// that nobody resumes from before. The latest [`Expiry::log_events`] events stay, and so does the
/// last one in any case.
///
/// # Errors
/// Only when storage fails.
pub fn trim_log(uow: &mut dyn TalkUnit, expiry: &Expiry, id: ChatId) -> Result<Step, StoreError> {
    let (Some(at), Some(mut chat)) = (expiry.log, uow.chats().lock(id)?) else {
        return Ok(Step::default());
    };
    let seq = chat.last.seq.saturating_sub(expiry.log_events.max(1));
    if seq <= chat.log_start {
        return Ok(Step::default());
    }
    let Some(start) = uow.events().trim(id, Tick { seq, at }, Bound::STEP)? else {
        return Ok(Step::default());
    };
    let rows = start.saturating_sub(chat.log_start);
    chat.log_start = start;
    uow.chats().update(&chat)?;
    Ok(Step {
        rows,
        is_more: start < seq,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::time::Timestamp;
    use crate::talk::model::chat::Chat;
    use crate::testing::{Scene, a_chat, at, chat_id};

    fn expiry(log: Option<Timestamp>, log_events: u64) -> Expiry {
        Expiry {
            messages: None,
            deleted_chats: None,
            log,
            log_events,
        }
    }

    fn trim(expiry: &Expiry, log_start: u64, trimmed: Option<u64>) -> (Step, Option<Chat>) {
        let chat = Chat {
            log_start,
            ..a_chat()
        };
        let scene = Scene::new(chat);
        let mut uow = scene.unit();
        let upto = a_chat().last.seq - expiry.log_events.max(1);
        uow.events
            .expect_trim()
            .withf(move |chat, to, bound| {
                let to = (to.seq, to.at);
                (*chat, to, *bound) == (chat_id(1), (upto, at(100)), Bound::STEP)
            })
            .returning(move |_, _, _| Ok(trimmed));
        let step = trim_log(&mut uow, expiry, chat_id(1)).unwrap();
        assert!(scene.events().is_empty(), "it is no event");
        (step, scene.saved())
    }

    /// RUN-16.
    #[test]
    fn a_log_keeps_its_latest_events_and_knows_where_it_starts() {
        for (trimmed, rows, is_more) in [(Some(5), 2, true), (Some(6), 3, false)] {
            let (step, saved) = trim(&expiry(Some(at(100)), 4), 3, trimmed);
            assert_eq!(step, Step { rows, is_more });
            assert_eq!(saved.map(|chat| chat.log_start), trimmed);
        }
        let (step, saved) = trim(&expiry(Some(at(100)), 4), 3, None);
        assert_eq!((step, saved), (Step::default(), None));
    }

    /// RUN-16.
    #[test]
    fn a_short_log_and_one_kept_for_ever_are_left_alone() {
        for (log, events, start) in [(Some(at(100)), 4, 6), (Some(at(100)), 20, 0), (None, 4, 0)] {
            let mut uow = Scene::new(Chat {
                log_start: start,
                ..a_chat()
            })
            .unit();
            let step = trim_log(&mut uow, &expiry(log, events), chat_id(1));
            assert_eq!(step.unwrap(), Step::default());
        }
    }

    /// RUN-16: a reader can always resume from the head.
    #[test]
    fn the_last_event_stays() {
        let (step, _) = trim(&expiry(Some(at(100)), 0), 0, Some(9));
        assert_eq!(step.rows, a_chat().last.seq - 1);
    }
}
