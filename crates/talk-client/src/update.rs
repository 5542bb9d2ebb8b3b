//! What a subscription yields.

use std::collections::BTreeMap;
use std::time::Duration;

use talk_wire::socket::Range;

use crate::event::Frame;

/// What a subscriber follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Follow {
    /// Every chat the agent participates in, now and later.
    All,
    /// These chats, as long as the agent participates. Once all of them have ended, so does the
    /// subscription.
    Chats(Vec<String>),
}

impl Follow {
    /// Ids as the server writes them: it reads them in any case.
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

/// What a subscription tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Update {
    /// An event: each once, per chat in the order of their `seq`.
    Event(Box<Frame>),
    /// Everything that was missed in this chat has been told, up to this event.
    CaughtUp {
        /// The chat.
        chat_id: String,
        /// The event.
        seq: u64,
    },
    /// What happened up to `head` and was not told yet cannot be told: the log does not go back so
    /// far, or is another one. The chat goes on after `head`; ask for its messages.
    Reset {
        /// The chat.
        chat_id: String,
        /// `epoch`, `ahead_of_head`, `retention` or `already_followed`.
        reason: String,
        /// The last event that is not told.
        head: u64,
    },
    /// Nothing more of the chat comes, unless the agent is added again.
    Unsubscribed {
        /// The chat.
        chat_id: String,
        /// For example `removed` or `deleted`, or the reason why it cannot be followed.
        reason: String,
        /// The last event that was told.
        seq: u64,
    },
    /// The subscriber is slower than the chat; nothing is lost.
    Lagging {
        /// The chat.
        chat_id: String,
        /// The last event that was told.
        seq: u64,
    },
    /// Somebody is typing.
    Typing {
        /// Where.
        chat_id: String,
        /// Who.
        agent_id: String,
    },
    /// Somebody comes, goes, or is away.
    Presence {
        /// Who.
        agent_id: String,
        /// `online`, `away` or `offline`.
        status: String,
    },
    /// The connection is there, for the first time or again.
    Connected {
        /// The chats that are delivered.
        chats: BTreeMap<String, Range>,
    },
    /// The connection is lost; nothing is missed, the next one goes on where this one ended.
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
