//! Live delivery: what a connection follows, what it is told, and the port between connections
//! and whatever delivers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::kernel::context::Actor;
use crate::kernel::error::refusals;
use crate::kernel::future::BoxFuture;
use crate::kernel::id::{AgentId, ChatId};
use crate::kernel::log::LoggedEvent;
use crate::kernel::store_error::StoreError;
use crate::talk::access::AccessError;

/// The chats a connection follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Every chat its agent participates in, now and later.
    pub is_all: bool,
    /// These chats, as long as its agent participates.
    pub chats: BTreeSet<ChatId>,
}

impl Scope {
    /// Whether events of `chat` belong to it.
    #[must_use]
    pub fn contains(&self, chat: ChatId) -> bool {
        self.is_all || self.chats.contains(&chat)
    }
}

/// Where a connection that resumes has got to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resume {
    /// The log the positions belong to.
    pub epoch: String,
    /// The last event seen, per chat.
    pub since: BTreeMap<ChatId, u64>,
}

/// Why a connection gets no more of a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Its agent left or was removed.
    Removed,
    /// The chat was deleted.
    Deleted,
    /// Its agent never participated.
    NotAParticipant,
}

/// Why a position cannot be resumed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetReason {
    /// It belongs to another log.
    Epoch,
    /// The chat has not got there yet.
    AheadOfHead,
    /// The log no longer goes back so far.
    Retention,
}

/// What a connection is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// What was asked for with [`Connection::follow`] begins here.
    Begun(Vec<Begun>),
    /// An event; `is_replay` when it is part of a resumption.
    Event {
        /// The event.
        event: LoggedEvent,
        /// Whether the connection asked for it by its position.
        is_replay: bool,
    },
    /// A resumption is complete up to this event.
    CaughtUp(ChatId, u64),
    /// The connection fell behind after this event; it is caught up from the log.
    Lagging(ChatId, u64),
    /// The position is worth nothing; delivery goes on after this event.
    Reset(ChatId, ResetReason, u64),
    /// After this event, nothing more of the chat.
    Unsubscribed(ChatId, Ended, u64),
    /// A frame that is in no log.
    Passing(ChatId, Arc<str>),
    /// An agent who shares a chat comes, goes, or is away; in no log.
    Presence(AgentId, Presence),
}

impl Notice {
    /// The chat it is about, if it is about one.
    #[must_use]
    pub const fn chat(&self) -> Option<ChatId> {
        match self {
            Self::Event { event, .. } => Some(event.chat),
            Self::CaughtUp(chat, _)
            | Self::Lagging(chat, _)
            | Self::Reset(chat, ..)
            | Self::Unsubscribed(chat, ..)
            | Self::Passing(chat, _) => Some(*chat),
            Self::Begun(..) | Self::Presence(..) => None,
        }
    }

    /// Bytes it counts for while it waits to be taken.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Event { event, .. } => event.frame.len(),
            Self::Passing(_, frame) => frame.len(),
            Self::Presence(..) => 128,
            Self::Begun(..)
            | Self::CaughtUp(..)
            | Self::Lagging(..)
            | Self::Reset(..)
            | Self::Unsubscribed(..) => 0,
        }
    }
}

/// Whether an agent is there, derived from its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// A connection of it did something lately.
    Online,
    /// It is connected and does nothing.
    Away,
    /// It is not connected.
    Offline,
}

impl Presence {
    /// `online`, `away` or `offline`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Away => "away",
            Self::Offline => "offline",
        }
    }
}

/// Where delivery of a chat begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The chat.
    pub chat: ChatId,
    /// The last event that is not delivered.
    pub after: u64,
    /// Returns the `seq` of the chat's newest event in the snapshot.
    pub head: u64,
}

/// Chats asked for by name that are not delivered.
pub type Refused = Vec<(ChatId, AccessError)>;

refusals! {
    /// Why nothing can be followed.
    pub enum FollowError {
        Stopping = Unavailable "STOPPING" "the server is stopping",
        ..Store(StoreError),
    }
}

/// Driven port: delivers events to connections.
pub trait Live: Send + Sync {
    /// A connection of `actor`, which follows nothing yet. Dropping it ends it.
    fn connect(&self, actor: Actor) -> Box<dyn Connection>;

    /// Whether each of these agents is there.
    fn presence(&self, agents: &[AgentId]) -> Vec<(AgentId, Presence)>;
}

/// One connection's end of [`Live`].
pub trait Connection: Send {
    /// Follows `more` in addition to `scope`, which it follows already. Where it begins is told by
    /// [`Notice::Begun`], in its place among the notices: what came before belongs to what was
    /// followed before.
    fn follow<'a>(
        &'a mut self,
        scope: &Scope,
        more: &Scope,
        resume: &Resume,
    ) -> BoxFuture<'a, Result<Refused, FollowError>>;

    /// Follows nothing but `scope` any more.
    fn keep(&mut self, scope: &Scope);

    /// The next notice; `None` when delivery has ended for good.
    fn poll_notice(&mut self, cx: &mut Context<'_>) -> Poll<Option<Notice>>;

    /// The client did something.
    fn is_active(&mut self);

    /// The client took so many [bytes](Notice::bytes) of notices: there is room for more.
    fn took(&mut self, bytes: usize);

    /// Hands a frame that is in no log to all other connections that are live in the chat.
    fn pass(&mut self, chat: ChatId, frame: Arc<str>);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::model::event::EventKind;
    use crate::testing::{agent_id, chat_id};
    use uuid::Uuid;

    /// WS-02: without a chat id it means every chat, with one only that.
    #[test]
    fn a_scope_contains_the_chats_it_names_or_all() {
        let one = Scope {
            is_all: false,
            chats: [chat_id(1)].into(),
        };
        let all = Scope {
            is_all: true,
            ..Scope::default()
        };
        let contains = |scope: &Scope| [1, 2].map(|n| scope.contains(chat_id(n)));
        assert_eq!(contains(&one), [true, false]);
        assert_eq!(contains(&all), [true, true]);
        assert_eq!(contains(&Scope::default()), [false, false]);
    }

    /// WS-11: short and rare notices do not count.
    #[test]
    fn a_notice_knows_its_chat_and_what_it_weighs() {
        let chat = chat_id(1);
        let event = LoggedEvent {
            chat,
            seq: 5,
            kind: EventKind::MessagePosted,
            subject: Uuid::nil(),
            frame: "0123456789".into(),
        };
        let event = Notice::Event {
            event,
            is_replay: false,
        };
        for (notice, of, bytes) in [
            (event, Some(chat), 10),
            (Notice::Passing(chat, "typing".into()), Some(chat), 6),
            (Notice::CaughtUp(chat, 5), Some(chat), 0),
            (Notice::Lagging(chat, 5), Some(chat), 0),
            (Notice::Reset(chat, ResetReason::Epoch, 5), Some(chat), 0),
            (Notice::Unsubscribed(chat, Ended::Removed, 5), Some(chat), 0),
            (Notice::Begun(vec![]), None, 0),
            (Notice::Presence(agent_id(1), Presence::Away), None, 128),
        ] {
            assert_eq!((notice.chat(), notice.bytes()), (of, bytes), "{notice:?}");
        }
    }

    /// WS-18.
    #[test]
    fn presence_has_three_words() {
        let words = [Presence::Online, Presence::Away, Presence::Offline].map(Presence::as_str);
        assert_eq!(words, ["online", "away", "offline"]);
    }
}
