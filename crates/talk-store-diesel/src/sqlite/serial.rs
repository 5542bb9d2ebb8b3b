//! The number of an event in the whole log, by which SQLite reads the log in commit order.
//!
//! The writer gives the numbers. A trigger keeps the highest one that was ever deleted, so that none is
//! given twice: an `AUTOINCREMENT` column would write a row of its own for each event.

use diesel::RunQueryDsl;
use diesel::result::QueryResult;

use crate::connection::{AnyConnection, natively};
use crate::portable::fast::prepared::prepared;

/// The highest number that was ever given; 0 before the first event.
pub(crate) fn last(conn: &mut AnyConnection) -> QueryResult<i64> {
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
