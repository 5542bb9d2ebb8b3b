//! A silent encoder and bell, for tests that check neither frames nor commits.

use conversation_domain::model::event as conversation;
use std::sync::Arc;
use talk_domain::kernel::id::{ChatId, ConversationId};
use talk_domain::kernel::log::{Bell, Logged};
use talk_domain::talk::model::event::{Event, EventKind, FrameEncoder};
use talk_domain::talk::model::message::Message;

/// Encodes every event as an empty text, and ignores commits.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl FrameEncoder for Silent {
    fn encode(&self, _: ChatId, _: u64, _: Event<'_>) -> String {
        String::new()
    }

    fn encode_redacted(&self, _: EventKind, _: u64, _: &Message) -> String {
        String::new()
    }
}

impl conversation::FrameEncoder for Silent {
    fn encode_conversation(&self, _: ConversationId, _: u64, _: conversation::Event<'_>) -> String {
        String::new()
    }
}

impl Bell for Silent {
    fn ring(&self, _: &[Arc<Logged>]) {}
}
