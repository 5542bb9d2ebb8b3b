//! Request bodies of the deprecated endpoints.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use talk_domain::kernel::error::Invalid;
use talk_domain::kernel::id::{AgentId, ChatId};
use talk_domain::talk::chat::create;
use talk_domain::talk::model::chat::ChatKind;

use crate::request::named::named;
use crate::request::{Owner, Request};
use crate::resource::Media;
use crate::{object, request};

/// Creates a talk.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct CreateTalk {
    /// As for a chat; absent: `direct` with one other agent and no name, else `group`.
    #[serde(rename = "type", default)]
    #[schemars(extend("enum" = ["direct", "group", "talk", "normal", "", null]))]
    pub kind: Option<String>,
    /// Human-readable text.
    #[serde(default)]
    pub name: Option<String>,
    /// Human-readable text.
    #[serde(default)]
    pub detail: Option<String>,
    /// The ids of the agents who become participants, besides the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-limit" = "participants"))]
    pub participant_ids: Option<Vec<String>>,
    /// Further agents who become participants.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "object::optional_list"
    )]
    #[schemars(extend("x-limit" = "participants"))]
    pub participants: Option<Vec<Owner>>,
}

/// Posts a message in the talk of the path. It has a text or at least one media.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PostTalkMessage")]
pub struct PostMessage {
    /// `normal`, the default.
    #[serde(rename = "type", default)]
    #[schemars(extend("enum" = ["normal", "", null]))]
    pub kind: Option<String>,
    /// Text.
    #[serde(default)]
    #[schemars(extend("x-limit" = "text"))]
    pub text: Option<String>,
    /// The message to reply to; absent, null or `""` at top level.
    #[serde(default)]
    pub parent_id: Option<String>,
    /// Attachments.
    #[serde(default, deserialize_with = "object::optional_list")]
    #[schemars(extend("x-limit" = "medias"))]
    pub medias: Option<Vec<Media>>,
}

impl PostMessage {
    /// Converts it into today's body.
    #[must_use]
    pub fn in_chat(self, chat: ChatId) -> request::PostMessage {
        request::PostMessage {
            chat_id: Some(chat.to_string()),
            kind: self.kind,
            text: self.text,
            parent_id: self.parent_id,
            medias: self.medias,
        }
    }
}

impl CreateTalk {
    /// Builds the command of `caller`.
    ///
    /// # Errors
    /// `CHAT_TYPE_INVALID`, `INVALID_ID`, `OWNER_TYPE_INVALID` or `LIMIT_EXCEEDED`.
    pub fn command(self, caller: AgentId, limit: usize) -> Result<create::CreateChat, Invalid> {
        let others = named(
            self.participants.as_deref(),
            self.participant_ids.as_deref(),
            limit,
        )?;
        let name = self.name.unwrap_or_default();
        let kind = match self.kind.filter(|kind| !kind.is_empty()) {
            Some(kind) => ChatKind::parse(&kind)?,
            None if name.is_empty() && is_pair(&others, caller) => ChatKind::Direct,
            None => ChatKind::Group,
        };
        Ok(create::CreateChat {
            kind,
            name,
            detail: self.detail.unwrap_or_default(),
            others,
        })
    }
}

impl Request for PostMessage {
    const REFUSALS: &'static [&'static str] = request::PostMessage::REFUSALS;
}

/// Returns whether these are the caller and exactly one other agent, with repetitions ignored.
fn is_pair(named: &[AgentId], caller: AgentId) -> bool {
    let mut others = named.iter().filter(|agent| **agent != caller);
    others
        .next()
        .is_some_and(|other| others.all(|agent| agent == other))
}

impl Request for CreateTalk {
    const REFUSALS: &'static [&'static str] = &[
        "CHAT_TYPE_INVALID",
        "INVALID_ID",
        "LIMIT_EXCEEDED",
        "OWNER_TYPE_INVALID",
    ];
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk_domain::testing::agent_id;

    fn kind(named: &[u128], rest: &str) -> ChatKind {
        let ids: Vec<_> = named.iter().map(|n| agent_id(*n).to_string()).collect();
        let ids = serde_json::to_string(&ids).unwrap();
        let body = format!(r#"{{"participant_ids":{ids}{rest}}}"#);
        let request: CreateTalk = serde_json::from_str(&body).unwrap();
        request.command(agent_id(1), 9).unwrap().kind
    }

    /// OLD-03.
    #[test]
    fn one_other_agent_and_no_name_means_direct() {
        for named in [&[2][..], &[1, 2], &[2, 1, 2]] {
            assert_eq!(kind(named, ""), ChatKind::Direct);
            assert_eq!(kind(named, r#","name":"","type":"""#), ChatKind::Direct);
            assert_eq!(kind(named, r#","name":"Plans""#), ChatKind::Group);
            assert_eq!(kind(named, r#","type":"talk""#), ChatKind::Talk);
        }
        for named in [&[][..], &[1], &[2, 3]] {
            assert_eq!(kind(named, ""), ChatKind::Group);
        }
    }

    #[test]
    fn a_wrong_agent_is_named_by_its_place() {
        let request: CreateTalk = serde_json::from_str(r#"{"participant_ids":["x"]}"#).unwrap();
        let refused = request.clone().command(agent_id(1), 9).unwrap_err();
        assert_eq!(refused.field, "participant_ids[0]");
        let refused = request.command(agent_id(1), 0).unwrap_err();
        assert_eq!((refused.reason, refused.limit), ("LIMIT_EXCEEDED", Some(0)));
    }
}
