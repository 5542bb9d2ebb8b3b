//! The frames that clients send. The server reads them more leniently, as one type.

use serde_json::{Map, Value, json};

use crate::socket::MAX_TOPICS;

/// The frames that clients send; `message` is the schema of a post.
pub(super) fn client_frames(message: &Value) -> Map<String, Value> {
    let frames = [
        (
            "SubscribeFrame",
            frame(
                ["subscribe", "Subscribes to topics."],
                &["topics"],
                json!({"id": id(), "topics": topics(), "epoch": epoch(), "since": since()}),
            ),
        ),
        (
            "UnsubscribeFrame",
            frame(
                ["unsubscribe", "Ends subscriptions."],
                &["topics"],
                json!({"id": id(), "topics": topics()}),
            ),
        ),
        (
            "PostFrame",
            frame(
                ["post", "Posts a message."],
                &["id", "message"],
                json!({"id": key(), "message": message}),
            ),
        ),
        (
            "TypingFrame",
            frame(
                [
                    "typing",
                    "Tells that the caller types, in a chat or in a conversation.",
                ],
                &[],
                json!({"chat_id": place("chat"), "conversation_id": place("conversation")}),
            ),
        ),
    ];
    let frames = frames.map(|(name, schema)| (name.to_owned(), schema));
    frames.into_iter().collect()
}

/// A frame of this type.
fn frame([kind, about]: [&str; 2], required: &[&str], fields: Value) -> Value {
    let mut properties = json!({"type": {"type": "string", "const": kind}});
    if let (Value::Object(properties), Value::Object(fields)) = (&mut properties, fields) {
        properties.extend(fields);
    }
    let required = [&["type"], required].concat();
    json!({
        "type": "object",
        "description": about,
        "required": required,
        "properties": properties,
    })
}

fn id() -> Value {
    json!({
        "type": "string",
        "maxLength": 255,
        "description": "Asks for an answer with the same id.",
    })
}

fn key() -> Value {
    json!({
        "type": "string",
        "pattern": "^[!-~]{8,255}$",
        "description": "The idempotency key; the answer has the same id.",
    })
}

fn topics() -> Value {
    json!({
        "type": "array",
        "items": {"type": "string"},
        "minItems": 1,
        "maxItems": MAX_TOPICS,
        "description": "For example `agent_id:018d1729-a3f0-7cc4-b8d2-1d2c3b4a5f60:chat`.",
    })
}

fn epoch() -> Value {
    json!({"type": "string", "description": "The epoch of the positions in `since`."})
}

fn since() -> Value {
    json!({
        "type": "object",
        "additionalProperties": {"type": "integer", "minimum": 0},
        "description": "`seq` of the last event seen, per chat.",
    })
}

/// The place where the caller types: one of the two.
fn place(name: &str) -> Value {
    json!({"type": "string", "format": "uuid", "description": format!("The {name}.")})
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk_wire::socket::ClientFrame;

    /// Case 78: a frame that fits its schema is read.
    #[test]
    fn every_field_of_a_frame_is_one_that_the_server_reads() {
        let frames = client_frames(&json!({}));
        assert_eq!(frames.len(), 4);
        let every = ClientFrame {
            kind: "post".to_owned(),
            id: Some(String::new()),
            topics: Some(Vec::new()),
            epoch: Some(String::new()),
            since: Some([].into()),
            message: Some(serde_json::value::to_raw_value("").unwrap()),
            chat_id: Some(String::new()),
            conversation_id: Some(String::new()),
        };
        let read = json!(every);
        for (name, schema) in &frames {
            for field in schema["properties"].as_object().unwrap().keys() {
                assert!(read.get(field).is_some(), "{name}.{field}");
            }
        }
    }
}
