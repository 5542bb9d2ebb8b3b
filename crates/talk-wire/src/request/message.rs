//! Bodies about messages and reactions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use talk_domain::kernel::error::{DomainError, ErrorKind, Invalid, Refusal, Refuses};
use talk_domain::kernel::id::MessageId;
use talk_domain::talk::message::{edit, post};
use talk_domain::talk::model::media;

use super::Request;
use crate::id;
use crate::object;
use crate::resource::Media;
use crate::schema::EMOJI;

/// Posts a message. It has a text or at least one media.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("required" = ["chat_id"]))]
pub struct PostMessage {
    /// The chat.
    #[serde(default)]
    #[schemars(required)]
    pub chat_id: Option<String>,
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

/// Changes a message; absent fields stay unchanged. At least one of the fields must be there.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct EditMessage {
    /// The new text.
    #[serde(default)]
    #[schemars(extend("x-limit" = "text"))]
    pub text: Option<String>,
    /// The new medias.
    #[serde(default, deserialize_with = "object::optional_list")]
    #[schemars(extend("x-limit" = "medias"))]
    pub medias: Option<Vec<Media>>,
}

/// Adds a reaction.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("required" = ["emoji"]))]
pub struct React {
    /// One emoji or a short name.
    #[serde(default)]
    #[schemars(required, extend("minLength" = 1, "x-limit" = "emoji", "pattern" = EMOJI))]
    pub emoji: Option<String>,
}

/// Removes a reaction, unless the query names it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct RemoveReaction {
    /// One emoji or a short name.
    #[serde(default)]
    pub emoji: Option<String>,
}

/// Refusals of a message's body.
#[derive(Debug, thiserror::Error)]
pub enum PostMessageRefusal {
    /// Clients cannot post system messages (S-090).
    #[error("only the service writes system messages")]
    SystemTypeReserved,
    /// A field breaks a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

impl DomainError for PostMessageRefusal {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::SystemTypeReserved => ErrorKind::PermissionDenied,
            Self::Invalid(invalid) => invalid.kind(),
        }
    }
    fn reason(&self) -> &'static str {
        match self {
            Self::SystemTypeReserved => "SYSTEM_TYPE_RESERVED",
            Self::Invalid(invalid) => invalid.reason(),
        }
    }
    fn detail(&self) -> Option<&Invalid> {
        match self {
            Self::SystemTypeReserved => None,
            Self::Invalid(invalid) => Some(invalid),
        }
    }
}

impl Refuses for PostMessageRefusal {
    fn refusals() -> Vec<Refusal> {
        vec![Refusal {
            kind: ErrorKind::PermissionDenied,
            reason: "SYSTEM_TYPE_RESERVED",
            message: "only the service writes system messages",
        }]
    }
}

impl PostMessage {
    /// The command.
    ///
    /// # Errors
    /// See [`PostMessageRefusal`]; more than `limit` medias are refused before they are read.
    pub fn command(self, limit: usize) -> Result<post::PostMessage, PostMessageRefusal> {
        match self.kind.as_deref() {
            None | Some("" | "normal") => {}
            Some("system") => return Err(PostMessageRefusal::SystemTypeReserved),
            Some(_) => {
                let refused = Invalid::new("type", "MESSAGE_TYPE_INVALID", "must be normal");
                return Err(refused.into());
            }
        }
        Ok(post::PostMessage {
            chat: id::parse_required("chat_id", self.chat_id.as_deref())?,
            parent: id::parse_optional("parent_id", self.parent_id.as_deref())?,
            text: self.text.unwrap_or_default(),
            medias: medias(self.medias.unwrap_or_default(), limit)?,
        })
    }
}

impl EditMessage {
    /// The command.
    ///
    /// # Errors
    /// If a media is malformed or there are more than `limit`.
    pub fn command(self, message: MessageId, limit: usize) -> Result<edit::EditMessage, Invalid> {
        Ok(edit::EditMessage {
            message,
            text: self.text,
            medias: self.medias.map(|sent| medias(sent, limit)).transpose()?,
        })
    }
}

