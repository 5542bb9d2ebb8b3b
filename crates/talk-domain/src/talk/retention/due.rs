//! Use case of the server: find expired data in the next chats of a customer.

use crate::kernel::id::ChatId;
use crate::kernel::store_error::StoreError;
use crate::talk::model::chat::Chat;
use crate::talk::model::retention::{Aged, Expiry};
use crate::talk::unit::TalkSnapshot;

/// Chats examined per snapshot.
pub const CHATS: u32 = 200;

/// A kind of data of a chat that has expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// The whole chat, which was deleted.
    Chat,
    /// Messages.
    Messages,
    /// The beginning of its log.
    Log,
}

/// The expired data found in some chats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// In the order in which it is to be erased.
    pub due: Vec<(ChatId, Due)>,
    /// The last of these chats, if there may be more after it.
    pub last: Option<ChatId>,
}

/// Finds the expired data in the next [`CHATS`] chats of the customer.
///
/// # Errors
/// Only when storage fails.
pub fn find_due(
    snapshot: &mut dyn TalkSnapshot,
    expiry: &Expiry,
    after: Option<ChatId>,
) -> Result<Found, StoreError> {
    let chats = snapshot.retention().chats(after, CHATS)?;
    let mut found = Found::default();
    for aged in &chats {
        let chat = &aged.chat;
        if is_reached(chat.deleted, expiry.deleted_chats) {
            found.due.push((chat.id, Due::Chat));
            continue;
        }
        if has_messages(snapshot, expiry, aged)? {
            found.due.push((chat.id, Due::Messages));
        }
        if has_events(snapshot, expiry, chat)? {
            found.due.push((chat.id, Due::Log));
        }
    }
    let is_more = chats.len() >= CHATS as usize;
    found.last = chats.last().filter(|_| is_more).map(|aged| aged.chat.id);
    Ok(found)
}

/// Returns whether `time` is set and not after `end`.
fn is_reached<T: PartialOrd>(time: Option<T>, end: Option<T>) -> bool {
    matches!((time, end), (Some(time), Some(end)) if time <= end)
}

/// Returns whether a message of the chat has expired. The columns of the chat rule most chats out
/// without a query for messages.
fn has_messages(
    snapshot: &mut dyn TalkSnapshot,
    expiry: &Expiry,
    aged: &Aged,
) -> Result<bool, StoreError> {
    let (chat, expired) = (&aged.chat, aged.expired);
    let may_have = is_reached(Some(chat.created), expiry.messages)
        && !is_reached(expiry.messages, Some(expired))
        && chat.last.at > expired;
    if !may_have {
        return Ok(false);
    }
    let next = snapshot.retention().next_message(chat.id, expired)?;
    Ok(is_reached(next, expiry.messages))
}

