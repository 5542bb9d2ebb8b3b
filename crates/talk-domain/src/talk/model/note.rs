//! The subjects of system messages: messages that the chat itself posts (S-090).

use crate::kernel::id::AgentId;

/// The kind of a system message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SystemKind {
    /// An agent became a participant.
    ParticipantJoined(AgentId),
    /// An agent left or was removed.
    ParticipantLeft(AgentId),
    /// The chat was closed.
    ChatClosed,
    /// The chat was reopened.
    ChatReopened,
    /// The chat has a new name.
    ChatRenamed,
}

impl SystemKind {
    /// The name on the wire and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ParticipantJoined(_) => "participant_joined",
            Self::ParticipantLeft(_) => "participant_left",
            Self::ChatClosed => "chat_closed",
            Self::ChatReopened => "chat_reopened",
            Self::ChatRenamed => "chat_renamed",
        }
    }

    /// Returns the agent that joined or left.
    #[must_use]
    pub const fn subject(self) -> Option<AgentId> {
        match self {
            Self::ParticipantJoined(agent) | Self::ParticipantLeft(agent) => Some(agent),
            Self::ChatClosed | Self::ChatReopened | Self::ChatRenamed => None,
        }
    }

    /// Parses the name of a kind, with its subject.
    #[must_use]
    pub fn parse(name: &str, subject: Option<AgentId>) -> Option<Self> {
        match (name, subject) {
            ("participant_joined", Some(agent)) => Some(Self::ParticipantJoined(agent)),
            ("participant_left", Some(agent)) => Some(Self::ParticipantLeft(agent)),
            ("chat_closed", None) => Some(Self::ChatClosed),
            ("chat_reopened", None) => Some(Self::ChatReopened),
            ("chat_renamed", None) => Some(Self::ChatRenamed),
            _ => None,
        }
    }
}

/// The kind of a system message and its actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemNote {
    /// The kind of change.
    pub kind: SystemKind,
    /// The agent that caused it.
    pub actor: AgentId,
}

impl SystemNote {
    /// Returns the agent whose name is in the text.
    #[must_use]
    pub fn named(&self) -> AgentId {
        self.kind.subject().unwrap_or(self.actor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::agent_id;

    #[test]
    fn a_system_message_names_its_subject_or_who_caused_it() {
        for (kind, named) in [
            (SystemKind::ParticipantLeft(agent_id(2)), 2),
            (SystemKind::ChatReopened, 1),
        ] {
            let actor = agent_id(1);
            assert_eq!(SystemNote { kind, actor }.named(), agent_id(named));
        }
    }

    /// S-090: the names on the wire and in storage.
    #[test]
    fn every_kind_is_found_by_its_name_and_its_subject() {
        let (joined, left) = (
            SystemKind::ParticipantJoined(agent_id(2)),
            SystemKind::ParticipantLeft(agent_id(2)),
        );
        for (kind, name, subject) in [
            (joined, "participant_joined", Some(agent_id(2))),
            (left, "participant_left", Some(agent_id(2))),
            (SystemKind::ChatClosed, "chat_closed", None),
            (SystemKind::ChatReopened, "chat_reopened", None),
            (SystemKind::ChatRenamed, "chat_renamed", None),
        ] {
            assert_eq!((kind.as_str(), kind.subject()), (name, subject));
            assert_eq!(SystemKind::parse(name, subject), Some(kind));
            let other = subject.is_none().then(|| agent_id(2));
            assert_eq!(SystemKind::parse(name, other), None, "{name}");
        }
        assert_eq!(SystemKind::parse("chat_deleted", None), None);
    }
}