/// The attachments in the answer of an intercept, a JSON array.
///
/// # Errors
/// As if an agent had sent them.
pub fn changed_medias(json: &str, limit: usize) -> Result<Vec<media::Media>, Invalid> {
    let edit = serde_json::from_str(&format!(r#"{{"medias":{json}}}"#));
    let malformed =
        |error: serde_json::Error| Invalid::new("medias", "INVALID_FIELD", error.to_string());
    let edit: EditMessage = edit.map_err(malformed)?;
    medias(edit.medias.unwrap_or_default(), limit)
}

fn medias(sent: Vec<Media>, limit: usize) -> Result<Vec<media::Media>, Invalid> {
    if sent.len() > limit {
        return Err(Invalid::too_long("medias", limit, "medias"));
    }
    sent.into_iter()
        .enumerate()
        .map(|(i, media)| media.parse(&format!("medias[{i}]")))
        .collect()
}

impl Request for PostMessage {
    const REFUSALS: &'static [&'static str] = &[
        "INVALID_ID",
        "LIMIT_EXCEEDED",
        "MEDIA_ADDRESS_INVALID",
        "MEDIA_AGENT_NOT_FOUND",
        "MEDIA_FILE_NOT_FOUND",
        "MEDIA_TYPE_INVALID",
        "MESSAGE_TYPE_INVALID",
        "SYSTEM_TYPE_RESERVED",
        "URL_INVALID",
    ];
}

impl Request for EditMessage {
    const REFUSALS: &'static [&'static str] = &[
        "INVALID_ID",
        "LIMIT_EXCEEDED",
        "MEDIA_ADDRESS_INVALID",
        "MEDIA_AGENT_NOT_FOUND",
        "MEDIA_FILE_NOT_FOUND",
        "MEDIA_TYPE_INVALID",
        "URL_INVALID",
    ];
}

impl Request for RemoveReaction {
    const REFUSALS: &'static [&'static str] = &["EMOJI_INVALID"];
}

impl Request for React {
    const REFUSALS: &'static [&'static str] = &["EMOJI_INVALID", "LIMIT_EXCEEDED"];
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk_domain::testing::{chat_id, message_id};

    fn post(rest: &str) -> Result<post::PostMessage, PostMessageRefusal> {
        let body = format!(r#"{{"chat_id":"{}"{rest}}}"#, chat_id(1));
        let request: PostMessage = serde_json::from_str(&body).unwrap();
        request.command(2)
    }

    /// MSG-02.
    #[test]
    fn forged_fields_have_no_effect() {
        let command = post(
            r#","text":"hi","owner_id":"x","customer_id":7,"tm_create":"","metadata":{"a":[]}"#,
        );
        assert_eq!(
            command.unwrap(),
            post::PostMessage {
                chat: chat_id(1),
                parent: None,
                text: "hi".into(),
                medias: vec![]
            }
        );
    }

    /// MSG-02.
    #[test]
    fn clients_write_normal_messages_only() {
        for kind in ["null", r#""""#, r#""normal""#] {
            assert!(post(&format!(r#","type":{kind}"#)).is_ok());
        }
        let refused = post(r#","type":"system""#).unwrap_err();
        assert_eq!(
            (refused.kind(), refused.reason()),
            (ErrorKind::PermissionDenied, "SYSTEM_TYPE_RESERVED")
        );
        let refused = post(r#","type":"shout""#).unwrap_err();
        assert_eq!(refused.reason(), "MESSAGE_TYPE_INVALID");
    }

    #[test]
    fn a_malformed_parent_never_becomes_a_top_level_message() {
        for none in ["null", r#""""#] {
            assert_eq!(
                post(&format!(r#","parent_id":{none}"#)).unwrap().parent,
                None
            );
        }
        let parent = message_id(1);
        let reply = post(&format!(r#","parent_id":"{parent}""#)).unwrap();
        assert_eq!(reply.parent, Some(parent));
        let refused = post(r#","parent_id":"nope""#).unwrap_err();
        assert_eq!(refused.detail().unwrap().field, "parent_id");
    }

    #[test]
    fn too_many_medias_are_refused() {
        let refused = post(r#","medias":[{},{},{}]"#).unwrap_err();
        assert_eq!(refused.detail().unwrap().limit, Some(2));
    }
}
