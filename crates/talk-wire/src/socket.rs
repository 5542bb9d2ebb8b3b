//! Frames of the WebSocket: those of clients, and those of the server that are not events.

mod topic;

use std::collections::BTreeMap;

use conversation_domain::model::conversation;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use talk_domain::kernel::live::{Ended, ResetReason};
use talk_domain::kernel::stream::StreamId;

use crate::resource::{AGENT, AgentPresence, Message, Webhook};
pub use topic::{Subject, Topic, TopicError, Vocabulary};

/// A frame of a client. The `type` determines which fields are used.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ClientFrame {
    /// `subscribe`, `unsubscribe`, `post` or `typing`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Id of the answer; for a post also its idempotency key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The topics to subscribe to or unsubscribe from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topics: Option<Vec<String>>,
    /// The epoch of the positions in `since`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<String>,
    /// `seq` of the last event seen, per chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<BTreeMap<String, u64>>,
    /// The body of a post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Box<RawValue>>,
    /// The chat in which the client is typing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat_id: Option<String>,
    /// The conversation in which the client is typing, instead of a chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<String>,
}

/// An id that a client chose.
const ID: &str = "^[^\\u0000]{0,255}$";

/// Why nothing more of a chat is delivered.
const ENDS: [&str; 3] = ["removed", "deleted", "not_a_participant"];

/// The reasons for which a position is invalid.
const RESETS: [&str; 4] = ["epoch", "ahead_of_head", "retention", ALREADY_FOLLOWED];

/// A frame of the server that is not an event.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame<'a> {
    /// Answers a subscription.
    #[schemars(title = "SubscribedFrame")]
    Subscribed {
        /// Id of the request.
        #[schemars(extend("pattern" = ID))]
        id: &'a str,
        /// The epoch of all positions.
        epoch: &'a str,
        /// The chats that are delivered.
        chats: BTreeMap<String, Range>,
        /// The conversations that are delivered, if a topic is about conversations. Further ones of an
        /// admin or manager follow with their next event.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "BTreeMap<String, Range>")]
        conversations: Option<BTreeMap<String, Range>>,
        /// The refused topics.
        refused: Vec<Refused>,
    },
    /// A resumption is complete up to this event.
    #[schemars(title = "CaughtUpFrame")]
    CaughtUp {
        /// The chat or conversation.
        #[serde(flatten)]
        of: Of,
        /// The event.
        seq: u64,
    },
    /// The position cannot be resumed from; delivery continues after `head`.
    #[schemars(title = "ResetFrame")]
    Reset {
        /// The chat or conversation.
        #[serde(flatten)]
        of: Of,
        /// Why.
        #[schemars(extend("enum" = RESETS))]
        reason: &'static str,
        /// The last event that is not delivered.
        head: u64,
    },
    /// The client reads too slowly; it is served from the log.
    #[schemars(title = "LaggingFrame")]
    Lagging {
        /// The chat or conversation.
        #[serde(flatten)]
        of: Of,
        /// The last event it was sent.
        seq: u64,
    },
    /// Positions of quiet chats and conversations.
    #[schemars(title = "PositionFrame")]
    Position {
        /// `seq` of the newest event of each chat.
        chats: BTreeMap<String, u64>,
        /// `seq` of the newest event of each conversation, if there are any.
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        conversations: BTreeMap<String, u64>,
    },
    /// Delivery of a chat or conversation has ended.
    #[serde(rename = "unsubscribed")]
    #[schemars(title = "EndedFrame")]
    Ended {
        /// The chat or conversation.
        #[serde(flatten)]
        of: Of,
        /// Why.
        #[schemars(extend("enum" = ENDS))]
        reason: &'static str,
        /// The last event.
        seq: u64,
    },
    /// Answers the end of a subscription.
    #[schemars(title = "UnsubscribedFrame")]
    Unsubscribed {
        /// Id of the request.
        #[schemars(extend("pattern" = ID))]
        id: &'a str,
        /// The remaining topics.
        topics: Vec<String>,
    },
    /// A post is durable.
    #[schemars(title = "PostedFrame")]
    Posted {
        /// Id of the request.
        #[schemars(extend("pattern" = ID))]
        id: &'a str,
        /// The message.
        #[schemars(with = "Message")]
        data: &'a RawValue,
    },
    /// A post is held until an admin decides on it.
    #[schemars(title = "HeldFrame")]
    Held {
        /// Id of the request.
        #[schemars(extend("pattern" = ID))]
        id: &'a str,
        /// The held message, for admins.
        held_id: &'a str,
    },
    /// A frame was refused.
    #[schemars(title = "ErrorFrame")]
    Error {
        /// Id of the request, if it had one.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(extend("pattern" = ID))]
        id: Option<&'a str>,
        /// The stable reason.
        reason: &'a str,
        /// Human-readable text.
        message: &'a str,
    },
    /// The presence of an agent with a common chat changed. Not in the log.
    #[schemars(title = "AgentPresenceFrame")]
    AgentPresence {
        /// The agent and its presence.
        data: AgentPresence,
    },
    /// A webhook of the customer was disabled because it failed for too long or answered 410. Only for
    /// admins and managers. Not in the log.
    #[schemars(title = "WebhookDisabledFrame")]
    WebhookDisabled {
        /// The webhook.
        data: Box<Webhook>,
    },
    /// An agent is typing. Not in the log.
    #[schemars(title = "ChatTypingFrame")]
    ChatTyping {
        /// The typing agent.
        data: Typist,
        /// The chat.
        chat_id: String,
    },
    /// An agent or the person outside is typing in a conversation. Not in the log.
    #[schemars(title = "ConversationTypingFrame")]
    ConversationTyping {
        /// The typing agent; of a person outside, the type is empty and the id is nil.
        data: Typist,
        /// The conversation.
        conversation_id: String,
    },
}

