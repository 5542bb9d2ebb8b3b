//! Frames of today's vocabulary. The event log stores the same bytes that the socket pushes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use talk_domain::kernel::id::ChatId;
use talk_domain::talk::model::event::{Event, EventKind, FrameEncoder};
use talk_domain::talk::model::message;

use crate::resource::{Chat, Message, Participant, Reaction, ReadMark};
use crate::schema::{camel, define, written};

/// The schema of any event of today.
#[derive(Clone, Copy, Debug)]
pub struct AnyEvent;

impl JsonSchema for AnyEvent {
    fn schema_name() -> Cow<'static, str> {
        "Event".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let kinds = EventKind::ALL.map(|kind| {
            let data = match kind {
                EventKind::ChatCreated | EventKind::ChatUpdated | EventKind::ChatDeleted => {
                    generator.subschema_for::<Chat>()
                }
                EventKind::MessagePosted
                | EventKind::MessageEdited
                | EventKind::MessageDeleted
                | EventKind::ReactionAdded
                | EventKind::ReactionRemoved => generator.subschema_for::<Message>(),
                EventKind::ParticipantJoined | EventKind::ParticipantLeft => {
                    generator.subschema_for::<Participant>()
                }
                EventKind::ChatRead => generator.subschema_for::<ReadMark>(),
            };
            let name = name(kind);
            (name, schema(generator, name, &data))
        });
        one_of("An event, byte for byte as it is pushed.", kinds)
    }
}

/// The schema of the frames of one type; events of reactions have the action too.
pub(crate) fn schema(generator: &mut SchemaGenerator, name: &str, data: &Schema) -> Value {
    let mut schema = json!({
        "type": "object",
        "required": ["type", "data", "chat_id", "seq"],
        "properties": {
            "type": {"type": "string", "const": name},
            "data": data,
            "chat_id": {"type": "string", "description": "The chat."},
            "seq": {
                "type": "integer",
                "minimum": 1,
                "description": "The place of the event in the chat's log.",
            },
            "replay": {
                "type": "boolean",
                "const": true,
                "description": "There if a socket sends what a resumption asked for.",
            },
        },
    });
    if let (true, Some(properties)) = (name.contains("reaction"), schema.get_mut("properties")) {
        // An event whose message is deleted no longer has the reaction.
        let actions = match name.rsplit('_').next() {
            Some(action @ ("added" | "removed")) => vec![action],
            _ => vec!["added", "removed"],
        };
        properties["action"] = json!({"type": "string", "enum": actions});
        properties["reaction"] = generator.subschema_for::<Reaction>().into();
    }
    define(generator, &format!("{}Event", camel(name)), schema)
}

/// The schema of frames, with their type as the discriminator.
pub(crate) fn one_of<'a>(about: &str, kinds: impl IntoIterator<Item = (&'a str, Value)>) -> Schema {
    let kinds: BTreeMap<_, _> = kinds.into_iter().collect();
    let mapping = kinds.iter().map(|(name, kind)| (*name, &kind["$ref"]));
    let mapping: BTreeMap<_, _> = mapping.collect();
    written(json!({
        "description": about,
        "discriminator": {"propertyName": "type", "mapping": mapping},
        "oneOf": kinds.values().collect::<Vec<_>>(),
    }))
}

/// Encodes events as `{"type":"chatmessage_created","data":{…},"chat_id":"…","seq":121}`.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChatFrames;

#[derive(Serialize)]
struct Frame<D> {
    #[serde(rename = "type")]
    kind: &'static str,
    data: D,
    chat_id: String,
    seq: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reaction: Option<Reaction>,
}

impl<D: Serialize> Frame<D> {
    fn new(kind: EventKind, chat_id: String, seq: u64, data: D) -> Self {
        Self {
            kind: name(kind),
            data,
            chat_id,
            seq,
            action: None,
            reaction: None,
        }
    }

    fn with(
        mut self,
        action: &'static str,
        reaction: &talk_domain::talk::model::reaction::Reaction,
    ) -> Self {
        self.action = Some(action);
        self.reaction = Some(reaction.into());
        self
    }
}

/// The event's name on the wire.
#[must_use]
pub const fn name(kind: EventKind) -> &'static str {
    match kind {
        EventKind::ChatCreated => "chat_created",
        EventKind::ChatUpdated => "chat_updated",
        EventKind::ChatDeleted => "chat_deleted",
        EventKind::MessagePosted => "chatmessage_created",
        EventKind::MessageEdited => "chatmessage_updated",
        EventKind::MessageDeleted => "chatmessage_deleted",
        EventKind::ReactionAdded | EventKind::ReactionRemoved => "chatmessage_reaction_updated",
        EventKind::ParticipantJoined => "chatparticipant_added",
        EventKind::ParticipantLeft => "chatparticipant_removed",
        EventKind::ChatRead => "chat_read_updated",
    }
}

