//! Candidates from the index.

use diesel::prelude::*;
use talk_domain::kernel::page::Order;
use talk_domain::kernel::store_error::StoreError;

use super::source::{Candidate, Times};
use super::{CANDIDATE, Search, candidates, count};
use crate::connection::MultiBackend;
use crate::error::fault;
use crate::portable::fast::prepared::{Value, prepared};
use crate::portable::rows::bytes;
use crate::portable::schema::participants;
use crate::portable::scope::Scope;
use crate::sqlite::schema::{messages, search_entries};
use crate::sqlite::search::index::entries_at;
use crate::sqlite::search::index::terms::Terms;

/// Maximum of index entries looked up in one statement.
const MOST: i64 = 1_000;
/// Approximate number of messages that one statement searches in the index: it cannot be
/// interrupted and takes up to some tenths of a second.
const STRETCH: i64 = 1 << 20;

/// The state of the index queries of a search.
pub(super) struct Index {
    /// Number of entries of the next query.
    limit: i64,
    /// Whether the query names chats. Naming many costs more than checking messages, unless most
    /// messages are of other chats.
    names_chats: bool,
}

impl Index {
    pub(super) fn new(names_chats: bool, page: u16) -> Self {
        Self {
            limit: (2 * (i64::from(page) + 1)).min(MOST),
            names_chats,
        }
    }
}

impl Scope<'_> {
    /// Looks up the next candidates in the index, if there are none queued. All of them may turn
    /// out to be of other agents' chats.
    pub(super) fn next_of_index(&mut self, search: &mut Search<'_>) -> Result<(), StoreError> {
        let Some(wanted) = search.sources.indexed.wanted() else {
            return Ok(());
        };
        let order = search.sources.order;
        let Some(stretch) = self.stretch(wanted, order)? else {
            search.sources.indexed.fill(Vec::new(), None, order);
            return Ok(());
        };
        let query = self.query(search);
        let limit = search.index.limit;
        let mut passed = stretch;
        let mut entries = self.entries(&query, stretch, limit, order)?;
        if let Some(&last) = entries.last().filter(|_| count(&entries) >= limit) {
            // The entries of one bucket are in no order, so the last bucket is looked up as a whole.
            let (low, high) = entries_at(last);
            passed = Times { low, high };
            entries.retain(|entry| !(low..=high).contains(entry));
            entries.extend(self.entries(&query, passed, high - low + 1, order)?);
        }
        search.spend(CANDIDATE * entries.len());
        let named = entries.len();
        let candidates = self.named(search, entries)?;
        search.index.names_chats |= 2 * candidates.len() < named;
        search.index.limit = (limit * 4).min(MOST);
        let rest = wanted.beyond(passed, order);
        search.sources.indexed.fill(candidates, rest, order);
        Ok(())
    }

    fn query(&self, search: &Search<'_>) -> String {
        let wanted = &search.wanted;
        let author = wanted.search.author.map(|author| bytes(author.0));
        let chats: &[Vec<u8>] = if search.index.names_chats {
            &wanted.chats
        } else {
            &[]
        };
        let terms = Terms::of(&self.customer());
        terms.query(&wanted.search.needle, chats, author.as_deref())
    }

    /// Returns the first part of `wanted` with about [`STRETCH`] messages at most; `None` if the
    /// index has no entry in it. Entry numbers rise with time unless the clock was set.
    fn stretch(&mut self, wanted: Times, order: Order) -> Result<Option<Times>, StoreError> {
        let (low, high) = (entries_at(wanted.low).0, entries_at(wanted.high).1);
        let entries = search_entries::table
            .filter(search_entries::entry.between(low, high))
            .filter(search_entries::serial.gt(0))
            .select((search_entries::entry, search_entries::serial));
        let first: Option<(i64, i64)> = match order {
            Order::Descending => entries.order(search_entries::entry.desc()).first(self.conn),
            Order::Ascending => entries.order(search_entries::entry.asc()).first(self.conn),
        }
        .optional()
        .map_err(fault)?;
        let Some((first, serial)) = first else {
            return Ok(None);
        };
        let created = messages::table.select(messages::created_at);
        let far: Option<i64> = match order {
            Order::Descending => created
                .filter(messages::serial.le(serial.saturating_sub(STRETCH)))
                .order(messages::serial.desc())
                .first(self.conn),
            Order::Ascending => created
                .filter(messages::serial.ge(serial.saturating_add(STRETCH)))
                .order(messages::serial.asc())
                .first(self.conn),
        }
        .optional()
        .map_err(fault)?;
        let first = entries_at(first);
        Ok(Some(match (order, far.map(entries_at)) {
            (_, None) => Times { low, high },
            (Order::Descending, Some((far, _))) => Times {
                low: far.min(first.0).max(low),
                high,
            },
            (Order::Ascending, Some((_, far))) => Times {
                low,
                high: far.max(first.1).min(high),
            },
        }))
    }

    /// Reads the candidates of these entries.
    fn named(
        &mut self,
        search: &Search<'_>,
        entries: Vec<i64>,
    ) -> Result<Vec<Candidate>, StoreError> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let named = messages::table
            .inner_join(search_entries::table.on(search_entries::serial.eq(messages::serial)))
            .filter(search_entries::entry.eq_any(entries));
        let wanted = &search.wanted;
        let mut named: Vec<Candidate> = candidates!(self, wanted, named)
            .load(self.conn)
            .map_err(fault)?;
        named.retain(|candidate| wanted.admits(candidate));
        Ok(named)
    }

    fn entries(
        &mut self,
        query: &str,
        times: Times,
        limit: i64,
        order: Order,
    ) -> Result<Vec<i64>, StoreError> {
        let values = [
            Value::Text(query),
            Value::Number(entries_at(times.low).0),
            Value::Number(entries_at(times.high).1),
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
