//! The row of a logged event.

use diesel::prelude::*;
use talk_domain::event::{EventKind, LogEntry, LoggedEvent};
use talk_domain::store::StoreError;

use crate::error::corrupt;
use crate::rows::{bytes, id, number, seq};
use crate::schema::events;

#[derive(Queryable, Selectable)]
#[diesel(table_name = events)]
pub(crate) struct EventRow {
    chat_id: Vec<u8>,
    seq: i64,
    kind: String,
    payload: String,
    subject: Vec<u8>,
}

/// A new event's row; the frame stays with the event.
#[derive(Insertable)]
#[diesel(table_name = events)]
pub(crate) struct NewEventRow<'a> {
    chat_id: Vec<u8>,
    seq: i64,
    kind: &'static str,
    payload: &'a str,
    actor: Vec<u8>,
    subject: Vec<u8>,
    tm: i64,
}

impl<'a> NewEventRow<'a> {
    /// The row of `entry` with its `frame`.
    pub(crate) fn new(entry: &LogEntry<'_>, frame: &'a str) -> Self {
        Self {
            chat_id: bytes(entry.chat.0),
            seq: seq(entry.tick.seq),
            kind: entry.event.kind().as_str(),
            payload: frame,
            actor: bytes(entry.actor.0),
            subject: bytes(entry.event.subject()),
            tm: entry.tick.at.as_micros(),
        }
    }
}

/// The kind a stored name means.
pub(crate) fn kind(name: &str) -> Result<EventKind, StoreError> {
    EventKind::parse(name).ok_or_else(|| corrupt("an unknown kind of event"))
}

impl TryFrom<EventRow> for LoggedEvent {
    type Error = StoreError;

    fn try_from(row: EventRow) -> Result<Self, StoreError> {
        Ok(Self {
            chat: id(&row.chat_id)?,
            seq: number(row.seq)?,
            kind: kind(&row.kind)?,
            subject: id(&row.subject)?,
            frame: row.payload.into(),
        })
    }
}
