//! The row of a logged event.

use diesel::prelude::*;
use talk_domain::kernel::log::LoggedEvent;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::model::event::{EventKind, LogEntry};

use crate::connection::AnyConnection;
use crate::error::{corrupt, fault};
use crate::portable::fast::prepared::{Value, prepared};
use crate::portable::rows::{id, number, seq};
use crate::portable::schema::events;

#[derive(Queryable, Selectable)]
#[diesel(table_name = events)]
pub(crate) struct EventRow {
    chat_id: Vec<u8>,
    seq: i64,
    kind: String,
    payload: String,
    subject: Vec<u8>,
}

/// Stores a new event with its frame.
pub(crate) fn insert(
    conn: &mut AnyConnection,
    entry: &LogEntry<'_>,
    frame: &str,
) -> Result<(), StoreError> {
    prepared!(
        "INSERT INTO talk_events (chat_id, seq, kind, payload, actor, subject, tm) \
         VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            Value::Bytes(entry.chat.0.as_bytes()),
            Value::Number(seq(entry.tick.seq)),
            Value::Text(entry.event.kind().as_str()),
            Value::Text(frame),
            Value::Bytes(entry.actor.0.as_bytes()),
            Value::Bytes(entry.event.subject().as_bytes()),
            Value::Number(entry.tick.at.as_micros()),
        ]
    )
    .run(conn)
    .map(drop)
    .map_err(fault)
}

/// Parses a stored kind.
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
