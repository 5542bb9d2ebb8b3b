//! Fields the service writes.

use serde_json::{Value, json};
use talk_domain::identity::agent::AgentStatus;
use talk_domain::kernel::context::Permission;
use talk_domain::kernel::live::Presence;
use talk_domain::talk::model::chat::{ChatKind, ChatStatus};
use talk_wire::resource::AGENT;

use super::format::{given_id, time, time_or_none, word};
use super::sent;
use crate::status::Status;

/// What `field` of `component` holds.
pub(super) fn rule(component: &str, field: &str) -> Option<Value> {
    let chat_kinds = [ChatKind::Direct, ChatKind::Group, ChatKind::Talk].map(ChatKind::as_str);
    let chat_states = [ChatStatus::Active, ChatStatus::Closed].map(ChatStatus::as_str);
    let permissions = [Permission::Agent, Permission::Admin, Permission::Manager];
    let agent_states = [AgentStatus::Active, AgentStatus::Disabled].map(AgentStatus::as_str);
    let presences = [Presence::Online, Presence::Away, Presence::Offline].map(Presence::as_str);
    Some(match (component, field) {
        ("Address", field) => return sent::rule("Address", field),
        ("Chat", "type") => word(&chat_kinds),
        ("Chat", "status") => word(&chat_states),
        ("Agent", "permission") => json!({"enum": permissions.map(Permission::code)}),
        ("Agent", "status") => word(&agent_states),
        ("AgentPresence", "status") => word(&presences),
        ("Message", "type") => word(&["normal", "system"]),
        ("Message", "owner_type") => word(&[AGENT, "system"]),
        (_, "owner_type") => word(&[AGENT]),
        ("SystemNote", "kind") => word(&[
            "participant_joined",
            "participant_left",
            "chat_closed",
            "chat_reopened",
            "chat_renamed",
        ]),
        ("ErrorBody", "status") => word(&Status::ALL.map(Status::word)),
        ("ErrorBody", "reason") => json!({"pattern": "^[A-Z][A-Z0-9_]*$"}),
        ("ErrorBody", "request_id") => return None,
        ("AccessKey", "tm_expire") | (_, "tm_delete" | "tm_edit") => time_or_none(),
        (_, field) if field.starts_with("tm_") => time(),
        (_, field) if field == "id" || field.ends_with("_id") => given_id(),
        _ => return None,
    })
}
