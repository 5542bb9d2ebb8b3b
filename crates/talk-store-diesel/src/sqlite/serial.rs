//! The number of an event in the whole log, by which SQLite reads the log in commit order.
//!
//! The writer gives the numbers. A trigger keeps the highest one that was ever deleted, so that none is
//! given twice: an `AUTOINCREMENT` column would write a row of its own for each event.

use diesel::RunQueryDsl;
use diesel::result::QueryResult;

use talk_domain::kernel::id::AgentId;
use talk_domain::kernel::log::Logged;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::connection::{AnyConnection, natively};
use crate::error::fault;
use crate::portable::fast::prepared::{Value, prepared};
use crate::portable::rows::event::to_text;
use crate::portable::rows::seq;
use crate::portable::scope::Scope;

impl Scope<'_> {
    /// Returns the number of the last event in the whole log. Of a transaction only the first caller
    /// asks the database.
    pub(super) fn end_serial(&mut self) -> Result<i64, StoreError> {
        match self.cache.last_serial() {
            Some(last) => Ok(last),
            None => last(self.conn).map_err(fault),
        }
    }

    /// Returns the number of the next event in the whole log.
    fn next_serial(&mut self) -> Result<i64, StoreError> {
        let last = self.end_serial()?;
        self.cache.set_last_serial(last + 1);
        Ok(last + 1)
    }

    /// Stores a new event with its number in the whole log.
    pub(super) fn insert_event(
        &mut self,
        event: &Logged,
        (actor, at): (AgentId, Timestamp),
    ) -> Result<(), StoreError> {
        let (serial, changes) = (self.next_serial()?, to_text(&event.changes));
        prepared!(
            "INSERT INTO talk_events (serial, stream_id, seq, customer_id, realm, kind, actor, \
             subject, changes, tm, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                Value::Number(serial),
                Value::Bytes(event.stream.id.as_bytes()),
                Value::Number(seq(event.seq)),
                Value::Bytes(event.customer.0.as_bytes()),
                Value::Text(event.stream.realm.as_str()),
                Value::Text(event.kind.as_str()),
                Value::Bytes(actor.0.as_bytes()),
                Value::Bytes(event.subject.as_bytes()),
                Value::OptionalText(changes.as_deref()),
                Value::Number(at.as_micros()),
                Value::Text(&event.payload),
            ]
        )
        .run(self.changing())
        .map(drop)
        .map_err(fault)
    }
}

/// The highest number that was ever given; 0 before the first event.
pub(super) fn last(conn: &mut AnyConnection) -> QueryResult<i64> {
    natively!(conn, |conn| prepared!(
        "SELECT MAX(COALESCE((SELECT MAX(serial) FROM talk_events), 0), CAST(value AS INTEGER)) \
         FROM talk_meta WHERE key = 'events_end'",
        []
    )
    .get_result(conn))
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection as _;

    use super::*;
    use crate::sqlite::connection;

    /// LOG-03: a consumer misses no event because its number was stored already.
    #[test]
    fn no_number_is_given_twice() {
        let directory = tempfile::tempdir().unwrap();
        let mut conn = connection::writer(&directory.path().join("talk.db")).unwrap();
        connection::migrate(&mut conn).unwrap();
        let mut conn = AnyConnection::Sqlite(conn);
        assert_eq!(last(&mut conn).unwrap(), 0);
        let add = "INSERT INTO talk_events SELECT value, x'0a', value, x'0b', 'chat', 'k', x'01', \
                   x'02', NULL, 3, '{}' FROM json_each('[1, 2, 3, 4, 5]');";
        conn.batch_execute(add).unwrap();
        for gone in ["seq = 5", "seq = 4", "seq < 3", "TRUE"] {
            let delete = format!("DELETE FROM talk_events WHERE {gone}");
            conn.batch_execute(&delete).unwrap();
            assert_eq!(last(&mut conn).unwrap(), 5, "{gone}");
        }
    }
}
