//! Medias of messages of conversations.

use conversation_domain::model::media;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A file in a message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConversationMedia {
    /// Identity; that of the file.
    pub id: String,
    /// Always `file`.
    #[serde(rename = "type")]
    #[schemars(extend("enum" = ["file"]))]
    pub kind: String,
    /// The name to save it under; `""` while it is pending.
    pub filename: String,
    /// The file, whose bytes can be read once it is `ready`.
    pub file_id: String,
    /// The MIME type; while it is pending, the one that the provider names.
    pub mime: String,
    /// Number of bytes; 0 while it is pending.
    pub size: u64,
    /// `pending`: its bytes are still at the provider. `failed`: they could not be fetched.
    #[schemars(extend("enum" = ["pending", "ready", "failed"]))]
    pub status: String,
}

impl From<&media::Media> for ConversationMedia {
    fn from(media: &media::Media) -> Self {
        Self {
            id: media.file.to_string(),
            kind: "file".to_owned(),
            filename: media.filename.clone(),
            file_id: media.file.to_string(),
            mime: media.mime.clone(),
            size: media.size,
            status: media.status.as_str().to_owned(),
        }
    }
}

/// A file as the visitor of a web chat sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VisitorMedia {
    /// The name to save it under.
    pub filename: String,
    /// The MIME type.
    pub mime: String,
    /// Number of bytes.
    pub size: u64,
    /// A signed link to its bytes: a path on this server.
    pub url: String,
}

impl VisitorMedia {
    /// A media with its link.
    #[must_use]
    pub fn new(media: &media::Media, url: String) -> Self {
        Self {
            filename: media.filename.clone(),
            mime: media.mime.clone(),
            size: media.size,
            url,
        }
    }
}
