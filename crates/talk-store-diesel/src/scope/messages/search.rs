//! Searching messages: the index names those that may match, every one of them is compared, and
//! so is every message the index has not come to.

mod found;

use std::collections::HashSet;

use diesel::prelude::*;
use talk_domain::id::AgentId;
use talk_domain::message::Message;
use talk_domain::message::search::MessageSearch;
use talk_domain::page::{Cursor, Order, Page, PageRequest};
use talk_domain::store::StoreError;

use crate::connection::MultiBackend;
use crate::error::fault;
use crate::index;
use crate::index::terms::Terms;
use crate::prepared::{Value, prepared};
use crate::rows::bytes;
use crate::rows::message::MessageRow;
use crate::schema::{messages, participants, search_entries};
use crate::scope::Scope;
use found::{Found, Window};

/// Messages looked at in one statement, at most.
const MOST: i64 = 1_000;

/// What is compared of a message.
#[derive(Queryable, Selectable)]
#[diesel(table_name = messages)]
struct Candidate {
    serial: i64,
    id: Vec<u8>,
    chat_id: Vec<u8>,
    created_at: i64,
    text: String,
}

/// Messages of agents of the unit's customer, not deleted, of the searched time and author.
macro_rules! candidates {
    ($scope:expr, $wanted:expr, $from:expr) => {{
        let mut query = $from
            .filter(messages::customer_id.eq($scope.customer()))
            .filter(messages::system_kind.is_null())
            .filter(messages::deleted_at.is_null())
            .filter(messages::created_at.between($wanted.window.low, $wanted.window.high))
            .select(Candidate::as_select())
            .into_boxed::<MultiBackend>();
        if let Some(author) = $wanted.search.author {
            query = query.filter(messages::author_id.eq(bytes(author.0)));
        }
        query
    }};
}

/// Everything a search goes by.
struct Wanted<'a> {
    search: &'a MessageSearch,
    chats: HashSet<Vec<u8>>,
    window: Window,
}

impl Wanted<'_> {
    /// How many are of the searched chats.
    fn own(&self, candidates: &[Candidate]) -> usize {
        let own = candidates
            .iter()
            .filter(|candidate| self.chats.contains(&candidate.chat_id));
        own.count()
    }

    fn offer(&self, candidates: Vec<Candidate>, found: &mut Found) {
        for candidate in candidates {
            if self.chats.contains(&candidate.chat_id)
                && self.window.admits(candidate.created_at, &candidate.id)
                && self.search.needle.is_in(&candidate.text)
            {
                found.offer((candidate.created_at, candidate.id), candidate.serial);
            }
        }
    }
}

