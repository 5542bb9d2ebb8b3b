//! Fields clients write.

use serde_json::{Value, json};
use talk_domain::identity::access_key::create::MAX_LIFE_SECONDS;
use talk_domain::identity::agent::PASSWORD_LENGTH;
use talk_domain::talk::model::limits::Limits;
use talk_wire::resource::AGENT;

use super::format::{
    EMOJI, NO_NUL, NOT_BLANK, USERNAME, id, optional_id, optional_text, optional_word, word,
};

/// What `field` of `component` may be.
pub(super) fn rule(component: &str, field: &str) -> Option<Value> {
    let limits = Limits::default();
    Some(match (component, field) {
        ("CreateTalk", "type") => optional_word(&["direct", "group", "talk", "normal", ""]),
        ("CreateChat" | "CreateTalk", "participant_ids") => {
            json!({"maxItems": limits.participants, "items": id()})
        }
        ("CreateChat", "type") => word(&["direct", "group", "talk", "normal"]),
        ("CreateChat" | "CreateTalk", "participants") => json!({"maxItems": limits.participants}),
        ("Owner", "owner_type") => word(&[AGENT]),
        ("Owner", "owner_id") | ("PostMessage", "chat_id") => id(),
        ("AddParticipant", "owner_type") => optional_word(&[AGENT]),
        ("AddParticipant", "owner_id" | "agent_id")
        | ("PostMessage" | "PostTalkMessage", "parent_id") => optional_id(),
        ("PostMessage" | "PostTalkMessage", "type") => optional_word(&["normal", ""]),
        ("PostMessage" | "PostTalkMessage" | "EditMessage", "text") => optional_text(limits.text),
        ("PostMessage" | "PostTalkMessage" | "EditMessage", "medias") => {
            json!({"maxItems": limits.medias})
        }
        ("React", "emoji") => json!({
            "type": "string",
            "minLength": 1,
            "maxLength": limits.emoji,
            "pattern": EMOJI,
        }),
        ("MarkRead", "seq") => json!({"type": "integer", "minimum": 0}),
        ("CreateAgent", "username") => json!({"maxLength": limits.name, "pattern": USERNAME}),
        ("CreateAgent", "password") | ("ChangePassword", "new_password") => json!({
            "minLength": PASSWORD_LENGTH.start(),
            "maxLength": PASSWORD_LENGTH.end(),
            "pattern": NO_NUL,
        }),
        ("Login" | "ChangePassword", _) => json!({"minLength": 1, "pattern": NO_NUL}),
        ("CreateAgent" | "UpdateAgent", "permission") => {
            json!({"type": ["integer", "null"], "enum": [16, 32, 64, null]})
        }
        ("UpdateAgent", "status") => optional_word(&["active", "disabled"]),
        ("CreateAccessKey", "expire") => json!({"minimum": 1, "maximum": MAX_LIFE_SECONDS}),
        ("Address", "type" | "target") => json!({"maxLength": limits.name, "pattern": NOT_BLANK}),
        ("Address", "detail") => json!({"maxLength": limits.detail, "pattern": NO_NUL}),
        ("Address", _) => json!({"maxLength": limits.name, "pattern": NO_NUL}),
        (_, "name") => optional_text(limits.name),
        (_, "detail") => optional_text(limits.detail),
        _ => return None,
    })
}

/// What concerns several fields of `component`.
pub(super) fn whole(component: &str) -> Vec<(&'static str, Value)> {
    let must = |fields: &[&str]| vec![("required", json!(fields))];
    match component {
        "CreateChat" => must(&["type"]),
        "Owner" => must(&["owner_type", "owner_id"]),
        "MarkRead" => must(&["seq"]),
        "Login" | "CreateAgent" => must(&["username", "password"]),
        "ChangePassword" => must(&["old_password", "new_password"]),
        "React" => must(&["emoji"]),
        "Address" => must(&["type", "target"]),
        "AddParticipant" => vec![named_in_one_form()],
        "PostTalkMessage" => vec![something_said()],
        "PostMessage" => vec![("required", json!(["chat_id"])), something_said()],
        "EditMessage" => vec![one_of(&[("text", "string"), ("medias", "array")])],
        "UpdateChat" => vec![one_of(&[("name", "string"), ("detail", "string")])],
        "UpdateAgent" => vec![one_of(&[
            ("name", "string"),
            ("detail", "string"),
            ("permission", "integer"),
            ("status", "string"),
        ])],
        _ => Vec::new(),
    }
}

/// An agent by its type and id, or by its id alone.
fn named_in_one_form() -> (&'static str, Value) {
    let owner = json!({
        "required": ["owner_type", "owner_id"],
        "properties": {"owner_type": word(&[AGENT]), "owner_id": id()},
    });
    let agent = json!({"required": ["agent_id"], "properties": {"agent_id": id()}});
    ("anyOf", json!([owner, agent]))
}

/// A text or a media.
fn something_said() -> (&'static str, Value) {
    let text = json!({
        "required": ["text"],
        "properties": {"text": {"type": "string", "pattern": r"\S"}},
    });
    let medias = json!({
        "required": ["medias"],
        "properties": {"medias": {"type": "array", "minItems": 1}},
    });
    ("anyOf", json!([text, medias]))
}

/// At least one of these fields is there and not null.
fn one_of(fields: &[(&str, &str)]) -> (&'static str, Value) {
    let cases = fields
        .iter()
        .map(|(name, kind)| json!({"required": [name], "properties": {*name: {"type": kind}}}));
    ("anyOf", cases.collect())
}
