//! Events of a chat's log.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use talk_wire::resource::{Chat, Message, Participant, Reaction, ReadMark};

/// An event of a chat's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The chat.
    pub chat_id: String,
    /// Its sequence number in the chat's log: 1, 2, 3 …
    pub seq: u64,
    /// Whether it was replayed from the log.
    pub is_replay: bool,
    /// The event.
    pub event: Event,
    /// The frame as received.
    pub raw: String,
}

/// The kind of an event, with the state right after it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A chat was created.
    ChatCreated(Chat),
    /// Its name, detail or status changed.
    ChatUpdated(Chat),
    /// It was deleted.
    ChatDeleted(Chat),
    /// A message was posted.
    MessagePosted(Message),
    /// A message was edited.
    MessageEdited(Message),
    /// A message was deleted; its content is gone.
    MessageDeleted(Message),
    /// A reaction was added.
    ReactionAdded(Message, Reaction),
    /// A reaction was removed.
    ReactionRemoved(Message, Reaction),
    /// A reaction was added or removed, on a message that has been deleted since.
    ReactionRedacted(Message),
    /// An agent joined.
    ParticipantJoined(Participant),
    /// An agent left or was removed.
    ParticipantLeft(Participant),
    /// A participant moved its read mark.
    ChatRead(ReadMark),
    /// An event of a type that this version of the client does not support; the frame has the JSON.
    Other {
        /// Its name.
        kind: String,
    },
}

/// The fields of an event on the wire.
#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(rename = "type")]
    kind: String,
    chat_id: String,
    seq: u64,
    #[serde(borrow)]
    data: &'a RawValue,
    #[serde(default)]
    action: Option<String>,
    #[serde(default)]
    reaction: Option<Reaction>,
    #[serde(default)]
    replay: bool,
}

impl Frame {
    /// Reads a frame as it is pushed or listed. Unknown kinds are accepted as [`Event::Other`], so
    /// that newer servers work with older clients.
    ///
    /// # Errors
    /// If `raw` is not an event.
    pub fn parse(raw: &str) -> Result<Self, serde_json::Error> {
        let wire: Wire<'_> = serde_json::from_str(raw)?;
        let event = event(&wire).unwrap_or_else(|| Event::Other {
            kind: wire.kind.clone(),
        });
        Ok(Self {
            chat_id: wire.chat_id,
            seq: wire.seq,
            is_replay: wire.replay,
            event,
            raw: raw.to_owned(),
        })
    }
}

fn event(wire: &Wire<'_>) -> Option<Event> {
    let data = wire.data;
    match &*wire.kind {
        "chat_created" => read(data).map(Event::ChatCreated),
        "chat_updated" => read(data).map(Event::ChatUpdated),
        "chat_deleted" => read(data).map(Event::ChatDeleted),
        "chatmessage_created" => read(data).map(Event::MessagePosted),
        "chatmessage_updated" => read(data).map(Event::MessageEdited),
        "chatmessage_deleted" => read(data).map(Event::MessageDeleted),
        "chatmessage_reaction_updated" => {
            let message = read(data)?;
            match (wire.action.as_deref(), wire.reaction.clone()) {
                (Some("added"), Some(reaction)) => Some(Event::ReactionAdded(message, reaction)),
                (Some("removed"), Some(reaction)) => {
                    Some(Event::ReactionRemoved(message, reaction))
                }
                (None, None) => Some(Event::ReactionRedacted(message)),
                _ => None,
            }
        }
        "chatparticipant_added" => read(data).map(Event::ParticipantJoined),
        "chatparticipant_removed" => read(data).map(Event::ParticipantLeft),
        "chat_read_updated" => read(data).map(Event::ChatRead),
        _ => None,
    }
}

fn read<T: DeserializeOwned>(data: &RawValue) -> Option<T> {
    serde_json::from_str(data.get()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTICIPANT: &str = r#"{"id":"p","customer_id":"u","owner_type":"agent",
        "owner_id":"a","chat_id":"c","tm_joined":"2026-01-01 00:00:00.000000"}"#;

    #[test]
    fn an_event_has_its_type_and_keeps_its_json() {
        let raw = format!(
            r#"{{"type":"chatparticipant_added","data":{PARTICIPANT},"chat_id":"c","seq":7,"replay":true}}"#
        );
        let frame = Frame::parse(&raw).unwrap();
        assert_eq!((&*frame.chat_id, frame.seq), ("c", 7));
        assert!(frame.is_replay);
        assert_eq!(frame.raw, raw);
        assert!(matches!(frame.event, Event::ParticipantJoined(joined) if joined.owner_id == "a"));
    }

    #[test]
    fn what_is_not_known_yet_is_still_an_event() {
        for kind in ["chat_painted", "chat_updated"] {
            let raw = format!(r#"{{"type":"{kind}","data":{{"colour":1}},"chat_id":"c","seq":8}}"#);
            let frame = Frame::parse(&raw).unwrap();
            assert_eq!(frame.event, Event::Other { kind: kind.into() });
            assert!(!frame.is_replay);
        }
        assert!(Frame::parse(r#"{"type":"caught_up","chat_id":"c","seq":8}"#).is_err());
    }
}
