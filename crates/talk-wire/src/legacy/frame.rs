//! Events in the older vocabulary, derived from stored frames.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use talk_domain::kernel::log::{Kind, Logged};
use talk_domain::talk::model::event::EventKind;

use super::resource::{Message, Participant, Status};
use crate::frame::{one_of, schema};
use crate::json;

/// The kinds of events the vocabulary has.
pub static KINDS: [Kind; 7] = [
    EventKind::MessagePosted.name(),
    EventKind::MessageEdited.name(),
    EventKind::MessageDeleted.name(),
    EventKind::ReactionAdded.name(),
    EventKind::ReactionRemoved.name(),
    EventKind::ParticipantJoined.name(),
    EventKind::ParticipantLeft.name(),
];

/// The schema of any event of the vocabulary.
#[derive(Clone, Copy, Debug)]
pub struct AnyTalkEvent;

impl JsonSchema for AnyTalkEvent {
    fn schema_name() -> Cow<'static, str> {
        "TalkEvent".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let shapes = KINDS.iter().filter_map(shape_of);
        let kinds: Vec<_> = shapes
            .map(|shape| {
                let (name, data) = match shape {
                    Shape::Message(name) => (name, generator.subschema_for::<Message>()),
                    Shape::Participant(name, _) => (name, generator.subschema_for::<Participant>()),
                };
                (name, schema(generator, name, &data))
            })
            .collect();
        one_of("An event of a `talk` topic.", kinds)
    }
}

/// The older name of a kind of event, and the form of its data.
enum Shape {
    Message(&'static str),
    Participant(&'static str, Status),
}

/// The form of a kind of event; `None` if the vocabulary has no such event.
fn shape_of(kind: &Kind) -> Option<Shape> {
    EventKind::parse(kind.as_str()).and_then(shape)
}

const fn shape(kind: EventKind) -> Option<Shape> {
    Some(match kind {
        EventKind::MessagePosted => Shape::Message("message_created"),
        EventKind::MessageEdited => Shape::Message("message_updated"),
        EventKind::MessageDeleted => Shape::Message("message_deleted"),
        EventKind::ReactionAdded => Shape::Message("reaction_added"),
        EventKind::ReactionRemoved => Shape::Message("reaction_removed"),
        EventKind::ParticipantJoined => Shape::Participant("participant_joined", Status::Active),
        EventKind::ParticipantLeft => Shape::Participant("participant_left", Status::Left),
        EventKind::ChatCreated
        | EventKind::ChatUpdated
        | EventKind::ChatDeleted
        | EventKind::ChatRead => return None,
    })
}

/// The event's name; `None` if the vocabulary has no such event.
#[must_use]
pub const fn name(kind: EventKind) -> Option<&'static str> {
    match shape(kind) {
        Some(Shape::Message(name) | Shape::Participant(name, _)) => Some(name),
        None => None,
    }
}

/// A stored frame, with `data` not parsed yet.
#[derive(Deserialize)]
struct Stored<'a> {
    #[serde(borrow)]
    data: &'a RawValue,
    chat_id: &'a str,
    seq: u64,
    action: Option<&'a str>,
    #[serde(borrow)]
    reaction: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Frame<'a, D> {
    #[serde(rename = "type")]
    kind: &'static str,
    data: D,
    chat_id: &'a str,
    seq: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reaction: Option<&'a RawValue>,
}

impl Stored<'_> {
    fn with<D: Serialize>(&self, kind: &'static str, data: D) -> String {
        json(&Frame {
            kind,
            data,
            chat_id: self.chat_id,
            seq: self.seq,
            action: self.action,
            reaction: self.reaction,
        })
    }
}

/// Returns the event's frame; `None` if the vocabulary has no such event.
///
/// # Errors
/// If the logged frame is damaged.
pub fn frame(event: &Logged) -> Result<Option<String>, serde_json::Error> {
    let Some(shape) = shape_of(&event.kind) else {
        return Ok(None);
    };
    let stored: Stored<'_> = serde_json::from_str(&event.payload)?;
    let data = stored.data.get();
    let frame = match shape {
        Shape::Message(kind) => {
            let message: crate::resource::Message = serde_json::from_str(data)?;
            stored.with(kind, Message::from(message))
        }
        Shape::Participant(kind, status) => {
            let participant = serde_json::from_str(data)?;
            stored.with(kind, Participant::new(participant, status))
        }
    };
    Ok(Some(frame))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::ChatFrames;
    use serde_json::Value;
    use talk_domain::talk::model::emoji::Emoji;
    use talk_domain::talk::model::event::{Event, FrameEncoder};
    use talk_domain::talk::model::reaction::Reaction;
    use talk_domain::testing::{
        a_chat, a_message, a_participant, agent_id, at, chat_id, customer_id, stream_id,
    };

    fn logged(event: Event<'_>, payload: &str) -> Logged {
        let entry = event.entry(payload.into());
        entry.logged(customer_id(), stream_id(1), 9)
    }

    fn converted(event: Event<'_>) -> Option<Value> {
        let payload = ChatFrames.encode(chat_id(1), 9, event);
        frame(&logged(event, &payload))
            .unwrap()
            .map(|frame| serde_json::from_str(&frame).unwrap())
    }

    /// LOG-04: a frame that cannot be converted is not left out like one that the vocabulary lacks.
    #[test]
    fn a_damaged_frame_is_an_error() {
        let message = a_message(1);
        let event = Event::MessagePosted(&message);
        let whole = ChatFrames.encode(chat_id(1), 9, event);
        let half = &whole[..whole.len() / 2];
        assert!(frame(&logged(event, half)).is_err());
        assert!(frame(&logged(event, &whole)).unwrap().is_some());
    }

    /// LOG-04.
    #[test]
    fn every_event_has_the_name_of_the_table() {
        let (message, participant) = (a_message(1), a_participant(agent_id(2)));
        let reaction = Reaction {
            emoji: Emoji::parse("thumbsup", 64).unwrap(),
            agent: agent_id(2),
            created: at(7),
        };
        let table = [
            (Event::MessagePosted(&message), "message_created"),
            (Event::MessageEdited(&message), "message_updated"),
            (Event::MessageDeleted(&message), "message_deleted"),
            (Event::ReactionAdded(&message, &reaction), "reaction_added"),
            (
                Event::ReactionRemoved(&message, &reaction),
                "reaction_removed",
            ),
            (Event::ParticipantJoined(&participant), "participant_joined"),
            (Event::ParticipantLeft(&participant), "participant_left"),
        ];
        assert_eq!(table.map(|(event, _)| event.kind().name()), KINDS);
        for (event, name) in table {
            let shown = converted(event).unwrap();
            assert_eq!(shown["type"], name);
            assert_eq!(shown["data"]["agent_id"], shown["data"]["owner_id"]);
            assert_eq!(shown["chat_id"], chat_id(1).to_string());
            assert_eq!(shown["seq"], 9);
            let is_reaction = name.starts_with("reaction");
            assert_eq!(shown.get("reaction").is_some(), is_reaction);
        }
        assert_eq!(converted(Event::ChatUpdated(&a_chat())), None);
    }

    #[test]
    fn a_participant_has_left_once_the_event_says_so() {
        let participant = a_participant(agent_id(2));
        let left = converted(Event::ParticipantLeft(&participant)).unwrap();
        let joined = converted(Event::ParticipantJoined(&participant)).unwrap();
        assert_eq!(
            (&left["data"]["status"], &joined["data"]["status"]),
            (&"left".into(), &"active".into())
        );
    }
}
