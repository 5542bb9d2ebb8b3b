//! Frames of conversations. The event log stores the same bytes that are pushed.

use std::borrow::Cow;

use conversation_domain::model::event::{Event, FrameEncoder};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Value, json};
use talk_domain::kernel::id::ConversationId;

use crate::frame::{ChatFrames, one_of};
use crate::resource::{
    Conversation, ConversationMessage, ConversationParticipant, ConversationReadMark,
};
use crate::schema::{camel, define};

/// The types of events whose data is the conversation.
const OF_CONVERSATIONS: [&str; 3] = [
    "conversation_created",
    "conversation_updated",
    "conversation_deleted",
];

/// The types of events whose data is a message.
const OF_MESSAGES: [&str; 3] = [
    "conversation_message_created",
    "conversation_message_updated",
    "conversation_message_deleted",
];

/// The types of events whose data is a participant.
const OF_PARTICIPANTS: [&str; 2] = [
    "conversation_participant_added",
    "conversation_participant_removed",
];

/// The type of events whose data is a read mark.
const OF_MARKS: [&str; 1] = ["conversation_read_updated"];

/// The schema of any event of a conversation.
#[derive(Clone, Copy, Debug)]
pub struct AnyConversationEvent;

impl JsonSchema for AnyConversationEvent {
    fn schema_name() -> Cow<'static, str> {
        "ConversationEvent".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let conversation = generator.subschema_for::<Conversation>();
        let message = generator.subschema_for::<ConversationMessage>();
        let kinds = OF_CONVERSATIONS.map(|name| (name, schema(generator, name, &conversation)));
        let messages = OF_MESSAGES.map(|name| (name, schema(generator, name, &message)));
        let participant = generator.subschema_for::<ConversationParticipant>();
        let mark = generator.subschema_for::<ConversationReadMark>();
        let participants =
            OF_PARTICIPANTS.map(|name| (name, schema(generator, name, &participant)));
        let marks = OF_MARKS.map(|name| (name, schema(generator, name, &mark)));
        let about = "An event of a conversation, byte for byte as it is pushed.";
        let all = kinds.into_iter().chain(messages);
        one_of(about, all.chain(participants).chain(marks))
    }
}

/// The schema of the frames of one type.
fn schema(generator: &mut SchemaGenerator, name: &str, data: &Schema) -> Value {
    let schema = json!({
        "type": "object",
        "required": ["type", "data", "conversation_id", "seq"],
        "properties": {
            "type": {"type": "string", "const": name},
            "data": data,
            "conversation_id": {"type": "string", "description": "The conversation."},
            "seq": {
                "type": "integer",
                "minimum": 1,
                "description": "The place of the event in the conversation's log.",
            },
            "replay": {
                "type": "boolean",
                "const": true,
                "description": "There if a socket sends what a resumption asked for.",
            },
        },
    });
    define(generator, &format!("{}Event", camel(name)), schema)
}

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
            Event::ConversationCreated(state)
            | Event::ConversationUpdated(state, _)
            | Event::ConversationDeleted(state) => {
                frame(kind.as_str(), place, Conversation::from(state))
            }
            Event::MessageCreated(message, room)
            | Event::MessageUpdated(message, room)
            | Event::MessageDeleted(message, room) => frame(
                kind.as_str(),
                place,
                ConversationMessage::new(message, room),
            ),
            Event::ParticipantAdded(participant) | Event::ParticipantRemoved(participant, _) => {
                let participant = ConversationParticipant::from(participant);
                frame(kind.as_str(), place, participant)
            }
            Event::Read(mark) => frame(kind.as_str(), place, ConversationReadMark::from(mark)),
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
    use conversation_domain::testing::{a_conversation, a_mark, a_message, a_participant, a_room};

    /// CONV-13: every type of event is in the description of the socket.
    #[test]
    fn every_event_is_described() {
        let (message, room) = (a_message(1), a_room());
        let conversation = a_conversation();
        let (participant, mark) = (a_participant(1), a_mark(1));
        let events = [
            Event::ConversationCreated(&conversation),
            Event::ConversationUpdated(&conversation, None),
            Event::ConversationDeleted(&conversation),
            Event::MessageCreated(&message, &room),
            Event::MessageUpdated(&message, &room),
            Event::MessageDeleted(&message, &room),
            Event::ParticipantAdded(&participant),
            Event::ParticipantRemoved(&participant, false),
            Event::Read(&mark),
        ];
        let described = [&OF_CONVERSATIONS[..], &OF_MESSAGES, &OF_PARTICIPANTS].concat();
        let described = described.into_iter().chain(OF_MARKS);
        for (event, name) in events.iter().zip(described) {
            assert_eq!(event.kind().as_str(), name);
        }
    }

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
