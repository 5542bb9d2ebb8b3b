//! Bodies about chats and participants.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use talk_domain::kernel::error::Invalid;
use talk_domain::kernel::id::ChatId;
use talk_domain::talk::chat::{create, update};
use talk_domain::talk::model::chat::ChatKind;
use talk_domain::talk::read::mark;

use super::Request;
use super::named::{Owner, named};
use crate::object;

/// Creates a chat.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("required" = ["type"]))]
pub struct CreateChat {
    /// `direct`, `group`, `talk`, or the tutorial's `normal`.
    #[serde(rename = "type", default)]
    #[schemars(required, extend("enum" = ["direct", "group", "talk", "normal"]))]
    pub kind: Option<String>,
    /// Human-readable text.
    #[serde(default)]
    pub name: Option<String>,
    /// Human-readable text.
    #[serde(default)]
    pub detail: Option<String>,
    /// The agents who become participants, besides the caller.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "object::optional_list"
    )]
    #[schemars(extend("x-limit" = "participants"))]
    pub participants: Option<Vec<Owner>>,
    /// The ids of further agents who become participants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-limit" = "participants"))]
    pub participant_ids: Option<Vec<String>>,
}

/// Changes a chat; absent fields stay unchanged. At least one of the fields must be there.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct UpdateChat {
    /// The new name.
    #[serde(default)]
    pub name: Option<String>,
    /// The new detail.
    #[serde(default)]
    pub detail: Option<String>,
}

/// Marks messages as read.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("required" = ["seq"]))]
pub struct MarkRead {
    /// The last event seen.
    #[serde(default)]
    #[schemars(required)]
    pub seq: Option<u64>,
}

impl MarkRead {
    /// Builds the command for `chat`.
    ///
    /// # Errors
    /// `SEQ_REQUIRED`.
    pub fn command(self, chat: ChatId) -> Result<mark::MarkRead, Invalid> {
        let seq = self.seq()?;
        Ok(mark::MarkRead { chat, seq })
    }

    /// The last event seen.
    ///
    /// # Errors
    /// `SEQ_REQUIRED`.
    pub fn seq(self) -> Result<u64, Invalid> {
        let missing = || Invalid::new("seq", "SEQ_REQUIRED", "must be the last event seen");
        self.seq.ok_or_else(missing)
    }
}

impl CreateChat {
    /// The command.
    ///
    /// # Errors
    /// `TYPE_REQUIRED`, `CHAT_TYPE_INVALID`, `LIMIT_EXCEEDED` `OWNER_TYPE_INVALID` or `INVALID_ID`.
    pub fn command(self, limit: usize) -> Result<create::CreateChat, Invalid> {
        let kind = self.kind.filter(|kind| !kind.is_empty());
        let kind = kind.ok_or_else(|| {
            Invalid::new("type", "TYPE_REQUIRED", "must be direct, group or talk")
        })?;
        let kind = ChatKind::parse(&kind)?;
        let others = named(
            self.participants.as_deref(),
            self.participant_ids.as_deref(),
            limit,
        )?;
        Ok(create::CreateChat {
            kind,
            name: self.name.unwrap_or_default(),
            detail: self.detail.unwrap_or_default(),
            others,
        })
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

impl Request for CreateChat {
    const REFUSALS: &'static [&'static str] = &[
        "CHAT_TYPE_INVALID",
        "INVALID_ID",
        "LIMIT_EXCEEDED",
        "OWNER_TYPE_INVALID",
        "TYPE_REQUIRED",
    ];
}

impl Request for UpdateChat {
    const REFUSALS: &'static [&'static str] = &["LIMIT_EXCEEDED"];
}

impl Request for MarkRead {
    const REFUSALS: &'static [&'static str] = &["SEQ_AHEAD_OF_HEAD", "SEQ_REQUIRED"];
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
