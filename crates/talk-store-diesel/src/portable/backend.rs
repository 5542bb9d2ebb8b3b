//! The operations that each database implements in its own way.
//!
//! The repositories call them through [`Backend`]; everything else in them runs on every database.
//! A position is a number in an order that the database defines, and has no meaning in another
//! database.

use talk_domain::kernel::cleanup::Bound;
use talk_domain::kernel::id::{AgentId, MessageId};
use talk_domain::kernel::log::Logged;
use talk_domain::kernel::page::{Page, PageRequest};
use talk_domain::kernel::positions::{LogChunk, Position};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::StreamId;
use talk_domain::kernel::time::Timestamp;
use talk_domain::talk::model::chat::Chat;
use talk_domain::talk::model::mention::Backlog;
use talk_domain::talk::model::message::{Authored, Message};
use talk_domain::talk::model::needle::MessageSearch;

/// The operations of one customer that differ between databases. Every method fails only when
/// storage fails, or when a read meets its deadline.
pub(crate) trait Backend {
    /// Stores a new event, with the agent that caused it and the time, so that the whole log can be
    /// read in commit order.
    fn store_event(
        &mut self,
        event: &Logged,
        cause: (AgentId, Timestamp),
    ) -> Result<(), StoreError>;

    /// Returns the events after a position, up to `bound`, as they are stored; see
    /// [`LogQueries::since`](talk_domain::kernel::positions::LogQueries::since).
    fn log_after(&mut self, position: Position, bound: Bound) -> Result<LogChunk, StoreError>;

    /// Returns the position after the last event.
    fn log_end(&mut self) -> Result<Position, StoreError>;

    /// Returns approximately the number of events after a position, and the time of the first of
    /// them.
    fn log_lag(&mut self, position: Position) -> Result<(u64, Option<Timestamp>), StoreError>;

    /// Returns the `seq` of a stream's first event after a position of the log, among its events up
    /// to the given `seq`.
    fn log_first_after(
        &mut self,
        events: (StreamId, u64),
        position: Position,
    ) -> Result<Option<u64>, StoreError>;

    /// Returns the position of an event of a stream, if the log has it.
    fn log_position_of(
        &mut self,
        stream: &[u8],
        place: u64,
    ) -> Result<Option<Position>, StoreError>;

    /// Returns a page of the messages in the agent's chats whose text contains the searched text.
    fn search_messages(
        &mut self,
        agent: AgentId,
        search: &MessageSearch,
        request: PageRequest,
    ) -> Result<Page<Message>, StoreError>;

    /// Returns a page of the channels whose folded text contains `needle`, which is folded and not
    /// empty.
    fn search_channels(
        &mut self,
        needle: &str,
        request: PageRequest,
    ) -> Result<Page<Chat>, StoreError>;

    /// Prepares the search for a new text of a stored message. Must be called before the message is
    /// changed or removed; a removed message has no text.
    fn text_changes(&mut self, message: MessageId, text: &str) -> Result<(), StoreError>;

    /// Updates the search index after messages were removed.
    fn messages_removed(&mut self) -> Result<(), StoreError>;

    /// See [`MessageRepository::of_author`](talk_domain::talk::model::message::MessageRepository::of_author).
    fn messages_of_author(
        &mut self,
        agent: AgentId,
        after: u64,
        limit: u32,
    ) -> Result<Authored, StoreError>;

    /// Returns approximately the number of messages after a position.
    fn messages_behind(&mut self, position: u64) -> Result<u64, StoreError>;

    /// See [`MentionQueries::backlog`](talk_domain::talk::model::mention::MentionQueries::backlog).
    fn mention_backlog(&mut self, bound: Bound) -> Result<Option<Backlog>, StoreError>;

    /// Stores that the backlog of mentions now ends before the position `from`: the messages from
    /// it on are done.
    fn settle_mentions(&mut self, from: u64) -> Result<(), StoreError>;

    /// Returns the position of the last session end, or 0.
    fn last_end(&mut self) -> Result<u64, StoreError>;

    /// Returns up to `limit` session ends after a position, each with its position. An end that
    /// commits later never has a position before one that was returned.
    fn ends_after(&mut self, position: u64, limit: u32) -> Result<Vec<(u64, AgentId)>, StoreError>;

    /// See [`IdempotencyRepository::purge`](talk_domain::kernel::idempotency::IdempotencyRepository::purge).
    fn purge_answers(&mut self, before: Timestamp, limit: u32) -> Result<usize, StoreError>;

    /// See [`IdempotencyRepository::delete_about`](talk_domain::kernel::idempotency::IdempotencyRepository::delete_about).
    fn delete_answers_step(
        &mut self,
        agent: AgentId,
        after: u64,
        limit: u32,
    ) -> Result<Option<u64>, StoreError>;

    /// Returns approximately the number of answers after a position.
    fn answers_behind(&mut self, position: u64) -> Result<u64, StoreError>;
}
