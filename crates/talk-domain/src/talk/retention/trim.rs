//! Use case of the server: remove the expired beginning of a chat's log.

use crate::kernel::cleanup::Bound;
use crate::kernel::id::ChatId;
use crate::kernel::store_error::StoreError;
use crate::kernel::stream::Tick;
use crate::talk::model::retention::{Expiry, Step};
use crate::talk::unit::TalkUnit;

/// Removes the next expired events of a chat's log and stores where the log starts from now on, so
/// that nobody resumes from before. The latest [`Expiry::log_events`] events stay, and so does the
/// last one in any case. Events that [must stay](crate::talk::model::event::ChatLog::first_held) stay
/// too, with all after them, until a later run.
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
    let next = seq.min(chat.log_start.saturating_add(u64::from(Bound::STEP.rows)));
    let held = uow.chat_log().first_held(id.into(), next)?;
    let upto = held.map_or(seq, |held| held.saturating_sub(1));
    let is_held = held.is_some();
    if upto <= chat.log_start {
        return Ok(Step {
            is_held,
            ..Step::default()
        });
    }
    let trimmed = uow
        .chat_log()
        .trim(id, Tick { seq: upto, at }, Bound::STEP)?;
    let Some(start) = trimmed else {
        return Ok(Step::default());
    };
    let rows = start.saturating_sub(chat.log_start);
    chat.log_start = start;
    uow.chats().update(&chat)?;
    Ok(Step {
        rows,
        is_more: start < upto,
        is_held: is_held && start == upto,
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
        let upto = a_chat().last.seq - expiry.log_events.max(1);
        trim_before(None, expiry, (log_start, upto, trimmed))
    }

    fn trim_before(
        held: Option<u64>,
        expiry: &Expiry,
        (log_start, upto, trimmed): (u64, u64, Option<u64>),
    ) -> (Step, Option<Chat>) {
        let chat = Chat {
            log_start,
            ..a_chat()
        };
        let scene = Scene::new(chat);
        let mut uow = scene.unit();
        let first_held = uow.chat_log.expect_first_held();
        first_held.returning(move |_, upto| Ok(held.filter(|held| *held <= upto)));
        uow.chat_log
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
            let is_held = false;
            let expected = Step {
                rows,
                is_more,
                is_held,
            };
            assert_eq!(step, expected);
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

    /// LOG-08: what is held stays, and what is before it goes.
    #[test]
    fn events_that_are_held_stay() {
        let expiry = expiry(Some(at(100)), 4);
        let (step, saved) = trim_before(Some(6), &expiry, (3, 5, Some(5)));
        assert_eq!((step.rows, step.is_more, step.is_held), (2, false, true));
        assert_eq!(saved.map(|chat| chat.log_start), Some(5));
        let (step, _) = trim_before(Some(6), &expiry, (3, 5, Some(4)));
        assert_eq!((step.rows, step.is_held), (1, false), "the fifth is young");
        let (step, saved) = trim_before(Some(4), &expiry, (3, 0, None));
        assert_eq!((step.rows, step.is_more, step.is_held), (0, false, true));
        assert_eq!(saved, None);
        let (step, _) = trim_before(Some(7), &expiry, (3, 6, Some(6)));
        assert_eq!(
            (step.rows, step.is_more),
            (3, false),
            "the next one is not due"
        );
    }

    /// RUN-16: a reader can always resume from the head.
    #[test]
    fn the_last_event_stays() {
        let (step, _) = trim(&expiry(Some(at(100)), 0), 0, Some(9));
        assert_eq!(step.rows, a_chat().last.seq - 1);
    }
}
