//! Reads the frames the server sends.

use std::collections::BTreeMap;

use serde::Deserialize;
use talk_wire::resource::AgentPresence;
use talk_wire::socket::{Range, Refused, Typist};

use crate::event::Frame;

/// The answer to a subscription.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Subscribed {
    pub(crate) id: String,
    pub(crate) epoch: String,
    pub(crate) chats: BTreeMap<String, Range>,
    pub(crate) refused: Vec<Refused>,
}

/// A frame of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    Event(Box<Frame>),
    Subscribed(Subscribed),
    CaughtUp(String, u64),
    Lagging(String, u64),
    Reset(String, String, u64),
    Unsubscribed(String, String, u64),
    Typing(String, String),
    Presence(String, String),
    /// A frame of ours was refused, for this reason.
    Refused(String, String),
    /// A frame that a subscription does not need, or of an unknown type.
    Other,
}

/// Frames that are not events.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Control {
    Subscribed(Subscribed),
    CaughtUp {
        chat_id: String,
        seq: u64,
    },
    Lagging {
        chat_id: String,
        seq: u64,
    },
    Reset {
        chat_id: String,
        reason: String,
        head: u64,
    },
    Unsubscribed {
        chat_id: String,
        reason: String,
        seq: u64,
    },
    ChatTyping {
        chat_id: String,
        data: Typist,
    },
    AgentPresence {
        data: AgentPresence,
    },
    Error {
        reason: String,
        message: String,
    },
}

/// The field that every frame has.
#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
}

/// Reads a frame.
///
/// # Errors
/// If the frame is not JSON or lacks fields of its type. The connection must then be
/// replaced, since an event may be lost.
pub(crate) fn parse(text: &str) -> Result<Incoming, serde_json::Error> {
    let Kind { kind } = serde_json::from_str(text)?;
    match kind {
        "subscribed" | "caught_up" | "lagging" | "reset" | "chat_typing" | "agent_presence"
        | "error" => Ok(serde_json::from_str::<Control>(text)?.into()),
        // This client never unsubscribes, so an answer without a chat is ignored.
        "unsubscribed" => {
            Ok(serde_json::from_str::<Control>(text).map_or(Incoming::Other, Into::into))
        }
        "position" | "posted" | "held" | "conversation_typing" => Ok(Incoming::Other),
        _ if kind.starts_with("chat") => Ok(Incoming::Event(Box::new(Frame::parse(text)?))),
        _ => Ok(Frame::parse(text).map_or(Incoming::Other, |frame| Incoming::Event(frame.into()))),
    }
}

impl From<Control> for Incoming {
    fn from(control: Control) -> Self {
        match control {
            Control::Subscribed(subscribed) => Self::Subscribed(subscribed),
            Control::CaughtUp { chat_id, seq } => Self::CaughtUp(chat_id, seq),
            Control::Lagging { chat_id, seq } => Self::Lagging(chat_id, seq),
            Control::Reset {
                chat_id,
                reason,
                head,
            } => Self::Reset(chat_id, reason, head),
            Control::Unsubscribed {
                chat_id,
                reason,
                seq,
            } => Self::Unsubscribed(chat_id, reason, seq),
            Control::ChatTyping { chat_id, data } => Self::Typing(chat_id, data.owner_id),
            Control::AgentPresence { data } => Self::Presence(data.agent_id, data.status),
            Control::Error { reason, message } => Self::Refused(reason, message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk_wire::socket::{Of, ServerFrame};

    #[test]
    fn the_answer_to_a_subscription_is_read() {
        let range = Range { from: 3, head: 5 };
        let subscribed = ServerFrame::Subscribed {
            id: "s1",
            epoch: "e",
            chats: [("c".to_owned(), range)].into(),
            conversations: None,
            refused: vec![],
        };
        let Ok(Incoming::Subscribed(read)) = parse(&subscribed.json()) else {
            panic!("not read");
        };
        assert_eq!((&*read.id, &*read.epoch), ("s1", "e"));
        assert_eq!(read.chats["c"], range);
    }

    #[test]
    fn what_the_server_says_of_a_chat_is_read() {
        let of = Of::chat("c".to_owned());
        let frame = ServerFrame::CaughtUp { of, seq: 9 };
        let expected = Incoming::CaughtUp("c".into(), 9);
        assert_eq!(parse(&frame.json()).unwrap(), expected);
        let frame = ServerFrame::Reset {
            of: Of::chat("c".to_owned()),
            reason: "epoch",
            head: 9,
        };
        let expected = Incoming::Reset("c".into(), "epoch".into(), 9);
        assert_eq!(parse(&frame.json()).unwrap(), expected);
        let frame = ServerFrame::Ended {
            of: Of::chat("c".to_owned()),
            reason: "removed",
            seq: 9,
        };
        let expected = Incoming::Unsubscribed("c".into(), "removed".into(), 9);
        assert_eq!(parse(&frame.json()).unwrap(), expected);
    }

    #[test]
    fn answers_to_what_a_subscriber_does_not_ask_are_nothing() {
        let (id, topics) = ("1", vec![]);
        for frame in [
            ServerFrame::Unsubscribed { id, topics },
            ServerFrame::Position {
                chats: BTreeMap::new(),
                conversations: BTreeMap::new(),
            },
        ] {
            assert_eq!(parse(&frame.json()).unwrap(), Incoming::Other);
        }
    }

    #[test]
    fn a_mangled_event_is_not_passed_over_but_an_unknown_frame_is() {
        assert!(parse(r#"{"type":"chatmessage_created","chat_id":"c"}"#).is_err());
        assert!(parse("garbage").is_err());
        assert_eq!(parse(r#"{"type":"weather"}"#).unwrap(), Incoming::Other);
        let event = r#"{"type":"poll_opened","data":{},"chat_id":"c","seq":4}"#;
        assert!(matches!(parse(event).unwrap(), Incoming::Event(frame) if frame.seq == 4));
    }
}
