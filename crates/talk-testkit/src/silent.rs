//! A silent encoder and bell, for tests that check neither frames nor commits.

use std::sync::Arc;
use talk_domain::kernel::log::{Bell, Logged};
use talk_domain::talk::model::event::{EventKind, FrameEncoder, LogEntry};
use talk_domain::talk::model::message::Message;

/// Encodes every event as an empty text, and ignores commits.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl FrameEncoder for Silent {
    fn encode(&self, _: &LogEntry<'_>) -> String {
        String::new()
    }

    fn encode_redacted(&self, _: EventKind, _: u64, _: &Message) -> String {
        String::new()
    }
}

impl conversation_domain::model::event::FrameEncoder for Silent {
    fn encode_conversation(&self, _: &conversation_domain::model::event::Entry<'_>) -> String {
        String::new()
    }
}

impl Bell for Silent {
    fn ring(&self, _: &[Arc<Logged>]) {}
}
