//! System messages: what the chat itself says, in the transaction of what happened (S-090).

use crate::agent::Agent;
use crate::chat::Chat;
use crate::context::Context;
use crate::event::{Event, LogEntry};
use crate::id::AgentId;
use crate::message::{Author, Message};
use crate::store::{StoreError, UnitOfWork};

/// What a system message is about.
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

    /// The kind with this name, about `subject`.
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

/// What happened, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemNote {
    /// What happened.
    pub kind: SystemKind,
    /// Who caused it.
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

fn wording(kind: SystemKind, agent: &Agent, chat: &Chat) -> String {
    let name = agent.display_name();
    match kind {
        SystemKind::ParticipantJoined(_) => format!("{name} joined the conversation."),
        SystemKind::ParticipantLeft(_) => format!("{name} left the conversation."),
        SystemKind::ChatClosed => format!("{name} closed the conversation."),
        SystemKind::ChatReopened => format!("{name} reopened the conversation."),
        SystemKind::ChatRenamed => {
            format!("{name} renamed the conversation to \"{}\".", chat.name)
        }
    }
}
