//! How the event log is described.

use serde_json::{Value, json};
use talk_domain::access::AccessError;

use crate::openapi::example::{self, CHAT, EPOCH};
use crate::openapi::field::reference;
use crate::openapi::{Operation, field, number, query};

const ABOUT: &str = "Ascending, the frames byte for byte as the socket pushes them. An answer ends \
    early with the frame that brings it to 1 MiB: more follows while `head` is ahead.";

pub(crate) fn operations(has_legacy: bool) -> Vec<Operation> {
    let since = number(0, i64::MAX as u64, Some(0));
    let limit = number(1, 1_000, Some(100));
    let example = json!({
        "type": "chatmessage_created",
        "data": example::message(),
        "chat_id": CHAT,
        "seq": 4,
    });
    let mut chat_id = query("chat_id", &field::id(), "The chat.");
    if let Some(parameter) = chat_id.as_object_mut() {
        parameter.insert("required".to_owned(), true.into());
    }
    let mut operation = Operation::new(
        "get",
        "/v1.0/service_agents/talk_events",
        "listEvents",
        "Reads a chat's event log",
    )
    .about(ABOUT)
    .takes([
        chat_id,
        query("since", &since, "The last event seen."),
        query("limit", &limit, "How many at most."),
    ]);
    if has_legacy {
        let words = json!({"type": "string", "enum": ["chat", "talk", ""], "default": "chat"});
        operation = operation.takes([query("dialect", &words, "The vocabulary.")]);
    }
    vec![
        operation
            .reasons(&[
                "DIALECT_INVALID",
                "INVALID_ID",
                "LIMIT_INVALID",
                "SINCE_INVALID",
            ])
            .refuses::<AccessError>()
            .gives(
                "Events after `since`.",
                &page(has_legacy),
                &json!({"result": [example], "log_start": 0, "head": 4, "epoch": EPOCH}),
            )
            .placed(),
    ]
}

/// A part of a log.
fn page(has_legacy: bool) -> Value {
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
