//! Messages: the entity, its threads, and its ports.

use crate::kernel::cleanup::Bound;
use crate::kernel::id::{AgentId, ChatId, CustomerId, MessageId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::store_error::StoreError;
use crate::kernel::time::Timestamp;
use crate::talk::model::emoji::Emoji;
use crate::talk::model::media::Media;
use crate::talk::model::needle::MessageSearch;
use crate::talk::model::note::SystemNote;
use crate::talk::model::reaction::Reaction;

/// The author.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// An agent: a normal message.
    Agent(AgentId),
    /// The chat itself: a system message (S-090).
    System(SystemNote),
}

/// A message in a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Identity.
    pub id: MessageId,
    /// Its customer.
    pub customer: CustomerId,
    /// Its chat.
    pub chat: ChatId,
    /// The `seq` of the event that created it.
    pub seq: u64,
    /// The author.
    pub author: Author,
    /// The message it replies to.
    pub parent: Option<MessageId>,
    /// The first message of its thread; itself at top level.
    pub root: MessageId,
    /// 0 at top level.
    pub depth: u32,
    /// Text; empty once deleted.
    pub text: String,
    /// Attachments; none once deleted.
    pub medias: Vec<Media>,
    /// Reactions in order of their time; none once deleted.
    pub reactions: Vec<Reaction>,
    /// Direct replies that are not deleted.
    pub reply_count: u32,
    /// Time of creation; strictly rising inside a chat.
    pub created: Timestamp,
    /// Time of the last change of text, medias or reactions.
    pub updated: Timestamp,
    /// Time of the last edit.
    pub edited: Option<Timestamp>,
    /// Time of deletion; `None` if it is not deleted.
    pub deleted: Option<Timestamp>,
}

impl Message {
    /// Returns the index of the reaction of `agent` with the key of `emoji`.
    #[must_use]
    pub fn reaction_of(&self, agent: AgentId, emoji: &Emoji) -> Option<usize> {
        let of_agent = |reaction: &Reaction| reaction.agent == agent;
        self.reactions
            .iter()
            .position(|reaction| of_agent(reaction) && reaction.emoji.key() == emoji.key())
    }
}

/// An earlier version of an edited message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The message.
    pub message: MessageId,
    /// Its text.
    pub text: String,
    /// Its attachments.
    pub medias: Vec<Media>,
    /// Time when this version was written; strictly rising per message.
    pub written: Timestamp,
}

/// A scanned range of messages, with those that concern one agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authored {
    /// Messages that the agent wrote, and system messages that it caused or that are about it, each
    /// with its number, in the order of their numbers.
    pub messages: Vec<(u64, MessageId)>,
    /// The number of the last message scanned.
    pub position: u64,
    /// Whether that was the last message of the table.
    pub is_end: bool,
}

/// Filters of the messages of one chat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MessageFilter {
    /// Only direct replies to this one.
    pub parent: Option<MessageId>,
    /// Only the thread of this root, the root included.
    pub root: Option<MessageId>,
    /// Only those created by an event after this one.
    pub since_seq: Option<u64>,
}

/// Driven port: stores messages.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait MessageRepository {
    /// Finds a message with its reactions, deleted or not.
    ///
    /// # Errors
    /// Only when storage fails.
    fn get(&mut self, id: MessageId) -> Result<Option<Message>, StoreError>;

    /// Returns the chat of a message, deleted or not.
    ///
    /// # Errors
    /// Only when storage fails.
    fn chat_of(&mut self, id: MessageId) -> Result<Option<ChatId>, StoreError>;

    /// Scans the `limit` messages after number `after`, in the order of writing, for those of an
    /// agent. Reads no text.
    ///
    /// # Errors
    /// Only when storage fails.
    fn of_author(&mut self, agent: AgentId, after: u64, limit: u32)
    -> Result<Authored, StoreError>;

    /// Stores a new message.
    ///
    /// # Errors
    /// Only when storage fails.
    fn insert(&mut self, message: &Message) -> Result<(), StoreError>;

    /// Stores text, medias, `updated`, `edited` and `deleted` of a known message.
    ///
    /// # Errors
    /// Only when storage fails.
    fn update(&mut self, message: &Message) -> Result<(), StoreError>;

    /// Stores the number of direct replies that are not deleted.
    ///
    /// # Errors
    /// Only when storage fails.
    fn set_reply_count(&mut self, id: MessageId, count: u32) -> Result<(), StoreError>;

    /// Stores an earlier version.
    ///
    /// # Errors
    /// Only when storage fails.
    fn add_revision(&mut self, revision: &Revision) -> Result<(), StoreError>;

    /// Deletes earlier versions of a message, up to `bound`. Returns whether there may be more.
    ///
    /// # Errors
    /// Only when storage fails.
    fn drop_revisions(&mut self, id: MessageId, bound: Bound) -> Result<bool, StoreError>;
}

/// Driven port: reading messages, each with its reactions.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait MessageQueries {
    /// Finds a message, deleted or not.
    ///
    /// # Errors
    /// Only when storage fails.
    fn get(&mut self, id: MessageId) -> Result<Option<Message>, StoreError>;

    /// Lists messages of one chat including tombstones, ordered by `created`.
    ///
    /// # Errors
    /// Only when storage fails.
    fn in_chat(
        &mut self,
        chat: ChatId,
        filter: MessageFilter,
        request: PageRequest,
    ) -> Result<Page<Message>, StoreError>;

    /// Lists messages of all chats in which `agent` participates, ordered by `(created, id)`
    ///
    ///
    /// # Errors
    /// Only when storage fails.
    fn of_agent(
        &mut self,
        agent: AgentId,
        request: PageRequest,
    ) -> Result<Page<Message>, StoreError>;

    /// Searches messages of agents in the chats in which `agent` participates, ordered by
    /// `(created, id)`. MUST return exactly the messages that are not deleted and contain the
    /// needle (see `Needle::is_in`), also right after a change and whatever index is used.
    ///
    /// # Errors
    /// Only when storage fails.
    fn search(
        &mut self,
        agent: AgentId,
        search: &MessageSearch,
        request: PageRequest,
    ) -> Result<Page<Message>, StoreError>;

    /// Lists the earlier versions of a message, ordered by `written`.
    ///
    /// # Errors
    /// Only when storage fails.
    fn revisions(
        &mut self,
        id: MessageId,
        request: PageRequest,
    ) -> Result<Page<Revision>, StoreError>;
}