/// The stream that a frame is about: one of the two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Of {
    /// The chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    chat_id: Option<String>,
    /// The conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    conversation_id: Option<String>,
}

impl Of {
    /// The chat with this id.
    #[must_use]
    pub const fn chat(id: String) -> Self {
        Self {
            chat_id: Some(id),
            conversation_id: None,
        }
    }
}

impl From<StreamId> for Of {
    fn from(stream: StreamId) -> Self {
        let id = stream.to_string();
        if stream.realm == conversation::REALM {
            return Self {
                chat_id: None,
                conversation_id: Some(id),
            };
        }
        Self::chat(id)
    }
}

/// The start of the delivery of a chat or conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "DeliveredRange")]
pub struct Range {
    /// `seq` of the first event that is delivered.
    pub from: u64,
    /// `seq` of the newest event.
    pub head: u64,
}

/// A refused topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RefusedTopic")]
pub struct Refused {
    /// As it was sent.
    pub topic: String,
    /// The stable reason.
    pub reason: String,
}

/// The typing agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Typist {
    /// `agent`.
    #[schemars(extend("enum" = [AGENT]))]
    pub owner_type: String,
    /// The agent.
    pub owner_id: String,
}

impl ServerFrame<'_> {
    /// The positions of quiet streams.
    #[must_use]
    pub fn positions(quiet: &BTreeMap<StreamId, u64>) -> Self {
        let of = |is_conversation| {
            let of = quiet.iter().filter(move |(stream, _)| {
                (stream.realm == conversation::REALM) == is_conversation
            });
            of.map(|(stream, seq)| (stream.to_string(), *seq)).collect()
        };
        Self::Position {
            chats: of(false),
            conversations: of(true),
        }
    }

    /// Its text.
    #[must_use]
    pub fn json(&self) -> String {
        crate::json(self)
    }
}

/// Returns the reason in `unsubscribed`.
#[must_use]
pub const fn ended(ended: Ended) -> &'static str {
    match ended {
        Ended::Removed => "removed",
        Ended::Deleted => "deleted",
        Ended::NotAParticipant => "not_a_participant",
    }
}

/// The reason of a `reset` for a second vocabulary: it starts at the position of the first one.
pub const ALREADY_FOLLOWED: &str = "already_followed";

/// Returns the reason in `reset`.
#[must_use]
pub const fn reset(reason: ResetReason) -> &'static str {
    match reason {
        ResetReason::Epoch => "epoch",
        ResetReason::AheadOfHead => "ahead_of_head",
        ResetReason::Retention => "retention",
    }
}

/// Adds `"replay":true` to the end of a stored frame.
#[must_use]
pub fn replayed(frame: &str) -> String {
    let body = frame.strip_suffix('}').unwrap_or(frame);
    format!("{body},\"replay\":true}}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use talk_domain::testing::stream_id;
    use uuid::Uuid;

    fn value(frame: &ServerFrame<'_>) -> Value {
        serde_json::from_str(&frame.json()).unwrap()
    }

    /// WS-04 and WS-13.
    #[test]
    fn frames_look_as_documented() {
        let data = RawValue::from_string(r#"{"id":"m"}"#.into()).unwrap();
        let chat = stream_id(1).to_string();
        let range = Range {
            from: 121,
            head: 135,
        };
        for (frame, expected) in [
            (
                ServerFrame::Subscribed {
                    id: "7",
                    epoch: "e",
                    chats: [("c".to_owned(), range)].into(),
                    conversations: Some([("v".to_owned(), Range { from: 1, head: 0 })].into()),
                    refused: vec![],
                },
                json!({"type": "subscribed", "id": "7", "epoch": "e",
                    "chats": {"c": {"from": 121, "head": 135}},
                    "conversations": {"v": {"from": 1, "head": 0}}, "refused": []}),
            ),
            (
                ServerFrame::CaughtUp {
                    of: Of::from(stream_id(1)),
                    seq: 135,
                },
                json!({"type": "caught_up", "chat_id": chat, "seq": 135}),
            ),
            (
                ServerFrame::Reset {
                    of: Of::from(conversation::stream(Uuid::from_u128(7).into())),
                    reason: reset(ResetReason::Epoch),
                    head: 9,
                },
                json!({"type": "reset", "conversation_id": Uuid::from_u128(7).to_string(), "reason": "epoch", "head": 9}),
            ),
            (
                ServerFrame::Ended {
                    of: Of::from(stream_id(1)),
                    reason: ended(Ended::Removed),
                    seq: 9,
                },
                json!({"type": "unsubscribed", "chat_id": chat, "reason": "removed", "seq": 9}),
            ),
            (
                ServerFrame::Posted {
                    id: "7",
                    data: &data,
                },
                json!({"type": "posted", "id": "7", "data": {"id": "m"}}),
            ),
            (
                ServerFrame::Error {
                    id: None,
                    reason: "R",
                    message: "m",
                },
                json!({"type": "error", "reason": "R", "message": "m"}),
            ),
        ] {
            assert_eq!(value(&frame), expected);
        }
    }

    #[test]
    fn a_replayed_frame_is_the_stored_one_and_says_so() {
        assert_eq!(
            replayed(r#"{"a":{},"seq":1}"#),
            r#"{"a":{},"seq":1,"replay":true}"#
        );
    }

    /// INT-07.
    #[test]
    fn a_held_post_is_answered_with_the_id_of_the_held_message() {
        let held = ServerFrame::Held {
            id: "7",
            held_id: "h",
        };
        let held: serde_json::Value = serde_json::from_str(&held.json()).unwrap();
        assert_eq!(held, json!({"type": "held", "id": "7", "held_id": "h"}));
    }
}