fn has_events(
    snapshot: &mut dyn TalkSnapshot,
    expiry: &Expiry,
    chat: &Chat,
) -> Result<bool, StoreError> {
    let kept_from = chat.last.seq.saturating_sub(expiry.log_events);
    if expiry.log.is_none() || kept_from <= chat.log_start {
        return Ok(false);
    }
    let first = snapshot.retention().first_event(chat.id)?;
    Ok(is_reached(first, expiry.log))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::stream::Tick;
    use crate::kernel::time::Timestamp;
    use crate::testing::{MockSnapshot, a_chat, at, chat_id};

    /// Everything up to 100 has expired, but for the latest 4 events.
    const EXPIRY: Expiry = Expiry {
        messages: Timestamp::from_micros(100),
        deleted_chats: Timestamp::from_micros(100),
        log: Timestamp::from_micros(100),
        log_events: 4,
    };

    fn quiet(n: u128) -> Aged {
        let last = Tick {
            seq: 4,
            at: at(500),
        };
        let chat = Chat {
            id: chat_id(n),
            last,
            ..a_chat()
        };
        let expired = at(100);
        Aged { chat, expired }
    }

    /// Returns the work due for one chat, whose next message is at `message` and first event at
    /// `event`.
    fn due(aged: &Aged, expiry: Expiry, (message, event): (i64, i64)) -> Vec<Due> {
        let mut snapshot = MockSnapshot::default();
        let (retention, aged) = (&mut snapshot.retention, aged.clone());
        let chats = retention.expect_chats();
        chats.returning(move |_, _| Ok(vec![aged.clone()]));
        let next = retention.expect_next_message();
        next.returning(move |_, _| Ok(Some(at(message))));
        let first = retention.expect_first_event();
        first.returning(move |_| Ok(Some(at(event))));
        let found = find_due(&mut snapshot, &expiry, None).unwrap();
        assert_eq!(found.last, None);
        found.due.into_iter().map(|(_, due)| due).collect()
    }

    /// RUN-18.
    #[test]
    fn a_chat_deleted_long_enough_ago_is_due_whole() {
        for (deleted, expected) in [(None, 0), (Some(100), 1), (Some(101), 0)] {
            let mut aged = quiet(1);
            aged.chat.deleted = deleted.map(at);
            let found = due(&aged, EXPIRY, (101, 101));
            assert_eq!(found, vec![Due::Chat; expected], "{deleted:?}");
        }
        let mut aged = quiet(1);
        aged.chat.deleted = Some(at(1));
        let never = Expiry {
            deleted_chats: None,
            ..EXPIRY
        };
        assert_eq!(due(&aged, never, (101, 101)), []);
    }

    /// RUN-17.
    #[test]
    fn a_chat_with_old_messages_is_due() {
        let aged = Aged {
            expired: at(50),
            ..quiet(1)
        };
        assert_eq!(due(&aged, EXPIRY, (100, 0)), [Due::Messages]);
        assert_eq!(due(&aged, EXPIRY, (101, 0)), []);
        let never = Expiry {
            messages: None,
            ..EXPIRY
        };
        assert_eq!(due(&aged, never, (100, 0)), []);
    }

    /// RUN-17: most chats are skipped by columns that were read anyway.
    #[test]
    fn a_chat_without_anything_new_is_not_looked_into() {
        let mut snapshot = MockSnapshot::default();
        let mut silent = quiet(1);
        (silent.expired, silent.chat.last.at) = (at(50), at(50));
        let mut new = quiet(2);
        (new.expired, new.chat.created) = (at(0), at(101));
        let retention = &mut snapshot.retention;
        let chats = retention.expect_chats();
        chats.returning(move |_, _| Ok(vec![silent.clone(), new.clone(), quiet(3)]));
        let found = find_due(&mut snapshot, &EXPIRY, None).unwrap();
        assert_eq!(found, Found::default());
    }

    /// RUN-16: 30 days or 10,000 events, whichever is longer.
    #[test]
    fn the_log_is_due_where_both_its_age_and_its_length_say_so() {
        for (seq, start, event, expected) in [
            (5, 0, 100, 1),
            (5, 0, 101, 0),
            (4, 0, 100, 0),
            (9, 5, 100, 0),
            (10, 5, 100, 1),
        ] {
            let mut aged = quiet(1);
            (aged.chat.last.seq, aged.chat.log_start) = (seq, start);
            let found = due(&aged, EXPIRY, (101, event));
            assert_eq!(found, vec![Due::Log; expected], "{seq} {start} {event}");
            let for_ever = Expiry {
                log: None,
                ..EXPIRY
            };
            assert_eq!(due(&aged, for_ever, (101, event)), []);
        }
    }

    /// RUN-17: bounded steps.
    #[test]
    fn chats_are_looked_at_in_portions() {
        let mut snapshot = MockSnapshot::default();
        let chats = snapshot.retention.expect_chats();
        chats
            .withf(|after, limit| (*after, *limit) == (Some(chat_id(9)), CHATS))
            .returning(|_, limit| Ok((0..limit).map(|n| quiet(n.into())).collect()));
        let found = find_due(&mut snapshot, &EXPIRY, Some(chat_id(9))).unwrap();
        assert_eq!(found.last, Some(chat_id(u128::from(CHATS) - 1)));
    }
}
