//! What the Rust types do not say of a field: formats, limits, words, and what must be there.

pub(super) mod format;
mod given;
mod media;
mod sent;

use serde_json::{Map, Value, json};
use talk_domain::talk::model::event::EventKind;
use talk_wire::{frame, legacy};

use super::component::Side;

/// A reference to a schema of the document.
pub(crate) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// A page of rows.
pub(super) fn list(row: &Value) -> Value {
    json!({
        "type": "object",
        "required": ["result", "next_page_token"],
        "properties": {
            "result": {"type": "array", "items": row},
            "next_page_token": {
                "type": "string",
                "description": "Where the next page continues; `\"\"` on the last one.",
            },
        },
    })
}

/// A part of a chat's log.
pub(super) fn event_page(has_legacy: bool) -> Value {
    let of_today = reference("Event");
    let event = if has_legacy {
        json!({"anyOf": [of_today, reference("TalkEvent")]})
    } else {
        of_today
    };
    json!({
        "type": "object",
        "required": ["result", "log_start", "head", "epoch"],
        "properties": {
            "result": {"type": "array", "items": event},
            "log_start": {
                "type": "integer",
                "minimum": 0,
                "description": "Events up to this one have expired and are no longer in the log. A \
                    client that has seen fewer reads the chat anew.",
            },
            "head": {"type": "integer", "minimum": 0, "description": "The last event there is."},
            "epoch": {"type": "string", "description": "The log the positions belong to."},
        },
    })
}

/// An event as it is pushed.
pub(super) fn event() -> Value {
    let kinds = EventKind::ALL.map(|kind| {
        let data = match kind {
            EventKind::ChatCreated | EventKind::ChatUpdated | EventKind::ChatDeleted => "Chat",
            EventKind::MessagePosted
            | EventKind::MessageEdited
            | EventKind::MessageDeleted
            | EventKind::ReactionAdded
            | EventKind::ReactionRemoved => "Message",
            EventKind::ParticipantJoined | EventKind::ParticipantLeft => "Participant",
            EventKind::ChatRead => "ReadMark",
        };
        frame_of(kind, frame::name(kind), data)
    });
    json!({"description": "An event, byte for byte as it is pushed.", "anyOf": kinds})
}

/// An event in the vocabulary of the first generations.
pub(super) fn legacy_event() -> Value {
    let named = EventKind::ALL.map(|kind| (kind, legacy::frame::name(kind)));
    let kinds = named.into_iter().filter_map(|(kind, name)| {
        let data = match kind {
            EventKind::ParticipantJoined | EventKind::ParticipantLeft => "TalkParticipant",
            _ => "TalkMessage",
        };
        Some(frame_of(kind, name?, data))
    });
    let kinds: Vec<_> = kinds.collect();
    json!({"description": "An event of a `talk` topic.", "anyOf": kinds})
}

/// The frame of one kind of event.
fn frame_of(kind: EventKind, name: &str, data: &str) -> Value {
    let mut properties = Map::new();
    let mut add = |name: &str, schema| properties.insert(name.to_owned(), schema);
    add("type", json!({"const": name}));
    add("data", reference(data));
    add("chat_id", format::id());
    add("seq", json!({"type": "integer", "minimum": 1}));
    if let EventKind::ReactionAdded | EventKind::ReactionRemoved = kind {
        // An event whose message is deleted no longer says what the reaction was.
        let is_added = kind == EventKind::ReactionAdded;
        let action = if is_added { "added" } else { "removed" };
        add("action", json!({"const": action}));
        add("reaction", reference("Reaction"));
    }
    json!({
        "type": "object",
        "required": ["type", "data", "chat_id", "seq"],
        "properties": properties,
    })
}

/// Completes the schema of `component`.
pub(super) fn refine(component: &str, mut schema: Value, side: Side) -> Value {
    if component == "Media" {
        return media::media();
    }
    refine_object(component, &mut schema, side);
    if let Some(parts) = schema.get_mut("allOf").and_then(Value::as_array_mut) {
        for part in parts {
            refine_object(component, part, side);
        }
    }
    let is_sent = side == Side::Sent || component == "Address";
    if let (true, Some(object)) = (is_sent, schema.as_object_mut()) {
        for (key, value) in sent::whole(component) {
            object.insert(key.to_owned(), value);
        }
    }
    schema
}

fn refine_object(component: &str, schema: &mut Value, side: Side) {
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    for (name, property) in properties {
        let Some(property) = property.as_object_mut() else {
            continue;
        };
        if side == Side::Given {
            forbid_null(property);
        }
        let rule = match side {
            Side::Sent => sent::rule(component, name),
            Side::Given => given::rule(component, name),
        };
        if let Some(Value::Object(rule)) = rule {
            property.extend(rule);
        }
    }
}

/// The service leaves out what there is not.
fn forbid_null(property: &mut Map<String, Value>) {
    let kind = property.get("type").and_then(Value::as_array);
    let kind = kind.and_then(|kinds| kinds.iter().find(|kind| *kind != "null").cloned());
    if let Some(kind) = kind {
        property.insert("type".to_owned(), kind);
    }
    let referred = property.get("oneOf").and_then(Value::as_array);
    let referred = referred.and_then(|all| all.iter().find(|one| one.get("$ref").is_some()));
    if let Some(reference) = referred.and_then(|one| one.get("$ref")).cloned() {
        property.remove("oneOf");
        property.insert("$ref".to_owned(), reference);
    }
}
