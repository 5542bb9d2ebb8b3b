//! Frames of conversations. The event log stores the same bytes that are pushed.

use conversation_domain::model::event::{Event, FrameEncoder};
use serde::Serialize;
use talk_domain::kernel::id::ConversationId;

use crate::frame::ChatFrames;
use crate::resource::{Conversation, ConversationMessage};

/// `{"type":"conversation_message_created","data":{…},"conversation_id":"…","seq":7}`.
#[derive(Serialize)]
struct Frame<'a, D> {
    #[serde(rename = "type")]
    kind: &'a str,
    data: D,
    conversation_id: String,
    seq: u64,
}

impl FrameEncoder for ChatFrames {
    fn encode_conversation(
        &self,
        conversation: ConversationId,
        seq: u64,
        event: Event<'_>,
    ) -> String {
        let (kind, place) = (event.kind(), (conversation, seq));
        match event {
            Event::ConversationCreated(state) | Event::ConversationUpdated(state) => {
                frame(kind.as_str(), place, Conversation::from(state))
            }
            Event::MessageCreated(message, room) | Event::MessageUpdated(message, room) => frame(
                kind.as_str(),
                place,
                ConversationMessage::new(message, room),
            ),
        }
    }
}

fn frame<D: Serialize>(kind: &str, (conversation, seq): (ConversationId, u64), data: D) -> String {
    crate::json(&Frame {
        kind,
        data,
        conversation_id: conversation.to_string(),
        seq,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use conversation_domain::testing::{a_conversation, a_message, a_room};
    use serde_json::Value;

    fn encoded(event: Event<'_>) -> Value {
        let conversation = a_conversation();
        let place = conversation.last.seq;
        let frame = ChatFrames.encode_conversation(conversation.id, place, event);
        serde_json::from_str(&frame).unwrap()
    }

    /// CONV-05: a frame names its conversation and its place.
    #[test]
    fn a_frame_carries_the_state_after_the_event() {
        let (message, room) = (a_message(1), a_room());
        let frame = encoded(Event::MessageCreated(&message, &room));
        assert_eq!(frame["type"], "conversation_message_created");
        assert_eq!(frame["seq"], 5);
        let id = a_conversation().id.to_string();
        assert_eq!(frame["conversation_id"], *id);
        assert_eq!(frame["data"]["conversation_id"], *id);
        assert_eq!(frame["data"]["destination"]["target"], "visitor-1");
        let frame = encoded(Event::ConversationCreated(&a_conversation()));
        assert_eq!(frame["data"]["peer"]["target"], "visitor-1");
        assert_eq!(frame["data"]["owner_type"], "");
        let nil = "00000000-0000-0000-0000-000000000000";
        assert_eq!(frame["data"]["owner_id"], nil);
    }
}
