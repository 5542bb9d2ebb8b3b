//! Chats: the entity, its clock, and its ports.

use crate::kernel::error::Invalid;
use crate::kernel::id::{AgentId, ChatId, CustomerId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::store_error::StoreError;
use crate::kernel::stream::{Realm, StreamId, Tick};

use crate::kernel::time::Timestamp;

/// The three types of chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChatKind {
    /// Private, of exactly two agents; one per pair.
    Direct,
    /// Private, by invitation.
    Group,
    /// A public channel of the customer.
    Talk,
}

impl ChatKind {
    /// `direct`, `group` or `talk`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Group => "group",
            Self::Talk => "talk",
        }
    }

    /// Parses the name of a type; `normal` is read as `group`.
    ///
    /// # Errors
    /// If there is none.
    pub fn parse(name: &str) -> Result<Self, Invalid> {
        match name {
            "direct" => Ok(Self::Direct),
            "group" | "normal" => Ok(Self::Group),
            "talk" => Ok(Self::Talk),
            _ => Err(Invalid::new(
                "type",
                "CHAT_TYPE_INVALID",
                "must be direct, group or talk",
            )),
        }
    }
}

/// The status of a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChatStatus {
    /// Accepts messages and other changes.
    Active,
    /// Can only be read.
    Closed,
}

impl ChatStatus {
    /// `active` or `closed`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Closed => "closed",
        }
    }

    /// Parses the name of a status.
    ///
    /// # Errors
    /// If there is none.
    pub fn parse(name: &str) -> Result<Self, Invalid> {
        match name {
            "active" => Ok(Self::Active),
            "closed" => Ok(Self::Closed),
            _ => Err(Invalid::new(
                "status",
                "STATUS_INVALID",
                "must be active or closed",
            )),
        }
    }
}

/// The two agents of a direct chat, sorted, so that a pair has one representation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectPair {
    low: AgentId,
    high: AgentId,
}

impl DirectPair {
    /// Creates the pair of `a` and `b`.
    #[must_use]
    pub fn new(a: AgentId, b: AgentId) -> Self {
        Self {
            low: a.min(b),
            high: a.max(b),
        }
    }

    /// Returns both agents, sorted.
    #[must_use]
    pub const fn agents(self) -> [AgentId; 2] {
        [self.low, self.high]
    }
}

/// The realm of the streams of chats.
pub const CHAT: Realm = Realm::new("chat");

impl From<ChatId> for StreamId {
    fn from(chat: ChatId) -> Self {
        Self {
            realm: CHAT,
            id: chat.0,
        }
    }
}

impl ChatId {
    /// The chat that has this stream, if a chat has it.
    #[must_use]
    pub fn of(stream: StreamId) -> Option<Self> {
        (stream.realm == CHAT).then_some(Self(stream.id))
    }
}

/// A conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chat {
    /// Identity.
    pub id: ChatId,
    /// Its customer.
    pub customer: CustomerId,
    /// Its type.
    pub kind: ChatKind,
    /// For people; may be empty.
    pub name: String,
    /// For people; may be empty.
    pub detail: String,
    /// Status.
    pub status: ChatStatus,
    /// The agent that created it.
    pub creator: AgentId,
    /// The pair of a direct chat.
    pub pair: Option<DirectPair>,
    /// The number of its participants.
    pub member_count: u32,
    /// The newest event.
    pub last: Tick,
    /// The `seq` of the last expired event; the log holds those after it.
    pub log_start: u64,
    /// Time of creation.
    pub created: Timestamp,
    /// Time of the last change of name, detail or status, or of the deletion.
    pub updated: Timestamp,
    /// Time of deletion; `None` if it is not deleted.
    pub deleted: Option<Timestamp>,
}

impl Chat {
    /// Takes the next `seq` of the log. Its time is later than that of the previous event, also if
    /// the clock was set back.
    pub fn tick(&mut self, now: Timestamp) -> Tick {
        self.last = Tick {
            seq: self.last.seq + 1,
            at: now.max(self.last.at.next()),
        };
        self.last
    }

    /// Status.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.status, ChatStatus::Active)
    }
}

