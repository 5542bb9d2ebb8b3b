//! The `AsyncAPI` document: the socket and its frames, for people who generate clients of it.

mod frames;

use serde_json::{Map, Value, json};
use talk_domain::kernel::limits::Limits;
use talk_wire::conversation_frame::AnyConversationEvent;
use talk_wire::frame::AnyEvent;
use talk_wire::legacy::frame::AnyTalkEvent;
use talk_wire::request::PostMessage;
use talk_wire::schema::Schemas;
use talk_wire::socket::ServerFrame;

use crate::endpoints::SOCKET;
use frames::client_frames;

/// The schemas that only list others; each of those is a message of its own.
const UNIONS: [&str; 4] = ["Event", "ConversationEvent", "TalkEvent", "ServerFrame"];

/// The document of an installation with the default settings, as it is committed and printed.
#[must_use]
pub fn asyncapi() -> String {
    let mut text = format!("{:#}", async_document(true, &Limits::default()));
    text.push('\n');
    text
}

/// The document of an installation with these limits, of a service that serves the first generations
/// or not.
pub(crate) fn async_document(has_legacy: bool, limits: &Limits) -> Value {
    let mut schemas = Schemas::new(has_legacy);
    schemas.given::<AnyEvent>();
    schemas.given::<AnyConversationEvent>();
    schemas.given::<ServerFrame<'_>>();
    if has_legacy {
        schemas.given::<AnyTalkEvent>();
    }
    let message = schemas.sent::<PostMessage>();
    let mut schemas = schemas.components(limits);
    for union in UNIONS {
        schemas.remove(union);
    }
    let is_frame = |name: &&String| name.ends_with("Frame") || name.ends_with("Event");
    let given: Vec<_> = schemas.keys().filter(is_frame).cloned().collect();
    let sent = client_frames(&message);
    let names: Vec<_> = sent.keys().cloned().collect();
    schemas.extend(sent);
    let messages = names.iter().chain(&given);
    let messages: Map<_, _> = messages
        .map(|name| (name.clone(), message_of(name, &schemas)))
        .collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "The socket of Talk",
            "version": env!("CARGO_PKG_VERSION"),
            "description": include_str!("../../SOCKET.md"),
            "contact": {"name": "Whoever runs this server"},
            "license": {"name": "MIT", "url": "https://spdx.org/licenses/MIT.html"},
        },
        "defaultContentType": "application/json",
        "servers": {"this": server()},
        "channels": {"socket": {
            "address": SOCKET,
            "description": "One connection: frames are JSON text, one message each.",
            "messages": references("#/components/messages", messages.keys()),
        }},
        "operations": {
            "receiveFrame": operation("receive", "What clients send.", &names),
            "sendFrame": operation("send", "What the server sends.", &given),
        },
        "components": {
            "messages": messages,
            "schemas": schemas,
            "securitySchemes": security(),
        },
    })
}

/// Describes the messages that are sent in one direction.
fn operation(action: &str, summary: &str, names: &[String]) -> Value {
    let messages = references("#/channels/socket/messages", names.iter());
    json!({
        "action": action,
        "summary": summary,
        "channel": {"$ref": "#/channels/socket"},
        "messages": messages.values().collect::<Vec<_>>(),
    })
}

/// References to what stands in `place` under these names.
fn references<'a>(place: &str, names: impl Iterator<Item = &'a String>) -> Map<String, Value> {
    let of = |name: &String| (name.clone(), json!({"$ref": format!("{place}/{name}")}));
    names.map(of).collect()
}

fn server() -> Value {
    json!({
        "host": "{host}",
        "protocol": "wss",
        "description": "This server. Without TLS the protocol is `ws`.",
        "variables": {"host": {
            "description": "Host and port.",
            "default": "localhost:8095",
        }},
        "security": [
            {"$ref": "#/components/securitySchemes/bearer"},
            {"$ref": "#/components/securitySchemes/token"},
            {"$ref": "#/components/securitySchemes/accesskey"},
        ],
    })
}

fn security() -> Value {
    let in_query = |name: &str, about: &str| json!({"type": "httpApiKey", "in": "query", "name": name, "description": about});
    json!({
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token of `POST /auth/login`, or an access key.",
        },
        "token": in_query("token", "The same, for clients that cannot set headers."),
        "accesskey": in_query("accesskey", "The same, under VoIPBIN's name for access keys."),
    })
}

/// The message of a frame.
fn message_of(name: &str, schemas: &Map<String, Value>) -> Value {
    let schema = schemas.get(name);
    let about = schema
        .and_then(|schema| schema.get("description"))
        .and_then(Value::as_str);
    json!({
        "name": name,
        "title": name,
        "summary": about.unwrap_or("An event, byte for byte as it is pushed."),
        "payload": {"$ref": format!("#/components/schemas/{name}")},
    })
}
