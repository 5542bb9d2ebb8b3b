//! The WebSocket's frames: what clients send, and what they get besides events.

mod topic;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use talk_domain::kernel::live::{Ended, ResetReason};

use crate::resource::AgentPresence;
pub use topic::{Subject, Topic, TopicError, Vocabulary};

/// What a client sends. Which fields count depends on the `type`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ClientFrame {
    /// `subscribe`, `unsubscribe`, `post` or `typing`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Asks for an answer with the same id; of a post, its idempotency key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What to follow, or not to follow any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topics: Option<Vec<String>>,
    /// The log that `since` is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<String>,
    /// The last event seen, per chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<BTreeMap<String, u64>>,
    /// The body of a post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Box<RawValue>>,
    /// Where somebody is typing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat_id: Option<String>,
}

/// What a client gets besides events.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame<'a> {
    /// Answers a subscription.
    Subscribed {
        /// That of the request.
        id: &'a str,
        /// The log that positions are about.
        epoch: &'a str,
        /// The chats that are delivered.
        chats: BTreeMap<String, Range>,
        /// The topics that are not.
        refused: Vec<Refused>,
    },
    /// A resumption is complete up to this event.
    CaughtUp {
        /// The chat.
        chat_id: String,
        /// The event.
        seq: u64,
    },
    /// The position is worth nothing; delivery goes on after `head`.
    Reset {
        /// The chat.
        chat_id: String,
        /// Why.
        reason: &'static str,
        /// The last event that is not delivered.
        head: u64,
    },
    /// The client fell behind; it is caught up from the log.
    Lagging {
        /// The chat.
        chat_id: String,
        /// The last event it was sent.
        seq: u64,
    },
    /// Where quiet chats stand.
    Position {
        /// The last event of each.
        chats: BTreeMap<String, u64>,
    },
    /// Nothing more of the chat is delivered.
    #[serde(rename = "unsubscribed")]
    Ended {
        /// The chat.
        chat_id: String,
        /// Why.
        reason: &'static str,
        /// The last event.
        seq: u64,
    },
    /// Answers the end of a subscription.
    Unsubscribed {
        /// That of the request.
        id: &'a str,
        /// The topics that are still followed.
        topics: Vec<String>,
    },
    /// A post is durable.
    Posted {
        /// That of the request.
        id: &'a str,
        /// The message.
        data: &'a RawValue,
    },
    /// A frame was refused.
    Error {
        /// That of the request, if it had one.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a str>,
        /// The stable reason.
        reason: &'a str,
        /// For people.
        message: &'a str,
    },
    /// An agent who shares a chat comes, goes, or is away; in no log.
    AgentPresence {
        /// Who, and what it is now.
        data: AgentPresence,
    },
    /// Somebody is typing; in no log.
    ChatTyping {
        /// Who.
        data: Typist,
        /// Where.
        chat_id: String,
    },
}

/// Where the delivery of a chat begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The first event that is delivered.
    pub from: u64,
    /// The last event there was.
    pub head: u64,
}

/// A topic that is not followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// As it was sent.
    pub topic: String,
    /// The stable reason.
    pub reason: String,
}

/// Who is typing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typist {
    /// `agent`.
    pub owner_type: String,
    /// The agent.
    pub owner_id: String,
}

impl ServerFrame<'_> {
    /// Its text.
    #[must_use]
    pub fn json(&self) -> String {
        crate::json(self)
    }
}

/// Why a chat is not delivered any more, as clients are told.
#[must_use]
pub const fn ended(ended: Ended) -> &'static str {
    match ended {
        Ended::Removed => "removed",
        Ended::Deleted => "deleted",
        Ended::NotAParticipant => "not_a_participant",
    }
}

/// Why the position of a second vocabulary is worth nothing: it begins where the first one stands.
pub const ALREADY_FOLLOWED: &str = "already_followed";

/// Why a position is worth nothing, as clients are told.
#[must_use]
pub const fn reset(reason: ResetReason) -> &'static str {
    match reason {
        ResetReason::Epoch => "epoch",
        ResetReason::AheadOfHead => "ahead_of_head",
        ResetReason::Retention => "retention",
    }
}

/// A stored frame as it is replayed: with `"replay":true` at its end.
#[must_use]
pub fn replayed(frame: &str) -> String {
    let body = frame.strip_suffix('}').unwrap_or(frame);
    format!("{body},\"replay\":true}}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn value(frame: &ServerFrame<'_>) -> Value {
        serde_json::from_str(&frame.json()).unwrap()
    }

    /// WS-04 and WS-13.
    #[test]
    fn frames_look_as_documented() {
        let data = RawValue::from_string(r#"{"id":"m"}"#.into()).unwrap();
        for (frame, expected) in [
            (
                ServerFrame::Subscribed {
                    id: "7",
                    epoch: "e",
                    chats: [(
                        "c".to_owned(),
                        Range {
                            from: 121,
                            head: 135,
                        },
                    )]
                    .into(),
                    refused: vec![],
                },
                json!({"type": "subscribed", "id": "7", "epoch": "e",
                    "chats": {"c": {"from": 121, "head": 135}}, "refused": []}),
            ),
            (
                ServerFrame::CaughtUp {
                    chat_id: "c".into(),
                    seq: 135,
                },
                json!({"type": "caught_up", "chat_id": "c", "seq": 135}),
            ),
            (
                ServerFrame::Reset {
                    chat_id: "c".into(),
                    reason: reset(ResetReason::Epoch),
                    head: 9,
                },
                json!({"type": "reset", "chat_id": "c", "reason": "epoch", "head": 9}),
            ),
            (
                ServerFrame::Ended {
                    chat_id: "c".into(),
                    reason: ended(Ended::Removed),
                    seq: 9,
                },
                json!({"type": "unsubscribed", "chat_id": "c", "reason": "removed", "seq": 9}),
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
}
