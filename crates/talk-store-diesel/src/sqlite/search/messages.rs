//! Searching messages: candidates are compared one by one in the order of the list, newest first or
//! oldest first, until the page is full.
//!
//! There are two [sources](source::Source) of candidates: the messages that the [index] finds, and
//! those that are not indexed yet or were edited since. Every search does a bounded amount of
//! [work](WORK); one that has spent it, or reached its deadline, ends its page early with a cursor
//! after the last candidate it has compared.

mod found;
mod indexed;
mod source;
pub(crate) mod unindexed;

use diesel::prelude::*;
use talk_domain::kernel::id::AgentId;
use talk_domain::kernel::page::{Cursor, Order, Page, PageRequest};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::model::message::Message;
use talk_domain::talk::model::needle::MessageSearch;

use crate::connection::MultiBackend;
use crate::error::fault;
use crate::portable::deadline;
use crate::portable::kernel::cleanups::chats_left;
use crate::portable::rows::bytes;
use crate::portable::rows::message::MessageRow;
use crate::portable::schema::{messages, participants};
use crate::portable::scope::Scope;
use crate::sqlite::schema::messages as numbered;
use found::{Found, Window};
use indexed::Index;
use source::{Candidate, Source, Sources};

/// Maximum work of one search, in bytes of text compared; each candidate costs [`CANDIDATE`] more.
const WORK: usize = 8 * 1024 * 1024;
/// Cost of looking a candidate up, in bytes of text that could be compared meanwhile.
const CANDIDATE: usize = 512;
/// Candidates whose texts are in memory together.
const TOGETHER: usize = 128;
/// Maximum of chats named in an index query; an agent of more chats searches all messages of the
/// customer.
const NAMED_CHATS: i64 = 256;

/// Candidates among the messages of `$from`: by agents, not deleted, of the agent's chats and of the
/// searched time and author. A searched chat is no condition here, because SQLite would read all of
/// its messages by the index on the chat instead of those of `$from`.
macro_rules! candidates {
    ($scope:expr, $wanted:expr, $from:expr) => {{
        let member = participants::table
            .filter(participants::chat_id.eq(crate::sqlite::schema::messages::chat_id))
            .filter(participants::agent_id.eq(bytes($wanted.agent.0)))
            .filter(participants::customer_id.eq($scope.customer()))
            .filter(
                participants::chat_id
                    .ne_all(crate::portable::kernel::cleanups::chats_left!($scope)),
            );
        let mut query = $from
            .filter(crate::sqlite::schema::messages::customer_id.eq($scope.customer()))
            .filter(crate::sqlite::schema::messages::system_kind.is_null())
            .filter(crate::sqlite::schema::messages::deleted_at.is_null())
            .filter(
                crate::sqlite::schema::messages::created_at
                    .between($wanted.window.times.low, $wanted.window.times.high),
            )
            .filter(diesel::dsl::exists(member))
            .select(Candidate::as_select())
            .into_boxed::<MultiBackend>();
        if let Some(author) = $wanted.search.author {
            query = query.filter(crate::sqlite::schema::messages::author_id.eq(bytes(author.0)));
        }
        query
    }};
}
use candidates;

/// The parameters of a search.
struct Wanted<'a> {
    agent: AgentId,
    search: &'a MessageSearch,
    /// The searched chats, or none if there are more than can be named.
    chats: Vec<Vec<u8>>,
    window: Window,
}

impl Wanted<'_> {
    /// Returns whether a candidate is of the searched chat and after the cursor.
    fn admits(&self, candidate: &Candidate) -> bool {
        let chat = self.search.chat;
        chat.is_none_or(|chat| candidate.chat_id == bytes(chat.0)) && self.window.admits(candidate)
    }
}

/// A search under way.
struct Search<'a> {
    wanted: Wanted<'a>,
    sources: Sources,
    index: Index,
    found: Found,
    /// The rest of [`WORK`].
    work: usize,
}

impl Search<'_> {
    fn spend(&mut self, work: usize) {
        self.work = self.work.saturating_sub(work);
    }
}

