//! System messages: announcements in a chat, posted in the transaction of the change (S-090).

use crate::identity::agent::Agent;
use crate::kernel::context::Context;
use crate::kernel::id::AgentId;
use crate::kernel::store::{StoreError, UnitOfWork};
use crate::talk::model::chat::Chat;
use crate::talk::model::event::{Event, LogEntry};
use crate::talk::model::message::{Author, Message};

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

    /// Who joined or left.
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
    /// What happened.
    pub kind: SystemKind,
    /// The agent that caused it.
    pub actor: AgentId,
}

/// Posts a system message in the locked chat.
pub(crate) fn announce(
    uow: &mut dyn UnitOfWork,
    cx: &Context,
    chat: &mut Chat,
    kind: SystemKind,
) -> Result<(), StoreError> {
    let speaker = kind.subject().unwrap_or(cx.actor.agent);
    let agent = uow.agents().get(speaker)?;
    let agent = agent.ok_or_else(|| StoreError::Corrupt(format!("no agent {speaker}").into()))?;
    let text = wording(kind, &agent, chat);
    let tick = chat.tick(cx.now);
    let id = cx.fresh();
    let message = Message {
        id,
        customer: chat.customer,
        chat: chat.id,
        seq: tick.seq,
        author: Author::System(SystemNote {
            kind,
            actor: cx.actor.agent,
        }),
        parent: None,
        root: id,
        depth: 0,
        text,
        medias: Vec::new(),
        reactions: Vec::new(),
        reply_count: 0,
        created: tick.at,
        updated: tick.at,
        edited: None,
        deleted: None,
    };
    uow.messages().insert(&message)?;
    let event = Event::MessagePosted(&message);
    let entry = LogEntry {
        chat: chat.id,
        tick,
        actor: cx.actor.agent,
        event,
    };
    uow.events().append(&entry).map(drop)
}

impl SystemNote {
    /// Returns the agent whose name is in the text.
    #[must_use]
    pub fn named(&self) -> AgentId {
        self.kind.subject().unwrap_or(self.actor)
    }
}

/// The words between the name of an agent and the new name of the chat.
const RENAMED: &str = " renamed the conversation to \"";

fn wording(kind: SystemKind, agent: &Agent, chat: &Chat) -> String {
    let name = agent.display_name();
    match kind {
        SystemKind::ParticipantJoined(_) => format!("{name} joined the conversation."),
        SystemKind::ParticipantLeft(_) => format!("{name} left the conversation."),
        SystemKind::ChatClosed => format!("{name} closed the conversation."),
        SystemKind::ChatReopened => format!("{name} reopened the conversation."),
        SystemKind::ChatRenamed => format!("{name}{RENAMED}{}\".", chat.name),
    }
}

/// Returns the text of a system message with the name that its agent has now instead of the earlier
/// one. The name of the chat stays as it was.
pub(crate) fn reworded(kind: SystemKind, agent: &Agent, (chat, text): (&Chat, &str)) -> String {
    // The agent's name may contain these words too, so the last occurrence counts.
    match (kind, text.rfind(RENAMED)) {
        (SystemKind::ChatRenamed, Some(end)) => {
            let rest = text.get(end..).unwrap_or_default();
            format!("{}{rest}", agent.display_name())
        }
        _ => wording(kind, agent, chat),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, a_chat, agent_id, an_agent, context};

    /// RUN-19: nothing of the erased name is left, and the chat's name of that time stays.
    #[test]
    fn a_system_message_is_reworded_for_another_name() {
        let agent = Agent {
            name: "Erased agent".into(),
            ..an_agent(2)
        };
        let tricky = "Bob renamed the conversation to \"x\" renamed the conversation to \"Plan\".";
        for (kind, text, expected) in [
            (
                SystemKind::ParticipantJoined(agent_id(2)),
                "Bob joined the conversation.",
                "Erased agent joined the conversation.",
            ),
            (
                SystemKind::ChatClosed,
                "Bob closed the conversation.",
                "Erased agent closed the conversation.",
            ),
            (
                SystemKind::ChatRenamed,
                "Bob renamed the conversation to \"Plan\".",
                "Erased agent renamed the conversation to \"Plan\".",
            ),
            (
                SystemKind::ChatRenamed,
                tricky,
                "Erased agent renamed the conversation to \"Plan\".",
            ),
        ] {
            assert_eq!(reworded(kind, &agent, (&a_chat(), text)), expected);
        }
    }

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

    /// S-090: an announcement names its subject and has the caller as its actor.
    #[test]
    fn an_announcement_is_a_message_of_its_own_thread() {
        let mut uow = Scene::new(a_chat()).unit();
        uow.messages.checkpoint();
        let insert = uow.messages.expect_insert().times(1);
        insert
            .withf(|message| {
                let note = SystemNote {
                    kind: SystemKind::ParticipantLeft(agent_id(2)),
                    actor: agent_id(1),
                };
                message.author == Author::System(note)
                    && (message.chat, message.seq) == (a_chat().id, 11)
                    && (message.parent, message.root, message.depth) == (None, message.id, 0)
                    && message.text == "agent-2 left the conversation."
            })
            .returning(|_| Ok(()));
        let (cx, mut chat) = (context(agent_id(1)), a_chat());
        let kind = SystemKind::ParticipantLeft(agent_id(2));
        announce(&mut uow, &cx, &mut chat, kind).unwrap();
        assert_eq!(chat.last.seq, 11);
    }
}
