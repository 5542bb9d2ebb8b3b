//! What the log holds, and how it is read.

use std::sync::Arc;

use uuid::Uuid;

use crate::kernel::id::{ChatId, MessageId};
use crate::talk::model::event::{EventKind, FrameEncoder};
use crate::talk::model::message::Message;

/// An entry as it was logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedEvent {
    /// The chat.
    pub chat: ChatId,
    /// Its place.
    pub seq: u64,
    /// What sort of event.
    pub kind: EventKind,
    /// Whom or what it is about.
    pub subject: Uuid,
    /// The frame, byte for byte as it is pushed and replayed.
    pub frame: Arc<str>,
}

impl LoggedEvent {
    /// Whether it carries content of this message.
    #[must_use]
    pub fn has_content_of(&self, message: MessageId) -> bool {
        self.kind.has_content() && self.subject == message.0
    }

    /// Replaces its frame by one that shows the tombstone of the message it is about.
    pub fn redact(&mut self, tombstone: &Message, encoder: &dyn FrameEncoder) {
        self.frame = encoder
            .encode_redacted(self.kind, self.seq, tombstone)
            .into();
    }
}

/// Which part of a chat's log is read at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Portion {
    /// After this place, from 0.
    pub since: u64,
    /// At most so many entries,
    pub limit: u32,
    /// and no more once their frames have so many bytes together.
    pub bytes: usize,
    /// Only these kinds.
    pub kinds: &'static [EventKind],
}

impl Portion {
    /// Bytes of frames read at a time where nobody asks for fewer: 4 MiB.
    pub const BYTES: usize = 4_194_304;

    /// Up to `limit` entries of any kind after `since`.
    #[must_use]
    pub const fn new(since: u64, limit: u32) -> Self {
        Self {
            since,
            limit,
            bytes: Self::BYTES,
            kinds: &EventKind::ALL,
        }
    }
}

/// A portion of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogPage {
    /// Ascending; one at least, if any is wanted and there.
    pub events: Vec<LoggedEvent>,
    /// Whether nothing wanted follows these.
    pub is_end: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::model::event::LogEntry;
    use crate::testing::{a_message, chat_id, message_id};

    /// An encoder whose frames say what was asked for.
    struct Words;

    impl FrameEncoder for Words {
        fn encode(&self, _: &LogEntry<'_>) -> String {
            unreachable!("nothing is logged here")
        }
        fn encode_redacted(&self, kind: EventKind, seq: u64, tombstone: &Message) -> String {
            format!("{} {seq} of {}", kind.as_str(), tombstone.id)
        }
    }

    fn logged(kind: EventKind) -> LoggedEvent {
        LoggedEvent {
            chat: chat_id(1),
            seq: 5,
            kind,
            subject: message_id(1).0,
            frame: "secret".into(),
        }
    }

    /// MSG-09: only these payloads are rewritten.
    #[test]
    fn only_events_that_carry_content_of_the_message_have_it() {
        assert!(logged(EventKind::MessageEdited).has_content_of(message_id(1)));
        assert!(!logged(EventKind::MessageEdited).has_content_of(message_id(2)));
        assert!(!logged(EventKind::MessageDeleted).has_content_of(message_id(1)));
    }

    /// MSG-09: a replay shows the tombstone.
    #[test]
    fn a_redacted_event_keeps_its_place_and_loses_its_frame() {
        let mut event = logged(EventKind::MessagePosted);
        event.redact(&a_message(1), &Words);
        let frame = format!("message_posted 5 of {}", message_id(1));
        let expected = LoggedEvent {
            frame: frame.into(),
            ..logged(EventKind::MessagePosted)
        };
        assert_eq!(event, expected);
    }

    /// Nobody is sent pages of more than 4 MiB.
    #[test]
    fn a_portion_is_of_any_kind_and_bounded_in_bytes() {
        let portion = Portion::new(3, 100);
        assert_eq!((portion.since, portion.limit), (3, 100));
        assert_eq!(portion.bytes, 4_194_304);
        assert_eq!(portion.kinds, EventKind::ALL);
    }
}