impl Scope<'_> {
    pub(crate) fn messages_containing(
        &mut self,
        agent: AgentId,
        search: &MessageSearch,
        request: PageRequest,
    ) -> Result<Page<Message>, StoreError> {
        let window = Window::new(search, request);
        let Some(chats) = self.searched_chats(agent, search)? else {
            return Ok(Page::cut(Vec::new(), request.size, place));
        };
        let times = (!window.times.is_empty()).then_some(window.times);
        let mut search = Search {
            wanted: Wanted {
                agent,
                search,
                chats,
                window,
            },
            sources: Sources {
                order: request.order,
                indexed: Source::of(times),
                unindexed: Source::of(times),
            },
            index: Index::new(search.chat.is_some(), request.size),
            found: Found::new(request.size),
            work: WORK,
        };
        let goes_on = self.compare(&mut search)?;
        let rows = self.rows_found(search.found.into_ids(), request.order)?;
        let messages = self.with_reactions(rows)?;
        Ok(match goes_on {
            Some(cursor) => Page {
                rows: messages,
                next: Some(cursor),
            },
            None => Page::cut(messages, request.size, place),
        })
    }

    /// Compares candidates until the page is full or none are left. If the page ends early, returns
    /// the cursor to continue from.
    fn compare(&mut self, search: &mut Search<'_>) -> Result<Option<Cursor>, StoreError> {
        let mut has_begun = false;
        loop {
            match self.compare_some(search) {
                Ok(()) => {}
                // The page so far is returned.
                Err(StoreError::Timeout) if has_begun => search.work = 0,
                Err(error) => return Err(error),
            }
            has_begun = true;
            let Some(next) = search.sources.next_time() else {
                return Ok(None);
            };
            if search.found.is_full() {
                return Ok(None);
            }
            if search.work == 0 || deadline::is_past() {
                return search.found.passed(next, search.sources.order).map(Some);
            }
        }
    }

    /// Fills empty sources and compares the next candidates. Each call makes progress.
    fn compare_some(&mut self, search: &mut Search<'_>) -> Result<(), StoreError> {
        self.next_of_index(search)?;
        self.next_unindexed(search)?;
        let candidates = search.sources.take(TOGETHER);
        let texts = self.texts(&candidates)?;
        for candidate in candidates {
            let text = texts.iter().find(|(serial, _)| *serial == candidate.serial);
            let Some((_, text)) = text else { continue };
            search.spend(CANDIDATE + text.len());
            let is_match = search.wanted.search.needle.is_in(text);
            if !search.found.compared(candidate, is_match) {
                break;
            }
        }
        Ok(())
    }

    /// Reads the texts of candidates by their numbers.
    fn texts(&mut self, candidates: &[Candidate]) -> Result<Vec<(i64, String)>, StoreError> {
        if candidates.is_empty() {
            return Ok(Vec::new());
        }
        let serials = candidates.iter().map(|candidate| candidate.serial);
        numbered::table
            .filter(numbered::serial.eq_any(serials))
            .select((numbered::serial, numbered::text))
            .load(self.conn)
            .map_err(fault)
    }

    /// Reads the messages with these ids, in the order of the list.
    fn rows_found(
        &mut self,
        ids: Vec<Vec<u8>>,
        order: Order,
    ) -> Result<Vec<MessageRow>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut rows: Vec<MessageRow> = messages::table
            .filter(messages::id.eq_any(ids))
            .select(MessageRow::as_select())
            .load(self.conn)
            .map_err(fault)?;
        rows.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        if order == Order::Descending {
            rows.reverse();
        }
        Ok(rows)
    }

    /// Returns the chats to name in the query; `None` if there is nothing to search.
    fn searched_chats(
        &mut self,
        agent: AgentId,
        search: &MessageSearch,
    ) -> Result<Option<Vec<Vec<u8>>>, StoreError> {
        let mut query = participants::table
            .filter(participants::agent_id.eq(bytes(agent.0)))
            .filter(participants::customer_id.eq(self.customer()))
            .filter(participants::chat_id.ne_all(chats_left!(self)))
            .select(participants::chat_id)
            .limit(NAMED_CHATS + 1)
            .into_boxed::<MultiBackend>();
        if let Some(chat) = search.chat {
            query = query.filter(participants::chat_id.eq(bytes(chat.0)));
        }
        let mut chats: Vec<Vec<u8>> = query.load(self.conn).map_err(fault)?;
        if chats.is_empty() {
            return Ok(None);
        }
        if count(&chats) > NAMED_CHATS {
            chats.clear();
        }
        Ok(Some(chats))
    }
}

fn place(message: &Message) -> Cursor {
    Cursor {
        at: message.created,
        id: Some(message.id.0),
    }
}

fn count<T>(rows: &[T]) -> i64 {
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
}