impl Scope<'_> {
    pub(super) fn messages_containing(
        &mut self,
        agent: AgentId,
        search: &MessageSearch,
        request: PageRequest,
    ) -> Result<Page<Message>, StoreError> {
        let wanted = Wanted {
            search,
            chats: self.searched_chats(agent, search)?,
            window: Window::new(search, request),
        };
        let mut found = Found::new(request);
        if !wanted.chats.is_empty() && !wanted.window.is_empty() {
            self.look_behind_the_index(&wanted, &mut found)?;
            self.look_into_the_index(&wanted, &mut found)?;
        }
        let rows = self.rows_found(found.serials(), request.order)?;
        let messages = self.with_reactions(rows)?;
        Ok(Page::cut(messages, request.size, |message| Cursor {
            at: message.created,
            id: Some(message.id.0),
        }))
    }

    /// The messages of these numbers, in the order of a list.
    fn rows_found(
        &mut self,
        serials: Vec<i64>,
        order: Order,
    ) -> Result<Vec<MessageRow>, StoreError> {
        if serials.is_empty() {
            return Ok(Vec::new());
        }
        let mut rows: Vec<MessageRow> = messages::table
            .filter(messages::serial.eq_any(serials))
            .select(MessageRow::as_select())
            .load(self.conn)
            .map_err(fault)?;
        rows.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        if order == Order::Descending {
            rows.reverse();
        }
        Ok(rows)
    }

    fn searched_chats(
        &mut self,
        agent: AgentId,
        search: &MessageSearch,
    ) -> Result<HashSet<Vec<u8>>, StoreError> {
        let mut query = participants::table
            .filter(participants::agent_id.eq(bytes(agent.0)))
            .filter(participants::customer_id.eq(self.customer()))
            .select(participants::chat_id)
            .into_boxed::<MultiBackend>();
        if let Some(chat) = search.chat {
            query = query.filter(participants::chat_id.eq(bytes(chat.0)));
        }
        let chats: Vec<Vec<u8>> = query.load(self.conn).map_err(fault)?;
        Ok(chats.into_iter().collect())
    }

    /// Compares the messages that the index has not come to, or that changed since.
    fn look_behind_the_index(
        &mut self,
        wanted: &Wanted<'_>,
        found: &mut Found,
    ) -> Result<(), StoreError> {
        let mut from = i64::MIN;
        loop {
            let edited = index::edited(self.conn, from, MOST).map_err(fault)?;
            let Some(last) = edited.last() else { break };
            from = *last;
            let edited = messages::table.filter(messages::serial.eq_any(edited));
            let edited = candidates!(self, wanted, edited)
                .load(self.conn)
                .map_err(fault)?;
            wanted.offer(edited, found);
        }
        let mut from = index::reached(self.conn).map_err(fault)?;
        loop {
            let next: Vec<Candidate> = candidates!(self, wanted, messages::table)
                .filter(messages::serial.gt(from))
                .order(messages::serial.asc())
                .limit(MOST)
                .load(self.conn)
                .map_err(fault)?;
            let Some(last) = next.last() else {
                return Ok(());
            };
            from = last.serial;
            wanted.offer(next, found);
        }
    }

    /// Compares what the index names, in the order of time, until nothing better can come.
    fn look_into_the_index(
        &mut self,
        wanted: &Wanted<'_>,
        found: &mut Found,
    ) -> Result<(), StoreError> {
        let author = wanted.search.author.map(|author| bytes(author.0));
        let terms = Terms::of(&self.customer());
        let chats: Vec<Vec<u8>> = wanted.chats.iter().cloned().collect();
        // Naming many chats costs more than trying messages, unless most are of other chats.
        let mut names_chats = wanted.search.chat.is_some();
        let (mut low, mut high) = wanted.window.entries();
        let mut limit = (2 * found.room()).min(MOST);
        while low <= high {
            let named: &[Vec<u8>] = if names_chats { &chats } else { &[] };
            let query = terms.query(&wanted.search.needle, named, author.as_deref());
            let entries = self.entries(&query, (low, high), limit, found.order)?;
            let Some(&last) = entries.last() else { break };
            let is_last = i64::try_from(entries.len()).is_ok_and(|n| n < limit);
            let named = messages::table
                .inner_join(search_entries::table.on(search_entries::serial.eq(messages::serial)))
                .filter(search_entries::entry.eq_any(entries));
            let named = candidates!(self, wanted, named)
                .load(self.conn)
                .map_err(fault)?;
            names_chats = names_chats || 2 * wanted.own(&named) < named.len();
            wanted.offer(named, found);
            if is_last || found.is_beyond(last) {
                break;
            }
            match found.order {
                Order::Descending => high = last - 1,
                Order::Ascending => low = last + 1,
            }
            limit = (limit * 4).min(MOST);
        }
        Ok(())
    }

    fn entries(
        &mut self,
        query: &str,
        (low, high): (i64, i64),
        limit: i64,
        order: Order,
    ) -> Result<Vec<i64>, StoreError> {
        let values = [
            Value::Text(query),
            Value::Number(low),
            Value::Number(high),
            Value::Number(limit),
        ];
        let conn = &mut *self.conn;
        let named = match order {
            Order::Descending => prepared!(
                "SELECT rowid FROM talk_search WHERE talk_search MATCH ? \
                 AND rowid BETWEEN ? AND ? ORDER BY rowid DESC LIMIT ?",
                values
            )
            .load(conn),
            Order::Ascending => prepared!(
                "SELECT rowid FROM talk_search WHERE talk_search MATCH ? \
                 AND rowid BETWEEN ? AND ? ORDER BY rowid ASC LIMIT ?",
                values
            )
            .load(conn),
        };
        named.map_err(fault)
    }
}
