//! Updates of a subscription.

use std::collections::BTreeMap;
use std::time::Duration;

use talk_wire::socket::Range;

use crate::event::Frame;

/// The chats that a subscription follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Follow {
    /// Every chat the agent participates in, now and later.
    All,
    /// These chats, as long as the agent participates. Once all of them have ended, so does the
    /// subscription.
    Chats(Vec<String>),
}

impl Follow {
    /// Writes ids in lower case, as the server does.
    pub(crate) fn normalized(self) -> Self {
        match self {
            Self::All => Self::All,
            Self::Chats(chats) => {
                let chats = chats.into_iter().map(|chat| chat.to_ascii_lowercase());
                Self::Chats(chats.collect())
            }
        }
    }
}

/// An update of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Update {
    /// An event: each once, per chat in the order of their `seq`.
    Event(Box<Frame>),
    /// The replay of this chat is complete up to this event.
    CaughtUp {
        /// The chat.
        chat_id: String,
        /// The event.
        seq: u64,
    },
    /// The position cannot be resumed from: its events have expired, or the database has another
    /// epoch. Delivery continues after `head`; read the chat's messages again.
    Reset {
        /// The chat.
        chat_id: String,
        /// `epoch`, `ahead_of_head`, `retention` or `already_followed`.
        reason: String,
        /// The last event that is not delivered.
        head: u64,
    },
    /// No more events of the chat are delivered, unless the agent is added again.
    Unsubscribed {
        /// The chat.
        chat_id: String,
        /// For example `removed` or `deleted`, or the reason why it cannot be followed.
        reason: String,
        /// The last event that was delivered.
        seq: u64,
    },
    /// The subscriber reads too slowly; no event is lost.
    Lagging {
        /// The chat.
        chat_id: String,
        /// The last event that was delivered.
        seq: u64,
    },
    /// An agent is typing.
    Typing {
        /// The chat.
        chat_id: String,
        /// The agent.
        agent_id: String,
    },
    /// The presence of an agent changed.
    Presence {
        /// The agent.
        agent_id: String,
        /// `online`, `away` or `offline`.
        status: String,
    },
    /// A connection was established.
    Connected {
        /// The chats that are delivered.
        chats: BTreeMap<String, Range>,
    },
    /// The connection was lost. The next one resumes, and no event is missed.
    Disconnected {
        /// For people.
        reason: String,
        /// When the next attempt is made.
        retry_in: Duration,
    },
}

impl Update {
    /// The chat it is about.
    #[must_use]
    pub fn chat(&self) -> Option<&str> {
        match self {
            Self::Event(frame) => Some(&frame.chat_id),
            Self::CaughtUp { chat_id, .. }
            | Self::Reset { chat_id, .. }
            | Self::Unsubscribed { chat_id, .. }
            | Self::Lagging { chat_id, .. }
            | Self::Typing { chat_id, .. } => Some(chat_id),
            Self::Presence { .. } | Self::Connected { .. } | Self::Disconnected { .. } => None,
        }
    }
}
