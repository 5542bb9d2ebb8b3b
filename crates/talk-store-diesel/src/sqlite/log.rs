//! Reads the log of the installation by the [numbers](super::serial) of its events. A position is the
//! number of the last event before it.
//!
//! There is one writer, so that numbers become visible in the order in which they rise.

use std::sync::Arc;

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;
use talk_domain::kernel::cleanup::Bound;
use talk_domain::kernel::log::Logged;
use talk_domain::kernel::positions::{LogChunk, Position};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::StreamId;
use talk_domain::kernel::time::Timestamp;

use crate::error::fault;
use crate::portable::rows::event::EventRow;
use crate::portable::rows::{at, bytes, number, seq};
use crate::portable::schema::events;
use crate::portable::scope::Scope;
use crate::sqlite::serial::last;

/// The number of an event, a column that SQLite alone has.
fn serial_of() -> diesel::expression::SqlLiteral<diesel::sql_types::BigInt> {
    diesel::dsl::sql("talk_events.serial")
}

impl Scope<'_> {
    pub(super) fn events_after(
        &mut self,
        after: Position,
        bound: Bound,
    ) -> Result<LogChunk, StoreError> {
        let mut chunk = LogChunk {
            end: after,
            ..LogChunk::default()
        };
        let rows = events::table
            .filter(serial_of().gt(seq(after.number())))
            .order(serial_of().asc())
            .limit(i64::from(bound.rows))
            .select((serial_of(), EventRow::as_select()));
        let mut left = bound.bytes;
        let found = rows.load_iter::<(i64, EventRow), DefaultLoadingMode>(self.conn);
        for row in found.map_err(fault)? {
            let (serial, row) = row.map_err(fault)?;
            let event = Logged::try_from(row)?;
            left = left.saturating_sub(event.payload.len() as u64);
            chunk.end = Position::new(number(serial)?);
            chunk.events.push((chunk.end, Arc::new(event)));
            if left == 0 {
                break;
            }
        }
        chunk.is_end = left > 0 && chunk.events.len() < bound.rows as usize;
        Ok(chunk)
    }

    pub(super) fn lag_of(
        &mut self,
        after: Position,
    ) -> Result<(u64, Option<Timestamp>), StoreError> {
        let oldest: Option<i64> = events::table
            .filter(serial_of().gt(seq(after.number())))
            .order(serial_of().asc())
            .select(events::tm)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        let Some(oldest) = oldest else {
            return Ok((0, None));
        };
        let last: u64 = number(last(self.conn).map_err(fault)?)?;
        Ok((last.saturating_sub(after.number()), Some(at(oldest)?)))
    }

    pub(super) fn first_after(
        &mut self,
        (stream, upto): (StreamId, u64),
        position: Position,
    ) -> Result<Option<u64>, StoreError> {
        let first: Option<i64> = events::table
            .filter(events::stream_id.eq(bytes(stream.id)))
            .filter(events::seq.le(seq(upto)))
            .filter(serial_of().gt(seq(position.number())))
            .order(events::seq.asc())
            .select(events::seq)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        first.map(number).transpose()
    }

    pub(super) fn position_of_event(
        &mut self,
        stream: &[u8],
        place: u64,
    ) -> Result<Option<Position>, StoreError> {
        let serial: Option<i64> = events::table
            .filter(events::stream_id.eq(stream))
            .filter(events::seq.eq(seq(place)))
            .select(serial_of())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        let serial = serial.map(number).transpose()?;
        Ok(serial.map(Position::new))
    }
}
