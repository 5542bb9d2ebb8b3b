//! Resources of the deprecated endpoints: today's fields and the older ones.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::resource;

/// A message with its older fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TalkMessage")]
pub struct Message {
    /// The message.
    #[serde(flatten)]
    pub message: resource::Message,
    /// Its author; the nil id for system messages.
    pub agent_id: String,
    /// Its id.
    pub message_id: String,
}

impl From<resource::Message> for Message {
    fn from(message: resource::Message) -> Self {
        Self {
            agent_id: message.owner_id.clone(),
            message_id: message.id.clone(),
            message,
        }
    }
}

impl From<&talk_domain::talk::model::message::Message> for Message {
    fn from(message: &talk_domain::talk::model::message::Message) -> Self {
        resource::Message::from(message).into()
    }
}

/// The state of a membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "TalkParticipantStatus")]
pub enum Status {
    /// Not ended.
    Active,
    /// Ended.
    Left,
}

/// A membership, with the older name of its agent and its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TalkParticipant")]
pub struct Participant {
    /// The membership.
    #[serde(flatten)]
    pub participant: resource::Participant,
    /// The agent.
    pub agent_id: String,
    /// The state.
    pub status: Status,
}

impl Participant {
    /// Creates the resource.
    #[must_use]
    pub fn new(participant: resource::Participant, status: Status) -> Self {
        Self {
            agent_id: participant.owner_id.clone(),
            status,
            participant,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::to_value;
    use talk_domain::testing::{a_message, a_participant, agent_id};

    /// OLD-04 and OLD-05.
    #[test]
    fn older_names_stand_beside_those_of_today() {
        let message = to_value(Message::from(&a_message(1))).unwrap();
        assert_eq!(message["message_id"], message["id"]);
        assert_eq!(message["agent_id"], message["owner_id"]);
        let participant = resource::Participant::from(&a_participant(agent_id(2)));
        let shown = to_value(Participant::new(participant, Status::Left)).unwrap();
        assert_eq!(shown["agent_id"], shown["owner_id"]);
        assert_eq!(shown["status"], "left");
    }
}
