//! A part of a chat's event log, and the state of the server: written by hand elsewhere, described
//! here.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Value, json};

use crate::frame::AnyEvent;
use crate::legacy::frame::AnyTalkEvent;
use crate::schema::written;

/// The schema of a part of a log whose events are of today.
#[derive(Clone, Copy, Debug)]
pub struct EventPage;

/// The schema of a part of a log whose events may be of either vocabulary.
#[derive(Clone, Copy, Debug)]
pub struct AnyEventPage;

impl JsonSchema for EventPage {
    fn schema_name() -> Cow<'static, str> {
        "EventPage".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let event = generator.subschema_for::<AnyEvent>();
        page(&event.into())
    }
}

impl JsonSchema for AnyEventPage {
    fn schema_name() -> Cow<'static, str> {
        "EventPage".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let of_today = generator.subschema_for::<AnyEvent>();
        let legacy = generator.subschema_for::<AnyTalkEvent>();
        page(&json!({"oneOf": [of_today, legacy]}))
    }
}

fn page(event: &Value) -> Schema {
    written(json!({
        "type": "object",
        "description": "A part of a chat's event log.",
        "required": ["result", "log_start", "head", "epoch"],
        "properties": {
            "result": {"type": "array", "items": event, "description": "The events."},
            "log_start": {
                "type": "integer",
                "minimum": 0,
                "description": "Events up to this one have expired and are no longer in the log. A \
                    client that has seen fewer reads the chat anew.",
            },
            "head": {"type": "integer", "minimum": 0, "description": "The last event there is."},
            "epoch": {"type": "string", "description": "The log the positions belong to."},
        },
    }))
}

/// How the server is.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Health {
    /// Always `ok`.
    #[schemars(extend("enum" = ["ok"]))]
    pub status: &'static str,
    /// Present while the disk is full: changes are refused with this reason, and reads still work.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["STORAGE_FULL"]))]
    pub changes: Option<&'static str>,
}
