//! Participants: memberships of agents in chats. Removal ends a membership, and coming back creates
//! a new one.

use crate::kernel::id::{AgentId, ChatId, CustomerId, ParticipantId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::store_error::StoreError;
use crate::kernel::stream::Tick;
use crate::kernel::time::Timestamp;
use crate::talk::model::chat::Chat;

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
    /// Time of joining.
    pub joined: Timestamp,
}

/// The range of events in the log of a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChatLog {
    /// The chat.
    pub chat: ChatId,
    /// The `seq` of the last expired event; 0 if there is none.
    pub start: u64,
    /// The newest event.
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

/// Driven port: stores memberships.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait ParticipantRepository {
    /// Finds the agent's membership of the chat. A deleted chat has no members.
    ///
    /// # Errors
    /// Only when storage fails.
    fn find(&mut self, chat: ChatId, agent: AgentId) -> Result<Option<Participant>, StoreError>;

    /// Finds the chat's participant with this id. MUST return `None` for a participant of another
    /// chat.
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

    /// Deletes a membership and stores that it ended with the event at `tick` (S-074). MUST return
    /// `false` when it was deleted already.
    ///
    /// # Errors
    /// Only when storage fails.
    fn remove(&mut self, participant: &Participant, tick: Tick) -> Result<bool, StoreError>;

    /// Deletes up to `limit` memberships of a deleted chat and stores that they ended with the
    /// event at `tick`. Returns whether there may be more. A chat with more MUST be stored as a
    /// [cleanup](crate::kernel::cleanup::Deleted::Chat): lists of chats and messages skip the
    /// memberships of such a chat.
    ///
    /// # Errors
    /// Only when storage fails.
    fn remove_some(&mut self, chat: ChatId, tick: Tick, limit: u32) -> Result<bool, StoreError>;

    /// Returns the `seq` of the event that ended the agent's last ended membership of the chat. The
    /// memberships of a deleted chat ended with the chat, also those that are still to be cleaned
    /// up.
    ///
    /// # Errors
    /// Only when storage fails.
    fn left(&mut self, chat: ChatId, agent: AgentId) -> Result<Option<u64>, StoreError>;

    /// Returns up to `limit` chats of the agent that are not deleted.
    ///
    /// # Errors
    /// Only when storage fails.
    fn some_chats_of(&mut self, agent: AgentId, limit: u32) -> Result<Vec<ChatId>, StoreError>;
}

/// Driven port: reading memberships.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait ParticipantQueries {
    /// Finds the agent's membership of the chat. A deleted chat has no members.
    ///
    /// # Errors
    /// Only when storage fails.
    fn find(&mut self, chat: ChatId, agent: AgentId) -> Result<Option<Participant>, StoreError>;

    /// Lists the participants of a chat, ordered by `(joined, id)`.
    ///
    /// # Errors
    /// Only when storage fails.
    fn page(&mut self, chat: ChatId, request: PageRequest)
    -> Result<Page<Participant>, StoreError>;

    /// Lists the last ended memberships of agents who do not participate now, ordered by `(joined,
    /// id)`.
    ///
    /// # Errors
    /// Only when storage fails.
    fn former(
        &mut self,
        chat: ChatId,
        request: PageRequest,
    ) -> Result<Page<Participant>, StoreError>;

    /// Returns the log ranges of the agent's chats.
    ///
    /// # Errors
    /// Only when storage fails.
    fn logs(&mut self, agent: AgentId) -> Result<Vec<ChatLog>, StoreError>;

    /// Returns the `seq` of the event that ended the agent's last ended membership of the chat.
    ///
    /// # Errors
    /// Only when storage fails.
    fn left(&mut self, chat: ChatId, agent: AgentId) -> Result<Option<u64>, StoreError>;
}
