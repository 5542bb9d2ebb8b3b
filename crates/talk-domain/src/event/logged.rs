//! What the log holds, and how it is read.

use std::sync::Arc;

use uuid::Uuid;

use crate::event::{EventKind, FrameEncoder};
use crate::id::{ChatId, MessageId};
use crate::message::Message;

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
    pub const BYTES: usize = 4 * 1024 * 1024;

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
