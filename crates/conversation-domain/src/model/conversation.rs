//! Conversations: the history with one person outside.

use talk_domain::kernel::id::{AccountId, AgentId, ConversationId, CustomerId};
use talk_domain::kernel::needle::Needle;
use talk_domain::kernel::page::{Page, PageRequest};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::{Realm, StreamId, Tick};
use talk_domain::kernel::time::Timestamp;

use crate::model::account::Method;
use crate::model::room::Room;

/// The realm of the streams of conversations.
pub const REALM: Realm = Realm::new("conv");

/// The longest automatic name in characters.
const LONGEST_NAME: usize = 255;

/// Returns the stream of a conversation.
#[must_use]
pub const fn stream(id: ConversationId) -> StreamId {
    StreamId {
        realm: REALM,
        id: id.0,
    }
}

/// The state of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Open. Every conversation begins in this state.
    Active,
    /// An agent has closed it. The next message of the person outside makes it active again.
    Closed,
}

impl State {
    /// Its name in requests, in answers and at rest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Closed => "closed",
        }
    }

    /// The state with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let all = [Self::Active, Self::Closed];
        all.into_iter().find(|state| state.as_str() == name)
    }
}

/// A conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Identity.
    pub id: ConversationId,
    /// Customer.
    pub customer: CustomerId,
    /// The room in which it began.
    pub room: Room,
    /// The agent responsible for it; `None` while there is none.
    pub owner: Option<AgentId>,
    /// Name.
    pub name: String,
    /// Detail.
    pub detail: String,
    /// State.
    pub state: State,
    /// Number of its participants.
    pub participants: u32,
    /// Number and time of its newest event.
    pub last: Tick,
    /// Time of creation.
    pub created: Timestamp,
    /// Time of the last change of the conversation itself, not of its messages.
    pub updated: Timestamp,
    /// Time of deletion.
    pub deleted: Option<Timestamp>,
}

impl Conversation {
    /// Takes the next `seq` of the log. Its time is later than that of the previous event, also if
    /// the clock was set back.
    pub fn tick(&mut self, now: Timestamp) -> Tick {
        self.last = Tick {
            seq: self.last.seq + 1,
            at: now.max(self.last.at.next()),
        };
        self.last
    }

    /// The name of a new conversation: its method and the person outside.
    #[must_use]
    pub fn automatic_name(room: &Room) -> String {
        let name = format!("{} · {}", room.method.title(), room.peer.label());
        name.chars().take(LONGEST_NAME).collect()
    }
}

/// A filter by owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnerFilter {
    /// This agent.
    Agent(AgentId),
    /// Conversations without an owner.
    Nobody,
}

/// A search among conversations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// The text to find in name, detail, address or name of the person outside.
    pub needle: Needle,
    /// Whether the texts of messages are searched, too.
    pub in_messages: bool,
}

/// Filters of a list of conversations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConversationFilter {
    /// Only of this owner.
    pub owner: Option<OwnerFilter>,
    /// Only of this account.
    pub account: Option<AccountId>,
    /// Only of this method.
    pub method: Option<Method>,
    /// Only in this state.
    pub state: Option<State>,
    /// Only those that this agent owns or participates in.
    pub reader: Option<AgentId>,
    /// Only with the peer that has exactly this target.
    pub peer: Option<String>,
    /// The text that is searched for.
    pub search: Option<Search>,
}

/// Driven port: the conversations of the unit's customer.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait ConversationRepository {
    /// Finds a conversation and locks it until the unit ends.
    ///
    /// # Errors
    /// Only when storage fails.
    fn lock(&mut self, id: ConversationId) -> Result<Option<Conversation>, StoreError>;

    /// Returns up to `limit` conversations that this agent owns.
    ///
    /// # Errors
    /// Only when storage fails.
    fn owned_by(&mut self, agent: AgentId, limit: u32) -> Result<Vec<ConversationId>, StoreError>;

    /// Stores a new conversation. Its room is stored by
    /// [`RoomRepository::insert`](crate::model::room::RoomRepository::insert).
    ///
    /// # Errors
    /// Only when storage fails.
    fn insert(&mut self, conversation: &Conversation) -> Result<(), StoreError>;

    /// Stores the changes of a conversation.
    ///
    /// # Errors
    /// When storage fails, and when the conversation is not there.
    fn update(&mut self, conversation: &Conversation) -> Result<(), StoreError>;
}

/// Driven port: reading the conversations of one customer.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait ConversationQueries {
    /// Finds a conversation.
    ///
    /// # Errors
    /// Only when storage fails.
    fn get(&mut self, id: ConversationId) -> Result<Option<Conversation>, StoreError>;

    /// Returns id and head (the `seq` of the newest event) of each conversation, of all or of those that
    /// `reader` owns or participates in: up to `limit` of them, the newest activity first.
    ///
    /// # Errors
    /// Only when storage fails.
    fn heads(
        &mut self,
        reader: Option<AgentId>,
        limit: u32,
    ) -> Result<Vec<(ConversationId, u64)>, StoreError>;

    /// Lists conversations, ordered by the time of their newest event, then by id.
    ///
    /// # Errors
    /// Only when storage fails.
    fn page(
        &mut self,
        filter: &ConversationFilter,
        request: PageRequest,
    ) -> Result<Page<Conversation>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{a_conversation, a_room};
    use talk_domain::testing::at;

    /// CONV-05.
    #[test]
    fn places_rise_by_one_and_times_rise_also_if_the_clock_goes_back() {
        let mut conversation = a_conversation();
        let first = conversation.tick(at(50));
        let second = conversation.tick(at(10));
        assert_eq!((first.at, second.seq), (at(50), first.seq + 1));
        assert_eq!((second.at, conversation.last), (at(51), second));
    }

    /// CONV-03.
    #[test]
    fn a_new_conversation_is_named_after_its_method_and_peer() {
        let mut room = a_room();
        assert_eq!(Conversation::automatic_name(&room), "Chat · visitor-1");
        room.peer.target_name = "Jo".into();
        assert_eq!(Conversation::automatic_name(&room), "Chat · Jo");
        room.peer.target_name = "é".repeat(255);
        let name = Conversation::automatic_name(&room);
        assert_eq!(name.chars().count(), 255);
    }

    #[test]
    fn states_are_read_by_their_names() {
        for state in [State::Active, State::Closed] {
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
        assert_eq!(State::parse("merged"), None);
    }
}
