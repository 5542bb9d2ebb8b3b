//! Retention: erases old messages, chats deleted long ago, and old events. The server does it in
//! bounded units of work, each of which can be repeated. The rows themselves show what is still to be
//! erased, so that a crash loses nothing.

use crate::kernel::cleanup::Bound;
use crate::kernel::id::{ChatId, MessageId};
use crate::kernel::store_error::StoreError;
use crate::kernel::time::Timestamp;
use crate::talk::model::chat::Chat;

/// How long messages, deleted chats and events are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Days after which a message becomes a tombstone; 0 for never.
    pub message_days: u32,
    /// Days after which a deleted chat is removed for good; 0 for never.
    pub deleted_chat_days: u32,
    /// Days that an event stays in the log; 0 for ever.
    pub log_days: u32,
    /// Latest events of a chat that stay in its log however old they are.
    pub log_events: u64,
}

/// The times up to which messages, deleted chats and events have expired; `None` for never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// Messages posted up to this time.
    pub messages: Option<Timestamp>,
    /// Chats deleted up to this time.
    pub deleted_chats: Option<Timestamp>,
    /// Events logged up to this time,
    pub log: Option<Timestamp>,
    /// except this number of latest ones of each chat.
    pub log_events: u64,
}

impl Retention {
    /// Returns the expiry times at `now`.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Expiry {
        let before = |days: u32| (days > 0).then(|| now.minus_days(days));
        Expiry {
            messages: before(self.message_days),
            deleted_chats: before(self.deleted_chat_days),
            log: before(self.log_days),
            log_events: self.log_events,
        }
    }
}

/// A chat, with the time up to which its messages have expired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aged {
    /// Finds a chat, deleted or not.
    pub chat: Chat,
    /// Messages up to this time have expired already.
    pub expired: Timestamp,
}

/// The outcome of one bounded unit of work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Rows erased.
    pub rows: u64,
    /// Whether there may be more to do.
    pub is_more: bool,
    /// Whether events [must stay](crate::talk::model::event::ChatLog::first_held) that may have
    /// expired.
    pub is_held: bool,
}

/// Driven port: finds expired messages, and stores the progress of erasing them.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait RetentionRepository {
    /// Returns the first messages of the chat, including tombstones, that are not marked as expired
    /// and were posted up to `upto`, ordered by time; as many as `bound` allows, at least one.
    ///
    /// # Errors
    /// Only when storage fails.
    fn expiring(
        &mut self,
        chat: ChatId,
        upto: Timestamp,
        bound: Bound,
    ) -> Result<Vec<(MessageId, Timestamp)>, StoreError>;

    /// Stores that messages of the chat up to this time have expired.
    ///
    /// # Errors
    /// Only when storage fails.
    fn set_expired(&mut self, chat: ChatId, upto: Timestamp) -> Result<(), StoreError>;
}

/// Driven port: reads data that may have expired.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait RetentionQueries {
    /// Returns up to `limit` chats of the customer after the one with this id, ordered by id.
    ///
    /// # Errors
    /// Only when storage fails.
    fn chats(&mut self, after: Option<ChatId>, limit: u32) -> Result<Vec<Aged>, StoreError>;

    /// Returns the time of the first message of the chat after this time, tombstones included.
    ///
    /// # Errors
    /// Only when storage fails.
    fn next_message(
        &mut self,
        chat: ChatId,
        after: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError>;

    /// Returns the time of the first event in the chat's log.
    ///
    /// # Errors
    /// Only when storage fails.
    fn first_event(&mut self, chat: ChatId) -> Result<Option<Timestamp>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    const DAY: i64 = 24 * 60 * 60 * 1_000_000;

    /// RUN-17.
    #[test]
    fn days_count_back_from_now_and_none_is_never() {
        let kept = Retention {
            message_days: 0,
            deleted_chat_days: 30,
            log_days: 1,
            log_events: 7,
        };
        let expected = Expiry {
            messages: None,
            deleted_chats: Some(at(70 * DAY + 5)),
            log: Some(at(99 * DAY + 5)),
            log_events: 7,
        };
        assert_eq!(kept.at(at(100 * DAY + 5)), expected);
    }
}
