//! Read marks and unread messages.

use diesel::prelude::*;
use talk_domain::kernel::id::{AgentId, ChatId};
use talk_domain::kernel::page::{Cursor, Order, Page, PageRequest};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::Tick;
use talk_domain::kernel::time::Timestamp;
use talk_domain::talk::model::read::{COUNTED, ReadMark, ReadQueries, ReadRepository};

use crate::connection::MultiBackend;
use crate::error::fault;
use crate::portable::deadline::talk_in_time;
use crate::portable::paging::one_page;
use crate::portable::rows::read_mark::ReadMarkRow;
use crate::portable::rows::{at, bytes, number, seq};
use crate::portable::schema::{events, mentions, messages, read_marks};
use crate::portable::scope::{Scope, all};

/// Selects the messages of others in a chat after a time that can be unread.
macro_rules! unread {
    ($scope:expr, $chat:expr, $agent:expr, $after:expr) => {
        messages::table
            .filter(messages::chat_id.eq(bytes($chat.0)))
            .filter(messages::created_at.gt($after))
            .filter(messages::customer_id.eq($scope.customer()))
            .filter(messages::author_id.ne(bytes($agent.0)))
            .filter(messages::system_kind.is_null())
            .filter(messages::deleted_at.is_null())
    };
}

impl Scope<'_> {
    /// Returns the earliest time from `after` on after which the chat has at most [`COUNTED`]
    /// messages, so that counting is bounded.
    fn counted_after(&mut self, chat: ChatId, after: Timestamp) -> Result<i64, StoreError> {
        let oldest: Option<i64> = messages::table
            .filter(messages::chat_id.eq(bytes(chat.0)))
            .filter(messages::created_at.gt(after.as_micros()))
            .order(messages::created_at.desc())
            .offset(i64::from(COUNTED))
            .select(messages::created_at)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        Ok(oldest.unwrap_or_else(|| after.as_micros()))
    }
}

impl ReadRepository for Scope<'_> {
    fn put(&mut self, mark: &ReadMark) -> Result<(), StoreError> {
        self.assert_same_customer(mark.customer)?;
        let earlier = read_marks::table
            .filter(read_marks::chat_id.eq(bytes(mark.chat.0)))
            .filter(read_marks::agent_id.eq(bytes(mark.agent.0)));
        diesel::delete(earlier)
            .execute(self.changing())
            .map_err(fault)?;
        diesel::insert_into(read_marks::table)
            .values(ReadMarkRow::from(mark))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    fn last_message(&mut self, chat: ChatId, up_to: u64) -> Result<Option<Tick>, StoreError> {
        // Searches by the time of the event, since most events may not be messages.
        let until: Option<i64> = events::table
            .filter(events::stream_id.eq(bytes(chat.0)))
            .filter(events::seq.le(seq(up_to)))
            .order(events::seq.desc())
            .select(events::tm)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        let Some(until) = until else { return Ok(None) };
        let last: Option<(i64, i64)> = messages::table
            .filter(messages::chat_id.eq(bytes(chat.0)))
            .filter(messages::customer_id.eq(self.customer()))
            .filter(messages::created_at.le(until))
            .order(messages::created_at.desc())
            .select((messages::seq, messages::created_at))
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        let tick = |(place, tm)| {
            Ok(Tick {
                seq: number(place)?,
                at: at(tm)?,
            })
        };
        last.map(tick).transpose()
    }
}

impl ReadQueries for Scope<'_> {
    fn mark(&mut self, chat: ChatId, agent: AgentId) -> Result<Option<ReadMark>, StoreError> {
        let row = read_marks::table
            .filter(read_marks::chat_id.eq(bytes(chat.0)))
            .filter(read_marks::agent_id.eq(bytes(agent.0)))
            .filter(read_marks::customer_id.eq(self.customer()))
            .select(ReadMarkRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        row.map(ReadMark::try_from).transpose()
    }

    fn unread(
        &mut self,
        chat: ChatId,
        agent: AgentId,
        after: Timestamp,
    ) -> Result<u32, StoreError> {
        let after = self.counted_after(chat, after)?;
        let found: Vec<i64> = unread!(self, chat, agent, after)
            .select(messages::seq)
            .load(self.conn)
            .map_err(fault)?;
        Ok(u32::try_from(found.len()).unwrap_or(COUNTED))
    }

    fn mentions(
        &mut self,
        chat: ChatId,
        agent: AgentId,
        after: Timestamp,
    ) -> Result<u32, StoreError> {
        if self.chat(chat)?.is_none() {
            return Ok(0);
        }
        let after = self.counted_after(chat, after)?;
        let count: i64 = mentions::table
            .filter(mentions::chat_id.eq(bytes(chat.0)))
            .filter(mentions::agent_id.eq(bytes(agent.0)))
            .filter(mentions::created_at.gt(after))
            .count()
            .get_result(self.conn)
            .map_err(fault)?;
        Ok(u32::try_from(count).unwrap_or(COUNTED))
    }

    fn readers(
        &mut self,
        chat: ChatId,
        from: u64,
        request: PageRequest,
    ) -> Result<Page<ReadMark>, StoreError> {
        let mut query = read_marks::table
            .filter(talk_in_time())
            .filter(read_marks::chat_id.eq(bytes(chat.0)))
            .filter(read_marks::customer_id.eq(self.customer()))
            .filter(read_marks::seq.ge(seq(from)))
            .select(ReadMarkRow::as_select())
            .into_boxed::<MultiBackend>();
        // Marks may move between pages, so the reader of the last row is looked up.
        if let Some(agent) = request.after.and_then(|cursor| cursor.id) {
            let agent = bytes(agent);
            query = match request.order {
                Order::Descending => query.filter(read_marks::agent_id.lt(agent)),
                Order::Ascending => query.filter(read_marks::agent_id.gt(agent)),
            };
        }
        let rows = one_page!(query, request, read_marks::agent_id)
            .load(self.conn)
            .map_err(fault)?;
        Ok(Page::cut(all(rows)?, request.size, |mark: &ReadMark| {
            Cursor {
                at: mark.updated,
                id: Some(mark.agent.0),
            }
        }))
    }
}
