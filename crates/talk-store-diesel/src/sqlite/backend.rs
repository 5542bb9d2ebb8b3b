//! SQLite's part of the repositories: searches by the index, and walks through tables by the numbers
//! of their rows, which rise in the order in which the rows were stored.
//!
//! An index by author would cost every post more than the rare scan of the whole table costs.

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;
use talk_domain::kernel::cleanup::Bound;
use talk_domain::kernel::id::{AgentId, CustomerId, MessageId};
use talk_domain::kernel::log::Logged;
use talk_domain::kernel::page::{Page, PageRequest};
use talk_domain::kernel::positions::{LogChunk, Position};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::StreamId;
use talk_domain::kernel::time::Timestamp;
use talk_domain::talk::model::chat::Chat;
use talk_domain::talk::model::mention::{Backlog, names_in};
use talk_domain::talk::model::message::{Authored, Message};
use talk_domain::talk::model::needle::MessageSearch;

use crate::error::{corrupt, fault};
use crate::portable::backend::Backend;
use crate::portable::fast::prepared::{Value, prepared};
use crate::portable::rows::{bytes, id, number, seq};
use crate::portable::schema::meta;
use crate::portable::scope::Scope;
use crate::sqlite::schema::{idempotency, messages, session_ends};
use crate::sqlite::search::index::{self, Indexed};

/// Key in `talk_meta` of the progress: the number of the first message that is settled.
const MENTIONS_BEFORE: &str = "mentions_before";

/// The columns needed to find the author of a message, without its text.
#[derive(Queryable, Selectable)]
#[diesel(table_name = messages)]
struct AuthoredRow {
    serial: i64,
    id: Vec<u8>,
    customer_id: Vec<u8>,
    author_id: Vec<u8>,
    system_subject: Option<Vec<u8>>,
}

