//! Attachments: each kind has fields of its own.

use serde_json::{Value, json};
use talk_domain::talk::model::limits::Limits;
use talk_domain::talk::model::media::URL;

use super::{format, reference};

/// Any of the five kinds.
pub(super) fn media() -> Value {
    let url = json!({"type": "string", "maxLength": URL, "pattern": format::URL});
    let name = Limits::default().name;
    json!({
        "description": "An attachment: a file, a link, an agent's card, an address, or, in the \
                        legacy form, a URL with its MIME type. Fields of other kinds are ignored.",
        "oneOf": [
            kind("An uploaded file", "file", "file_id", &format::id()),
            kind("A link", "link", "link_url", &url),
            kind("An agent's card", "agent", "agent_id", &format::id()),
            kind("An address", "address", "address", &reference("Address")),
            {
                "title": "A typed URL (legacy)",
                "type": "object",
                "required": ["type", "url"],
                "properties": {
                    "type": {
                        "type": "string",
                        "maxLength": 255,
                        "pattern": format::MIME,
                        "description": "A MIME type.",
                    },
                    "url": url,
                    "name": {
                        "type": ["string", "null"],
                        "maxLength": name,
                        "pattern": format::NO_NUL,
                        "description": "What people call it.",
                    },
                },
            },
        ],
    })
}

fn kind(title: &str, word: &str, field: &str, schema: &Value) -> Value {
    json!({
        "title": title,
        "type": "object",
        "required": ["type", field],
        "properties": {"type": {"const": word}, field: schema},
    })
}
