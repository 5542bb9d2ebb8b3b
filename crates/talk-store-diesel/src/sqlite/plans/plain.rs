//! An encoder for tests that read no frames.

use conversation_domain::model::event as conversation;
use talk_domain::kernel::id::{ChatId, ConversationId};
use talk_domain::talk::model::event::{Event, EventKind, FrameEncoder};
use talk_domain::talk::model::message::Message;

/// An encoder of empty frames.
pub(crate) struct Plain;

impl FrameEncoder for Plain {
    fn encode(&self, _: ChatId, _: u64, _: Event<'_>) -> String {
        String::new()
    }
    fn encode_redacted(&self, _: EventKind, _: u64, _: &Message) -> String {
        String::new()
    }
}

impl conversation::FrameEncoder for Plain {
    fn encode_conversation(&self, _: ConversationId, _: u64, _: conversation::Event<'_>) -> String {
        String::new()
    }
}
