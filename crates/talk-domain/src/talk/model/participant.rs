//! Participants: who is in a chat. A membership ends by removal; coming back makes a new one.

use crate::kernel::id::{AgentId, ChatId, CustomerId, ParticipantId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::store::StoreError;
use crate::kernel::time::Timestamp;
use crate::talk::model::chat::{Chat, Tick};

/// One membership of one agent in one chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Participant {
    /// Identity; a new one after coming back (S-075).
    pub id: ParticipantId,
    /// The customer.
    pub customer: CustomerId,
    /// The chat.
    pub chat: ChatId,
    /// The member.
    pub agent: AgentId,
    /// Since when.
    pub joined: Timestamp,
}

/// Which events are in the log of a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChatLog {
    /// The chat.
    pub chat: ChatId,
    /// The last event that is no longer in the log; 0 if it has all.
    pub start: u64,
    /// The last event.
    pub head: u64,
}

impl From<&Chat> for ChatLog {
    fn from(chat: &Chat) -> Self {
        Self {
            chat: chat.id,
            start: chat.log_start,
            head: chat.last.seq,
        }
    }
}

/// Driven port: memberships at rest.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait ParticipantRepository {
    /// The agent's membership of the chat; nobody is a member of a deleted chat.
    ///
    /// # Errors
    /// Only when storage fails.
    fn find(&mut self, chat: ChatId, agent: AgentId) -> Result<Option<Participant>, StoreError>;

    /// The chat's participant with this id; MUST be `None` for a participant of another chat.
    ///
    /// # Errors
    /// Only when storage fails.
    fn get(&mut self, chat: ChatId, id: ParticipantId) -> Result<Option<Participant>, StoreError>;

    /// Stores a new membership of `chat`. MUST return `false`, storing nothing, when the agent is
    /// a member already (S-073).
    ///
    /// # Errors
    /// Only when storage fails.
    fn insert(&mut self, chat: &Chat, participant: &Participant) -> Result<bool, StoreError>;

    /// Deletes a membership and remembers that it ended with the event at `tick` (S-074). MUST
    /// return `false` when it is gone already.
    ///
    /// # Errors
    /// Only when storage fails.
    fn remove(&mut self, participant: &Participant, tick: Tick) -> Result<bool, StoreError>;

    /// Deletes up to `limit` memberships of a deleted chat and remembers that they ended with the
    /// event at `tick`. Returns whether there may be more. A chat with more MUST be stored as a
    /// [cleanup](crate::kernel::cleanup::Deleted::Chat): no list of chats or messages reads along
    /// memberships of such a chat.
    ///
    /// # Errors
    /// Only when storage fails.
    fn remove_some(&mut self, chat: ChatId, tick: Tick, limit: u32) -> Result<bool, StoreError>;

    /// The event with which the agent's last ended membership of the chat ended. The memberships
    /// of a deleted chat ended with the chat, also those that are still to be cleaned up.
    ///
    /// # Errors
    /// Only when storage fails.
    fn left(&mut self, chat: ChatId, agent: AgentId) -> Result<Option<u64>, StoreError>;

    /// Up to `limit` chats the agent is a member of, deleted ones excepted.
    ///
    /// # Errors
    /// Only when storage fails.
    fn some_chats_of(&mut self, agent: AgentId, limit: u32) -> Result<Vec<ChatId>, StoreError>;
}

/// Driven port: reading memberships.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait ParticipantQueries {
    /// The agent's membership of the chat; nobody is a member of a deleted chat.
    ///
    /// # Errors
    /// Only when storage fails.
    fn find(&mut self, chat: ChatId, agent: AgentId) -> Result<Option<Participant>, StoreError>;

    /// Participants of a chat, by `(joined, id)`.
    ///
    /// # Errors
    /// Only when storage fails.
    fn page(&mut self, chat: ChatId, request: PageRequest)
    -> Result<Page<Participant>, StoreError>;

    /// The last ended memberships of agents who are not in the chat, by `(joined, id)`.
    ///
    /// # Errors
    /// Only when storage fails.
    fn former(
        &mut self,
        chat: ChatId,
        request: PageRequest,
    ) -> Result<Page<Participant>, StoreError>;

    /// The logs of the chats the agent is a member of.
    ///
    /// # Errors
    /// Only when storage fails.
    fn logs(&mut self, agent: AgentId) -> Result<Vec<ChatLog>, StoreError>;

    /// The event with which the agent's last ended membership of the chat ended.
    ///
    /// # Errors
    /// Only when storage fails.
    fn left(&mut self, chat: ChatId, agent: AgentId) -> Result<Option<u64>, StoreError>;
}
