//! The visitor's side of a web chat.

use conversation_domain::model::{media, message};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use talk_domain::kernel::id::FileId;

use crate::resource::VisitorMedia;
use crate::time;

/// The session of a visitor of a web chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VisitorSession {
    /// The secret by which the server knows the visitor again; the page keeps it.
    pub token: String,
    /// The name of the account.
    pub name: String,
}

/// A message as the visitor of a web chat sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VisitorMessage {
    /// Identity.
    pub id: String,
    /// `incoming`: written by the visitor.
    #[schemars(extend("enum" = ["incoming", "outgoing"]))]
    pub direction: String,
    /// Text.
    pub text: String,
    /// Its files.
    pub medias: Vec<VisitorMedia>,
    /// Its number in the conversation.
    pub seq: u64,
    /// Time of creation.
    pub tm_create: String,
}

impl VisitorMessage {
    /// A message whose files `link` makes links to. Only files that are ready are shown.
    #[must_use]
    pub fn new(message: &message::Message, link: impl Fn(FileId) -> String) -> Self {
        let ready = |media: &&media::Media| media.status == media::MediaStatus::Ready;
        let show = |media: &media::Media| VisitorMedia::new(media, link(media.file));
        Self {
            id: message.id.to_string(),
            direction: message.direction.as_str().to_owned(),
            text: message.text.clone(),
            medias: message.medias.iter().filter(ready).map(show).collect(),
            seq: message.seq,
            tm_create: time::format(message.created),
        }
    }
}

/// The messages that a visitor has not seen yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VisitorMessages {
    /// In the order in which they were written; at most 100.
    pub result: Vec<VisitorMessage>,
    /// Ids of the messages that were deleted, among the 100 before these.
    pub deleted: Vec<String>,
}