/// Filters of an agent's chats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChatFilter {
    /// Only this type.
    pub kind: Option<ChatKind>,
    /// Only this status.
    pub status: Option<ChatStatus>,
}

/// Driven port: stores chats of the unit's customer.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait ChatRepository {
    /// Finds and locks a chat, deleted or not, until the unit ends.
    ///
    /// # Errors
    /// Only when storage fails.
    fn lock(&mut self, id: ChatId) -> Result<Option<Chat>, StoreError>;

    /// Finds and locks the pair's direct chat that is not deleted.
    ///
    /// # Errors
    /// Only when storage fails.
    fn lock_direct(&mut self, pair: DirectPair) -> Result<Option<Chat>, StoreError>;

    /// Stores a new chat. MUST return `false`, storing nothing, when its pair has a chat already.
    ///
    /// # Errors
    /// Only when storage fails.
    fn insert(&mut self, chat: &Chat) -> Result<bool, StoreError>;

    /// Stores every field of a locked chat that may change. After a deletion its pair may have a
    /// new chat.
    ///
    /// # Errors
    /// Only when storage fails.
    fn update(&mut self, chat: &Chat) -> Result<(), StoreError>;
}

/// Driven port: reading chats of the snapshot's customer.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait ChatQueries {
    /// Finds a chat, deleted or not.
    ///
    /// # Errors
    /// Only when storage fails.
    fn get(&mut self, id: ChatId) -> Result<Option<Chat>, StoreError>;

    /// Lists the chats in which `agent` participates, ordered by `(created, id)`.
    ///
    /// # Errors
    /// Only when storage fails.
    fn of_agent(
        &mut self,
        agent: AgentId,
        filter: ChatFilter,
        request: PageRequest,
    ) -> Result<Page<Chat>, StoreError>;

    /// Lists channels of the customer whose name or detail contains `search` (without case and
    /// accents; empty: all), ordered by `(created, id)`.
    ///
    /// # Errors
    /// Only when storage fails.
    fn channels(&mut self, search: &str, request: PageRequest) -> Result<Page<Chat>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{a_chat, agent_id, at};

    #[test]
    fn a_pair_is_the_same_for_both_agents() {
        assert_eq!(
            DirectPair::new(agent_id(1), agent_id(2)),
            DirectPair::new(agent_id(2), agent_id(1))
        );
    }

    #[test]
    fn time_rises_strictly_inside_a_chat_even_if_the_clock_stops_or_goes_back() {
        let mut chat = a_chat();
        let ticks = [
            chat.tick(at(100)),
            chat.tick(at(100)),
            chat.tick(at(50)),
            chat.tick(at(900)),
        ];
        assert_eq!(ticks.map(|t| t.at), [at(100), at(101), at(102), at(900)]);
        assert_eq!(ticks.map(|t| t.seq - ticks[0].seq), [0, 1, 2, 3]);
    }

    #[test]
    fn the_tutorials_normal_chat_is_a_group() {
        assert_eq!(ChatKind::parse("normal"), Ok(ChatKind::Group));
        assert_eq!(
            ChatKind::parse("Direct").unwrap_err().reason,
            "CHAT_TYPE_INVALID"
        );
    }

    /// CHAT-01: the names on the wire and in storage.
    #[test]
    fn types_and_states_are_read_by_the_names_they_have() {
        for (kind, name) in [
            (ChatKind::Direct, "direct"),
            (ChatKind::Group, "group"),
            (ChatKind::Talk, "talk"),
        ] {
            assert_eq!((kind.as_str(), ChatKind::parse(name)), (name, Ok(kind)));
        }
        for (status, name) in [
            (ChatStatus::Active, "active"),
            (ChatStatus::Closed, "closed"),
        ] {
            assert_eq!(
                (status.as_str(), ChatStatus::parse(name)),
                (name, Ok(status))
            );
        }
        let refused = ChatStatus::parse("open").unwrap_err();
        assert_eq!(
            (&*refused.field, refused.reason),
            ("status", "STATUS_INVALID")
        );
    }

    #[test]
    fn a_pair_names_both_agents_in_one_order() {
        let both = [agent_id(1), agent_id(2)];
        assert_eq!(DirectPair::new(agent_id(2), agent_id(1)).agents(), both);
    }
}