impl Backend for Scope<'_> {
    fn store_event(
        &mut self,
        event: &Logged,
        cause: (AgentId, Timestamp),
    ) -> Result<(), StoreError> {
        self.insert_event(event, cause)
    }

    fn log_after(&mut self, position: Position, bound: Bound) -> Result<LogChunk, StoreError> {
        self.events_after(position, bound)
    }

    fn log_end(&mut self) -> Result<Position, StoreError> {
        number(self.end_serial()?).map(Position::new)
    }

    fn log_lag(&mut self, position: Position) -> Result<(u64, Option<Timestamp>), StoreError> {
        self.lag_of(position)
    }

    fn log_first_after(
        &mut self,
        events: (StreamId, u64),
        position: Position,
    ) -> Result<Option<u64>, StoreError> {
        self.first_after(events, position)
    }

    fn log_position_of(
        &mut self,
        stream: &[u8],
        place: u64,
    ) -> Result<Option<Position>, StoreError> {
        self.position_of_event(stream, place)
    }

    fn search_messages(
        &mut self,
        agent: AgentId,
        search: &MessageSearch,
        request: PageRequest,
    ) -> Result<Page<Message>, StoreError> {
        self.messages_containing(agent, search, request)
    }

    fn search_channels(
        &mut self,
        needle: &str,
        request: PageRequest,
    ) -> Result<Page<Chat>, StoreError> {
        self.channels_containing(needle, request)
    }

    fn text_changes(&mut self, message: MessageId, text: &str) -> Result<(), StoreError> {
        let stored: Option<Indexed> = messages::table
            .filter(messages::id.eq(bytes(message.0)))
            .filter(messages::customer_id.eq(self.customer()))
            .select(Indexed::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        match stored.filter(|stored| stored.text != text) {
            Some(stored) => index::reword(self.changing(), &stored, text.is_empty()).map_err(fault),
            None => Ok(()),
        }
    }

    fn messages_removed(&mut self) -> Result<(), StoreError> {
        index::reuse_numbers(self.changing()).map_err(fault)
    }

    fn messages_of_author(
        &mut self,
        agent: AgentId,
        after: u64,
        limit: u32,
    ) -> Result<Authored, StoreError> {
        let rows: Vec<AuthoredRow> = messages::table
            .filter(messages::serial.gt(seq(after)))
            .order(messages::serial.asc())
            .limit(i64::from(limit))
            .select(AuthoredRow::as_select())
            .load(self.conn)
            .map_err(fault)?;
        let (agent, customer) = (bytes(agent.0), self.customer());
        let last = rows.last().map(|row| number(row.serial)).transpose()?;
        let is_end = rows.len() < limit as usize;
        let own = rows.into_iter().filter(|row| {
            let is_about = row.system_subject.as_ref() == Some(&agent);
            row.customer_id == customer && (row.author_id == agent || is_about)
        });
        let messages = own.map(|row| Ok((number(row.serial)?, id(&row.id)?)));
        Ok(Authored {
            messages: messages.collect::<Result<_, StoreError>>()?,
            position: last.unwrap_or(after),
            is_end,
        })
    }

    fn messages_behind(&mut self, position: u64) -> Result<u64, StoreError> {
        let last: Option<i64> = messages::table
            .select(messages::serial)
            .order(messages::serial.desc())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        behind(last, position)
    }

    fn mention_backlog(&mut self, bound: Bound) -> Result<Option<Backlog>, StoreError> {
        let before: Option<String> = meta::table
            .filter(meta::key.eq(MENTIONS_BEFORE))
            .select(meta::value)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        let Some(before) = before else {
            return Ok(None);
        };
        let before: u64 = before
            .parse()
            .map_err(|_| corrupt("the place of the mentions is no number"))?;
        let rows = messages::table
            .filter(messages::serial.lt(seq(before)))
            .order(messages::serial.desc())
            .limit(i64::from(bound.rows))
            .select((
                messages::serial,
                messages::customer_id,
                messages::id,
                messages::text,
            ))
            .load_iter::<(i64, Vec<u8>, Vec<u8>, String), DefaultLoadingMode>(self.conn);
        let mut found = Backlog {
            messages: Vec::new(),
            from: before,
        };
        let mut left = bound.bytes;
        for row in rows.map_err(fault)? {
            let (serial, customer, message, text) = row.map_err(fault)?;
            found.from = number(serial)?;
            if !names_in(&text).is_empty() {
                let (customer, message): (CustomerId, MessageId) = (id(&customer)?, id(&message)?);
                found.messages.push((customer, message));
            }
            left = left.saturating_sub(text.len() as u64);
            if left == 0 {
                break;
            }
        }
        Ok((found.from < before).then_some(found))
    }

    fn settle_mentions(&mut self, from: u64) -> Result<(), StoreError> {
        diesel::update(meta::table.filter(meta::key.eq(MENTIONS_BEFORE)))
            .set(meta::value.eq(from.to_string()))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    fn last_end(&mut self) -> Result<u64, StoreError> {
        let last: Option<i64> = session_ends::table
            .filter(session_ends::seq.gt(0))
            .select(session_ends::seq)
            .order(session_ends::seq.desc())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        number(last.unwrap_or(0))
    }

    fn ends_after(&mut self, position: u64, limit: u32) -> Result<Vec<(u64, AgentId)>, StoreError> {
        let rows: Vec<(i64, Vec<u8>)> = session_ends::table
            .filter(session_ends::seq.gt(seq(position)))
            .order(session_ends::seq.asc())
            .limit(i64::from(limit))
            .load(self.conn)
            .map_err(fault)?;
        rows.iter()
            .map(|(seq, agent)| Ok((number(*seq)?, id(agent)?)))
            .collect()
    }

    fn purge_answers(&mut self, before: Timestamp, limit: u32) -> Result<usize, StoreError> {
        let oldest: Vec<(i64, Vec<u8>, i64)> = idempotency::table
            .filter(idempotency::serial.gt(0))
            .order(idempotency::serial.asc())
            .limit(i64::from(limit))
            .select((
                idempotency::serial,
                idempotency::customer_id,
                idempotency::answered_at,
            ))
            .load(self.conn)
            .map_err(fault)?;
        let is_own = |customer: &Vec<u8>| self.customer.is_none() || *customer == self.customer();
        let over: Vec<i64> = oldest
            .iter()
            .filter(|(_, customer, at)| is_own(customer) && *at < before.as_micros())
            .map(|(serial, ..)| *serial)
            .collect();
        for serial in &over {
            prepared!(
                "DELETE FROM talk_idempotency WHERE serial = ?",
                [Value::Number(*serial)]
            )
            .run(self.changing())
            .map_err(fault)?;
        }
        Ok(over.len())
    }

    fn delete_answers_step(
        &mut self,
        agent: AgentId,
        after: u64,
        limit: u32,
    ) -> Result<Option<u64>, StoreError> {
        let serials: Vec<i64> = idempotency::table
            .filter(idempotency::serial.gt(seq(after)))
            .order(idempotency::serial.asc())
            .limit(i64::from(limit))
            .select(idempotency::serial)
            .load(self.conn)
            .map_err(fault)?;
        let Some(last) = serials.last() else {
            return Ok(None);
        };
        // Only the JSON of an agent has a username, and its id is text there.
        prepared!(
            "DELETE FROM talk_idempotency WHERE serial > ? AND serial <= ? AND customer_id = ? AND \
             (agent_id = ? OR (instr(body, '\"username\"') AND instr(body, ?)))",
            [
                Value::Number(seq(after)),
                Value::Number(*last),
                Value::Bytes(&self.customer()),
                Value::Bytes(agent.0.as_bytes()),
                Value::Text(&agent.to_string()),
            ]
        )
        .run(self.changing())
        .map_err(fault)?;
        number(*last).map(Some)
    }

    fn answers_behind(&mut self, position: u64) -> Result<u64, StoreError> {
        let last: Option<i64> = idempotency::table
            .select(idempotency::serial)
            .order(idempotency::serial.desc())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        behind(last, position)
    }
}

/// The numbers from a position to the last one.
fn behind(last: Option<i64>, position: u64) -> Result<u64, StoreError> {
    let last: u64 = number(last.unwrap_or(0))?;
    Ok(last.saturating_sub(position))
}
