//! Candidates that are not indexed yet, or were edited since.

use diesel::dsl::max;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable};
use talk_domain::kernel::page::Order;
use talk_domain::kernel::store_error::StoreError;

use super::source::{Candidate, Times};
use super::{CANDIDATE, Search, Wanted, candidates, count};
use crate::connection::{MultiBackend, natively};
use crate::error::fault;
use crate::portable::rows::bytes;
use crate::portable::schema::participants;
use crate::portable::scope::Scope;
use crate::sqlite::schema::messages;
use crate::sqlite::search::index;

/// Maximum of unindexed messages that are looked up all at once. If there are more, they are looked
/// up per chat of the agent, in the order of time.
const FEW: i64 = 4_096;
/// Candidates looked up at a time if there are more.
const SOME: i64 = 4_096;

/// The unindexed messages of the agent's chats between two times. The index on chat and time has all
/// columns that it needs.
pub(crate) const OF_CHATS: &str = "SELECT m.serial, m.created_at FROM talk_participants p CROSS JOIN \
    talk_messages m ON m.chat_id = p.chat_id WHERE talk_in_time() AND p.agent_id = ? AND \
    p.customer_id = ? AND p.chat_id = IFNULL(?, p.chat_id) AND m.created_at BETWEEN ? AND ? AND \
    (m.serial > ? OR m.serial IN (SELECT serial FROM talk_search_again)) ORDER BY m.created_at";

/// An unindexed message.
#[derive(QueryableByName)]
struct Unindexed {
    #[diesel(sql_type = BigInt)]
    serial: i64,
    #[diesel(sql_type = BigInt)]
    created_at: i64,
}

impl Scope<'_> {
    /// Looks up the next candidates that are not in the index, if there are none queued.
    pub(super) fn next_unindexed(&mut self, search: &mut Search<'_>) -> Result<(), StoreError> {
        let Some(times) = search.sources.unindexed.wanted() else {
            return Ok(());
        };
        let order = search.sources.order;
        let reached = index::reached(self.conn).map_err(fault)?;
        let edited = index::edited(self.conn, i64::MIN, FEW + 1).map_err(fault)?;
        let waiting = self.last_serial()?.saturating_sub(reached);
        let (mut candidates, rest) = if waiting.saturating_add(count(&edited)) <= FEW {
            let mut few = self.numbered(&search.wanted, edited)?;
            if waiting > 0 {
                few.extend(self.numbered_after(&search.wanted, reached)?);
            }
            (few, None)
        } else {
            self.of_chats(&search.wanted, times, (reached, order))?
        };
        candidates.retain(|candidate| search.wanted.admits(candidate));
        search.spend(CANDIDATE * candidates.len());
        search.sources.unindexed.fill(candidates, rest, order);
        Ok(())
    }

    /// Finds the candidates among messages with these numbers.
    fn numbered(
        &mut self,
        wanted: &Wanted<'_>,
        serials: Vec<i64>,
    ) -> Result<Vec<Candidate>, StoreError> {
        if serials.is_empty() {
            return Ok(Vec::new());
        }
        let edited = messages::table.filter(messages::serial.eq_any(serials));
        candidates!(self, wanted, edited)
            .load(self.conn)
            .map_err(fault)
    }

    /// Finds the candidates among messages with higher numbers than `reached`.
    fn numbered_after(
        &mut self,
        wanted: &Wanted<'_>,
        reached: i64,
    ) -> Result<Vec<Candidate>, StoreError> {
        let new = messages::table.filter(messages::serial.gt(reached));
        candidates!(self, wanted, new)
            .load(self.conn)
            .map_err(fault)
    }

    /// Finds the next candidates of the agent's chats, and returns the times that are not looked up
    /// yet.
    fn of_chats(
        &mut self,
        wanted: &Wanted<'_>,
        times: Times,
        (reached, order): (i64, Order),
    ) -> Result<(Vec<Candidate>, Option<Times>), StoreError> {
        let mut next = self.serials_of_chats(wanted, times, (reached, order), SOME)?;
        let rest = match (next.first(), next.last()) {
            (Some(first), Some(last)) if count(&next) >= SOME => {
                let (first, last) = (first.created_at, last.created_at);
                let instant = Times {
                    low: last,
                    high: last,
                };
                if first == last {
                    // At most one of each chat.
                    next = self.serials_of_chats(wanted, instant, (reached, order), i64::MAX)?;
                    times.beyond(instant, order)
                } else {
                    // There may be more of the last instant.
                    next.retain(|message| message.created_at != last);
                    Some(times.from(last, order))
                }
            }
            _ => None,
        };
        let serials = next.into_iter().map(|message| message.serial).collect();
        Ok((self.numbered(wanted, serials)?, rest))
    }

    fn serials_of_chats(
        &mut self,
        wanted: &Wanted<'_>,
        times: Times,
        (reached, order): (i64, Order),
        limit: i64,
    ) -> Result<Vec<Unindexed>, StoreError> {
        let direction = match order {
            Order::Descending => "DESC",
            Order::Ascending => "ASC",
        };
        let query = diesel::sql_query(format!("{OF_CHATS} {direction} LIMIT ?"))
            .bind::<Binary, _>(bytes(wanted.agent.0))
            .bind::<Binary, _>(self.customer())
            .bind::<Nullable<Binary>, _>(wanted.search.chat.map(|chat| bytes(chat.0)))
            .bind::<BigInt, _>(times.low)
            .bind::<BigInt, _>(times.high)
            .bind::<BigInt, _>(reached)
            .bind::<BigInt, _>(limit);
        natively!(self.conn, |conn| query.load(conn)).map_err(fault)
    }

    fn last_serial(&mut self) -> Result<i64, StoreError> {
        let last: Option<i64> = messages::table
            .select(max(messages::serial))
            .first(self.conn)
            .map_err(fault)?;
        Ok(last.unwrap_or(0))
    }
}
