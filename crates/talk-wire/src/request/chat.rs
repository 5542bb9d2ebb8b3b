//! Bodies about chats and participants.

use serde::{Deserialize, Serialize};
use talk_domain::chat::{ChatKind, create, update};
use talk_domain::error::Invalid;
use talk_domain::id::{AgentId, ChatId};
use talk_domain::read::mark;

use crate::id;
use crate::object;
use crate::resource::AGENT;

/// Creates a chat.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateChat {
    /// `direct`, `group`, `talk`, or the tutorial's `normal`.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    /// For people.
    #[serde(default)]
    pub name: Option<String>,
    /// For people.
    #[serde(default)]
    pub detail: Option<String>,
    /// Whom to bring along.
    #[serde(default, deserialize_with = "object::optional_list")]
    pub participants: Option<Vec<Owner>>,
}

/// Names an agent as a participant.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Owner {
    /// `agent`.
    #[serde(default)]
    pub owner_type: Option<String>,
    /// The agent.
    #[serde(default)]
    pub owner_id: Option<String>,
}

/// Changes a chat; what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateChat {
    /// The new name.
    #[serde(default)]
    pub name: Option<String>,
    /// The new detail.
    #[serde(default)]
    pub detail: Option<String>,
}

/// Says how far one has read.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MarkRead {
    /// The last event seen.
    #[serde(default)]
    pub seq: Option<u64>,
}

impl MarkRead {
    /// The command for `chat`.
    ///
    /// # Errors
    /// `SEQ_REQUIRED`.
    pub fn command(self, chat: ChatId) -> Result<mark::MarkRead, Invalid> {
        let missing = || Invalid::new("seq", "SEQ_REQUIRED", "must be the last event seen");
        let seq = self.seq.ok_or_else(missing)?;
        Ok(mark::MarkRead { chat, seq })
    }
}

impl CreateChat {
    /// The command.
    ///
    /// # Errors
    /// `TYPE_REQUIRED`, `CHAT_TYPE_INVALID`, `LIMIT_EXCEEDED` or what [`Owner::agent`] says.
    pub fn command(self, limit: usize) -> Result<create::CreateChat, Invalid> {
        let kind = self.kind.filter(|kind| !kind.is_empty());
        let kind = kind.ok_or_else(|| {
            Invalid::new("type", "TYPE_REQUIRED", "must be direct, group or talk")
        })?;
        let kind = ChatKind::parse(&kind)?;
        let participants = self.participants.unwrap_or_default();
        if participants.len() > limit {
            return Err(Invalid::too_long("participants", limit, "participants"));
        }
        let others = participants
            .iter()
            .enumerate()
            .map(|(i, owner)| owner.agent(&format!("participants[{i}].")))
            .collect::<Result<_, _>>()?;
        Ok(create::CreateChat {
            kind,
            name: self.name.unwrap_or_default(),
            detail: self.detail.unwrap_or_default(),
            others,
        })
    }
}

impl Owner {
    /// The agent; `path` is put before the names of the fields.
    ///
    /// # Errors
    /// `OWNER_TYPE_INVALID` or `INVALID_ID`.
    pub fn agent(&self, path: &str) -> Result<AgentId, Invalid> {
        if self.owner_type.as_deref() != Some(AGENT) {
            return Err(Invalid::new(
                format!("{path}owner_type"),
                "OWNER_TYPE_INVALID",
                "must be agent",
            ));
        }
        id::parse_required(&format!("{path}owner_id"), self.owner_id.as_deref())
    }
}

impl UpdateChat {
    /// The command.
    #[must_use]
    pub fn command(self, chat: ChatId) -> update::UpdateChat {
        update::UpdateChat {
            chat,
            name: self.name,
            detail: self.detail,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create(body: &str) -> Result<create::CreateChat, Invalid> {
        let request: CreateChat = serde_json::from_str(body).unwrap();
        request.command(2)
    }

    #[test]
    fn a_chat_needs_a_type() {
        for body in ["{}", r#"{"type":null}"#, r#"{"type":""}"#] {
            assert_eq!(create(body).unwrap_err().reason, "TYPE_REQUIRED");
        }
        assert_eq!(
            create(r#"{"type":"room"}"#).unwrap_err().reason,
            "CHAT_TYPE_INVALID"
        );
        assert_eq!(
            create(r#"{"type":"normal"}"#).unwrap().kind,
            ChatKind::Group
        );
    }

    #[test]
    fn a_wrong_participant_is_named_by_its_place() {
        let refused =
            create(r#"{"type":"group","participants":[{"owner_type":"customer","owner_id":"x"}]}"#);
        let refused = refused.unwrap_err();
        assert_eq!(
            (refused.reason, &*refused.field),
            ("OWNER_TYPE_INVALID", "participants[0].owner_type")
        );
        let refused =
            create(r#"{"type":"group","participants":[{"owner_type":"agent","owner_id":"x"}]}"#);
        assert_eq!(refused.unwrap_err().field, "participants[0].owner_id");
    }

    #[test]
    fn too_many_participants_are_refused_before_they_are_read() {
        let refused = create(r#"{"type":"group","participants":[{},{},{}]}"#).unwrap_err();
        assert_eq!((refused.reason, refused.limit), ("LIMIT_EXCEEDED", Some(2)));
    }
}
