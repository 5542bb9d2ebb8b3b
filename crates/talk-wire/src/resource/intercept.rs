//! Intercepts, their decisions, held messages, and the requests to intercepts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use talk_domain::hooks::{decision, intercept};
use talk_domain::talk::model::held;

use crate::resource::Media;
use crate::schema::LOWER_UUID_OR_EMPTY;
use crate::time;

/// An address that decides on messages before they are stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Intercept {
    /// When it is called.
    #[schemars(extend("enum" = ["talk_message"]))]
    pub point: String,
    /// Its customer.
    pub customer_id: String,
    /// Address.
    pub uri: String,
    /// Milliseconds for an answer.
    pub timeout_ms: u32,
    /// The decision without a valid answer in time.
    #[schemars(extend("enum" = ["allow", "reject", "hold"]))]
    pub on_error: String,
    /// Whether it is called.
    pub enabled: bool,
    /// The secret that was made, in the answer to the creation only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Time of creation.
    pub tm_create: String,
    /// Time of the last change.
    pub tm_update: String,
}

impl From<&intercept::Intercept> for Intercept {
    fn from(intercept: &intercept::Intercept) -> Self {
        Self {
            point: intercept.point.as_str().to_owned(),
            customer_id: intercept.customer.to_string(),
            uri: intercept.uri.clone(),
            timeout_ms: intercept.timeout_ms,
            on_error: intercept.on_error.as_str().to_owned(),
            enabled: intercept.is_enabled,
            secret: None,
            tm_create: time::format(intercept.created),
            tm_update: time::format(intercept.updated),
        }
    }
}

/// A decision on one message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
// Generators name a variable after the schema, which must not be its field `decision`.
#[schemars(rename = "InterceptDecision")]
pub struct Decision {
    /// Identity: `intercept.id` of the request.
    pub id: String,
    /// The sender.
    pub actor_id: String,
    /// The chat.
    pub chat_id: String,
    /// `allow`: stored as it was sent. `modify`: stored with changes. `block`: refused. `hold`: held,
    /// or dropped with its chat, with its sender or after its time. `release` and `drop`: held, until
    /// an admin released or dropped it. `reject`: refused for want of a valid answer.
    #[schemars(extend("enum" = ["allow", "modify", "block", "hold", "release", "drop", "reject"]))]
    pub decision: String,
    /// The reason that the intercept gave, or why it gave no valid answer.
    pub reason: String,
    /// SHA-256, in hexadecimal, over `id`, a line feed, and the message as it was sent, as JSON with the
    /// fields `text` and `medias`.
    pub digest_before: String,
    /// The same of the message as it was stored; `""` if it was not.
    pub digest_after: String,
    /// Milliseconds until the answer or the failure.
    pub latency_ms: u32,
    /// The admin that released or dropped it; `""` for other decisions.
    #[schemars(extend("pattern" = LOWER_UUID_OR_EMPTY))]
    pub decided_by: String,
    /// Time of the request.
    pub tm_create: String,
}

impl From<&decision::Decision> for Decision {
    fn from(decision: &decision::Decision) -> Self {
        Self {
            id: decision.id.to_string(),
            actor_id: decision.actor.to_string(),
            chat_id: decision.stream.hyphenated().to_string(),
            decision: decision.verdict.as_str().to_owned(),
            reason: decision.reason.clone(),
            digest_before: decision.digest_before.clone(),
            digest_after: decision.digest_after.clone(),
            latency_ms: decision.latency_ms,
            decided_by: decision
                .decided_by
                .map_or(String::new(), |admin| admin.to_string()),
            tm_create: time::format(decision.created),
        }
    }
}

/// A post or an edit that waits for an admin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeldMessage {
    /// Identity: that of the decision to hold it.
    pub id: String,
    /// The author.
    pub actor_id: String,
    /// The chat.
    pub chat_id: String,
    /// The message that is edited; `""` for a new one.
    #[schemars(extend("pattern" = LOWER_UUID_OR_EMPTY))]
    pub message_id: String,
    /// The message that it replies to; `""` if there is none.
    #[schemars(extend("pattern" = LOWER_UUID_OR_EMPTY))]
    pub parent_id: String,
    /// Text; absent if an edit keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Attachments; absent if an edit keeps them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub medias: Option<Vec<Media>>,
    /// The reason that the intercept gave, or why it gave no valid answer.
    pub reason: String,
    /// Time since when it is held.
    pub tm_create: String,
}

impl From<&held::HeldMessage> for HeldMessage {
    fn from(held: &held::HeldMessage) -> Self {
        let (message, parent, text, medias) = match &held.content {
            held::HeldContent::Post {
                parent,
                text,
                medias,
            } => (None, *parent, Some(text), Some(medias)),
            held::HeldContent::Edit {
                message,
                text,
                medias,
            } => (Some(*message), None, text.as_ref(), medias.as_ref()),
        };
        let shown = |id: Option<_>| id.map_or_else(String::new, |id| format!("{id}"));
        Self {
            id: held.id.to_string(),
            actor_id: held.author.to_string(),
            chat_id: held.chat.to_string(),
            message_id: shown(message),
            parent_id: shown(parent),
            text: text.cloned(),
            medias: medias.map(|medias| medias.iter().map(Media::from).collect()),
            reason: held.reason.clone(),
            tm_create: time::format(held.created),
        }
    }
}

/// The state of a post or an edit that is held, or was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Held {
    /// Identity of the held message, for admins.
    pub id: String,
    /// `held`, or `dropped` in the answer to that.
    #[schemars(extend("enum" = ["held", "dropped"]))]
    pub status: String,
}

impl Held {
    /// The answer for the held message `id`.
    #[must_use]
    pub fn new(id: String) -> Self {
        Self {
            id,
            status: "held".to_owned(),
        }
    }

    /// The answer to dropping the held message `id`.
    #[must_use]
    pub fn dropped(id: String) -> Self {
        Self {
            id,
            status: "dropped".to_owned(),
        }
    }
}

/// The request to an intercept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InterceptRequest<'a> {
    /// The point.
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// The decision that is wanted.
    pub intercept: InterceptCall<'a>,
    /// The time after which no answer counts.
    pub deadline: String,
    /// The message as it would be stored.
    pub data: ProposedMessage,
}

/// The decision that is wanted of an intercept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InterceptCall<'a> {
    /// Identity, the same on every repetition.
    pub id: String,
    /// `post` or `edit`.
    pub action: &'a str,
}

/// A message before it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProposedMessage {
    /// The message that is edited; absent for a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The customer.
    pub customer_id: String,
    /// Always `agent`.
    pub owner_type: String,
    /// The author.
    pub owner_id: String,
    /// The chat.
    pub chat_id: String,
    /// The message that it replies to; absent at top level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// Always `normal`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The content.
    #[serde(flatten)]
    pub content: ProposedContent,
}

/// The part of a message that an intercept may change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProposedContent {
    /// Text.
    pub text: String,
    /// Attachments.
    pub medias: Vec<Media>,
}
