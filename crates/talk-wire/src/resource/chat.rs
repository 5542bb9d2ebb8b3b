//! Chats and their participants.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use talk_domain::talk::model::read::ReadState;
use talk_domain::talk::model::{chat, participant, read};

use crate::resource::AGENT;
use crate::time;

/// A conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Chat {
    /// Identity.
    pub id: String,
    /// Its customer.
    pub customer_id: String,
    /// `direct`, `group` or `talk`.
    #[serde(rename = "type")]
    #[schemars(extend("enum" = ["direct", "group", "talk"]))]
    pub kind: String,
    /// Display text; may be empty.
    pub name: String,
    /// Display text; may be empty.
    pub detail: String,
    /// `active` or `closed`.
    #[schemars(extend("enum" = ["active", "closed"]))]
    pub status: String,
    /// Number of participants.
    pub member_count: u32,
    /// `seq` of its newest event.
    pub last_seq: u64,
    /// Time of creation.
    pub tm_create: String,
    /// Time of the last change of name, detail or status, or of the deletion.
    pub tm_update: String,
    /// Time of deletion; `""` if it is not deleted.
    pub tm_delete: String,
}

impl From<&chat::Chat> for Chat {
    fn from(chat: &chat::Chat) -> Self {
        Self {
            id: chat.id.to_string(),
            customer_id: chat.customer.to_string(),
            kind: chat.kind.as_str().to_owned(),
            name: chat.name.clone(),
            detail: chat.detail.clone(),
            status: chat.status.as_str().to_owned(),
            member_count: chat.member_count,
            last_seq: chat.last.seq,
            tm_create: time::format(chat.created),
            tm_update: time::format(chat.updated),
            tm_delete: time::format_optional(chat.deleted),
        }
    }
}

/// A chat with the caller's read state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OwnChat {
    /// The conversation.
    #[serde(flatten)]
    pub chat: Chat,
    /// `seq` of the last message that the caller has read.
    pub read_seq: u64,
    /// Later messages of others, among the chat's latest 1,000.
    pub unread_count: u32,
    /// Number of these that mention the caller.
    pub mention_count: u32,
}

impl OwnChat {
    /// Creates the resource.
    #[must_use]
    pub fn new(chat: &chat::Chat, read: ReadState) -> Self {
        Self {
            chat: chat.into(),
            read_seq: read.seq,
            unread_count: read.unread,
            mention_count: read.mentions,
        }
    }
}

/// The read mark of a participant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReadMark {
    /// Its customer.
    pub customer_id: String,
    /// The chat.
    pub chat_id: String,
    /// Always `agent`.
    #[schemars(extend("enum" = [AGENT]))]
    pub owner_type: String,
    /// The reader.
    pub owner_id: String,
    /// `seq` of the last message read.
    pub read_seq: u64,
    /// Time when the mark was set.
    pub tm_update: String,
}

impl From<&read::ReadMark> for ReadMark {
    fn from(mark: &read::ReadMark) -> Self {
        Self {
            customer_id: mark.customer.to_string(),
            chat_id: mark.chat.to_string(),
            owner_type: AGENT.to_owned(),
            owner_id: mark.agent.to_string(),
            read_seq: mark.place.seq,
            tm_update: time::format(mark.updated),
        }
    }
}

/// An agent's membership of a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Participant {
    /// Identity; a new one after coming back (S-075).
    pub id: String,
    /// Its customer.
    pub customer_id: String,
    /// Always `agent`.
    #[schemars(extend("enum" = [AGENT]))]
    pub owner_type: String,
    /// The agent.
    pub owner_id: String,
    /// The chat.
    pub chat_id: String,
    /// Time of joining.
    pub tm_joined: String,
}

impl From<&participant::Participant> for Participant {
    fn from(participant: &participant::Participant) -> Self {
        Self {
            id: participant.id.to_string(),
            customer_id: participant.customer.to_string(),
            owner_type: AGENT.to_owned(),
            owner_id: participant.agent.to_string(),
            chat_id: participant.chat.to_string(),
            tm_joined: time::format(participant.joined),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::to_string;
    use talk_domain::testing::{a_chat, a_participant, agent_id, at};

    #[test]
    fn a_chat_shows_every_field_also_the_empty_ones() {
        assert_eq!(
            to_string(&Chat::from(&a_chat())).unwrap(),
            concat!(
                r#"{"id":"00000000-0000-0000-0000-0000000b0001","#,
                r#""customer_id":"00000000-0000-0000-0000-00000000000c","#,
                r#""type":"group","name":"Project","detail":"","status":"active","#,
                r#""member_count":2,"last_seq":10,"tm_create":"1970-01-01 00:00:00.000000","#,
                r#""tm_update":"1970-01-01 00:00:00.000000","tm_delete":""}"#
            )
        );
    }

    #[test]
    fn a_deleted_chat_has_the_time_of_its_deletion() {
        let mut chat = a_chat();
        chat.deleted = Some(at(1));
        assert_eq!(Chat::from(&chat).tm_delete, "1970-01-01 00:00:00.000001");
    }

    #[test]
    fn a_participant_is_an_agent_in_a_chat() {
        assert_eq!(
            to_string(&Participant::from(&a_participant(agent_id(1)))).unwrap(),
            concat!(
                r#"{"id":"00000000-0000-0000-0000-000000190001","#,
                r#""customer_id":"00000000-0000-0000-0000-00000000000c","#,
                r#""owner_type":"agent","owner_id":"00000000-0000-0000-0000-0000000a0001","#,
                r#""chat_id":"00000000-0000-0000-0000-0000000b0001","#,
                r#""tm_joined":"1970-01-01 00:00:00.000000"}"#
            )
        );
    }
}
