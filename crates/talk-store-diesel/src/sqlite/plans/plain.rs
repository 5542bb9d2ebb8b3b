//! An encoder for tests that read no frames.

use conversation_domain::model::event as conversation;
use talk_domain::talk::model::event::{EventKind, FrameEncoder, LogEntry};
use talk_domain::talk::model::message::Message;

/// An encoder of empty frames.
pub(crate) struct Plain;

impl FrameEncoder for Plain {
    fn encode(&self, _: &LogEntry<'_>) -> String {
        String::new()
    }
    fn encode_redacted(&self, _: EventKind, _: u64, _: &Message) -> String {
        String::new()
    }
}

impl conversation::FrameEncoder for Plain {
    fn encode_conversation(&self, _: &conversation::Entry<'_>) -> String {
        String::new()
    }
}