/// Returns the `data` of a frame, byte for byte; `None` if `frame` is not a frame.
#[must_use]
pub fn data(frame: &str) -> Option<&str> {
    #[derive(serde::Deserialize)]
    struct Data<'a> {
        #[serde(borrow)]
        data: &'a RawValue,
    }
    serde_json::from_str::<Data<'_>>(frame)
        .ok()
        .map(|frame| frame.data.get())
}

impl FrameEncoder for ChatFrames {
    fn encode(&self, chat: ChatId, seq: u64, event: Event<'_>) -> String {
        let (kind, chat) = (event.kind(), chat.to_string());
        match event {
            Event::ChatCreated(state, _)
            | Event::ChatUpdated(state)
            | Event::ChatDeleted(state) => {
                crate::json(&Frame::new(kind, chat, seq, Chat::from(state)))
            }
            Event::MessagePosted(state)
            | Event::MessageEdited(state)
            | Event::MessageDeleted(state) => {
                crate::json(&Frame::new(kind, chat, seq, Message::from(state)))
            }
            Event::ReactionAdded(state, reaction) => {
                let frame = Frame::new(kind, chat, seq, Message::from(state));
                crate::json(&frame.with("added", reaction))
            }
            Event::ReactionRemoved(state, reaction) => {
                let frame = Frame::new(kind, chat, seq, Message::from(state));
                crate::json(&frame.with("removed", reaction))
            }
            Event::ParticipantJoined(state) | Event::ParticipantLeft(state) => {
                crate::json(&Frame::new(kind, chat, seq, Participant::from(state)))
            }
            Event::ChatRead(mark) => {
                crate::json(&Frame::new(kind, chat, seq, ReadMark::from(mark)))
            }
        }
    }

    fn encode_redacted(&self, kind: EventKind, seq: u64, tombstone: &message::Message) -> String {
        let chat = tombstone.chat.to_string();
        crate::json(&Frame::new(kind, chat, seq, Message::from(tombstone)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json, to_string};
    use talk_domain::talk::model::emoji::Emoji;
    use talk_domain::talk::model::reaction;
    use talk_domain::testing::{a_chat, a_message, a_participant, agent_id, at, chat_id};

    fn encode(event: Event<'_>) -> String {
        ChatFrames.encode(chat_id(1), 121, event)
    }

    /// MSG-01 and case 17.
    #[test]
    fn a_frame_carries_exactly_what_a_request_would_answer() {
        let message = a_message(1);
        let shown = to_string(&Message::from(&message)).unwrap();
        let frame = encode(Event::MessagePosted(&message));
        let chat = chat_id(1);
        assert_eq!(
            frame,
            format!(
                r#"{{"type":"chatmessage_created","data":{shown},"chat_id":"{chat}","seq":121}}"#
            )
        );
        assert_eq!(data(&frame), Some(&*shown));
    }

    #[test]
    fn every_event_has_its_name_and_state() {
        let (chat, message, member) = (a_chat(), a_message(1), a_participant(agent_id(1)));
        for (event, name, id) in [
            (Event::ChatCreated(&chat, &[]), "chat_created", chat.id.0),
            (Event::ChatUpdated(&chat), "chat_updated", chat.id.0),
            (Event::ChatDeleted(&chat), "chat_deleted", chat.id.0),
            (
                Event::MessageEdited(&message),
                "chatmessage_updated",
                message.id.0,
            ),
            (
                Event::MessageDeleted(&message),
                "chatmessage_deleted",
                message.id.0,
            ),
            (
                Event::ParticipantJoined(&member),
                "chatparticipant_added",
                member.id.0,
            ),
            (
                Event::ParticipantLeft(&member),
                "chatparticipant_removed",
                member.id.0,
            ),
        ] {
            let frame: Value = serde_json::from_str(&encode(event)).unwrap();
            assert_eq!(frame["type"], name);
            assert_eq!(frame["data"]["id"], id.to_string());
            assert_eq!(frame.as_object().unwrap().len(), 4);
        }
    }

    #[test]
    fn a_reaction_frame_says_which_and_a_redacted_one_does_not() {
        let message = a_message(1);
        let reaction = reaction::Reaction {
            emoji: Emoji::parse("🎉", 64).unwrap(),
            agent: agent_id(2),
            created: at(7),
        };
        let added: Value =
            serde_json::from_str(&encode(Event::ReactionAdded(&message, &reaction))).unwrap();
        assert_eq!(added["type"], "chatmessage_reaction_updated");
        assert_eq!(added["action"], "added");
        assert_eq!(
            added["reaction"],
            json!({
                "emoji": "🎉",
                "owner_type": "agent",
                "owner_id": agent_id(2).to_string(),
                "tm_create": "1970-01-01 00:00:00.000007",
            })
        );
        let removed: Value =
            serde_json::from_str(&encode(Event::ReactionRemoved(&message, &reaction))).unwrap();
        assert_eq!(removed["action"], "removed");
        let redacted = ChatFrames.encode_redacted(EventKind::ReactionAdded, 121, &message);
        let redacted: Value = serde_json::from_str(&redacted).unwrap();
        assert_eq!(redacted["type"], "chatmessage_reaction_updated");
        assert_eq!(redacted.as_object().unwrap().len(), 4);
    }
}
