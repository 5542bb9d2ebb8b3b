//! Requests about conversations with people outside.

use conversation_domain::conversation::update;
use conversation_domain::message::send;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use talk_domain::kernel::error::Invalid;
use talk_domain::kernel::id::{AgentId, ConversationId, FileId};
use uuid::Uuid;

use crate::id;
use crate::object;
use crate::request::Request;
use crate::schema::UUID_OR_EMPTY;

/// Reads an owner: `""` and the nil id stand for none.
fn owner(field: &str, text: &str) -> Result<Option<AgentId>, Invalid> {
    let owner: Option<AgentId> = id::parse_optional(field, Some(text))?;
    Ok(owner.filter(|owner| owner.0 != Uuid::nil()))
}

/// Changes a conversation: what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct UpdateConversation {
    /// The new owner, by an admin or manager; `""` for none.
    #[serde(default)]
    #[schemars(extend("pattern" = UUID_OR_EMPTY))]
    pub owner_id: Option<String>,
    /// Change only if this is the owner; `""` stands for none.
    #[serde(default)]
    #[schemars(extend("pattern" = UUID_OR_EMPTY))]
    pub if_owner: Option<String>,
    /// Name.
    #[serde(default)]
    pub name: Option<String>,
    /// Detail.
    #[serde(default)]
    pub detail: Option<String>,
}

impl UpdateConversation {
    /// The command.
    ///
    /// # Errors
    /// `INVALID_ID`.
    pub fn command(self) -> Result<update::UpdateConversation, Invalid> {
        let owner_id = self.owner_id.map(|text| owner("owner_id", &text));
        let if_owner = self.if_owner.map(|text| owner("if_owner", &text));
        Ok(update::UpdateConversation {
            owner: owner_id.transpose()?,
            expected_owner: if_owner.transpose()?,
            name: self.name,
            detail: self.detail,
        })
    }
}

impl Request for UpdateConversation {
    const REFUSALS: &'static [&'static str] = &["INVALID_ID", "LIMIT_EXCEEDED", "OWNER_INVALID"];
}

/// Becomes the owner of a conversation.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ClaimConversation {
    /// Only if this is the owner; absent or `""` for none.
    #[serde(default)]
    #[schemars(extend("pattern" = UUID_OR_EMPTY))]
    pub if_owner: Option<String>,
}

impl ClaimConversation {
    /// The expected owner.
    ///
    /// # Errors
    /// `INVALID_ID`.
    pub fn expected(&self) -> Result<Option<AgentId>, Invalid> {
        let expected = self.if_owner.as_deref().unwrap_or_default();
        owner("if_owner", expected)
    }
}

impl Request for ClaimConversation {
    const REFUSALS: &'static [&'static str] = &["INVALID_ID"];
}

/// A file to send.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("required" = ["type", "file_id"]))]
pub struct FileReference {
    /// Always `file`.
    #[serde(rename = "type", default)]
    #[schemars(required, extend("enum" = ["file"]))]
    pub kind: Option<String>,
    /// The file, which the caller may read.
    #[serde(default)]
    #[schemars(required)]
    pub file_id: Option<String>,
}

/// The files of medias.
///
/// # Errors
/// `MEDIA_TYPE_INVALID`, `INVALID_ID`.
pub(super) fn files(medias: Option<Vec<FileReference>>) -> Result<Vec<FileId>, Invalid> {
    let medias = medias.unwrap_or_default().into_iter().enumerate();
    let file = |(i, media): (usize, FileReference)| {
        if media.kind.as_deref() != Some("file") {
            let field = format!("medias[{i}].type");
            return Err(Invalid::new(field, "MEDIA_TYPE_INVALID", "must be file"));
        }
        id::parse_required(&format!("medias[{i}].file_id"), media.file_id.as_deref())
    };
    medias.map(file).collect()
}

/// Sends a message to the person outside. It has a text or at least one media.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct SendMessage {
    /// Text.
    #[serde(default)]
    pub text: String,
    /// Files.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "object::optional_list"
    )]
    #[schemars(extend("x-limit" = "medias"))]
    pub medias: Option<Vec<FileReference>>,
}

impl SendMessage {
    /// The command.
    ///
    /// # Errors
    /// Names the field.
    pub fn command(self, conversation: ConversationId) -> Result<send::SendMessage, Invalid> {
        Ok(send::SendMessage {
            conversation,
            text: self.text,
            files: files(self.medias)?,
        })
    }
}

impl Request for SendMessage {
    const REFUSALS: &'static [&'static str] = &[
        "INVALID_ID",
        "LIMIT_EXCEEDED",
        "MEDIA_FILE_NOT_FOUND",
        "MEDIA_TYPE_INVALID",
    ];
}

/// Sends a message of a visitor.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct VisitorPost {
    /// An id that the page makes: the same id again is the same message.
    #[serde(default)]
    #[schemars(extend("maxLength" = 36))]
    pub id: String,
    /// Text.
    #[serde(default)]
    pub text: String,
}

impl Request for VisitorPost {
    const REFUSALS: &'static [&'static str] = &["INVALID_ID"];
}

/// Says up to where a visitor has read.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct VisitorRead {
    /// The `seq` of the last message that the visitor has read.
    #[serde(default)]
    pub seq: u64,
}

impl Request for VisitorRead {
    const REFUSALS: &'static [&'static str] = &[];
}
