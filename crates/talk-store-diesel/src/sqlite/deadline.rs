//! Registers the SQL function that ends a statement after the deadline of its read.

use diesel::SqliteConnection;
use diesel::result::QueryResult;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::Bool;
use diesel::sqlite::Sqlite;

use crate::portable::deadline::{PAST_DEADLINE, is_past, talk_in_time_utils};

/// Registers [`talk_in_time`](crate::portable::deadline::talk_in_time) with a connection.
pub(crate) fn register(conn: &SqliteConnection) -> QueryResult<()> {
    talk_in_time_utils::register_nondeterministic_impl(conn, || InTime)
}

/// The result of [`talk_in_time`](crate::portable::deadline::talk_in_time).
#[derive(Debug)]
struct InTime;

impl ToSql<Bool, Sqlite> for InTime {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        if is_past() {
            return Err(PAST_DEADLINE.into());
        }
        out.set_value(1);
        Ok(IsNull::No)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use diesel::prelude::*;
    use talk_domain::kernel::store_error::StoreError;

    use super::*;
    use crate::error::fault;
    use crate::portable::deadline::{check, run_until, talk_in_time};

    fn connection() -> SqliteConnection {
        let conn = SqliteConnection::establish(":memory:").unwrap();
        register(&conn).unwrap();
        conn
    }

    fn ago() -> Instant {
        Instant::now().checked_sub(Duration::from_secs(1)).unwrap()
    }

    #[test]
    fn a_statement_fails_once_its_deadline_has_passed() {
        let conn = &mut connection();
        let mut look = || diesel::select(talk_in_time()).get_result::<bool>(conn);
        assert_eq!(look(), Ok(true));
        let soon = Instant::now() + Duration::from_secs(600);
        assert_eq!(run_until(soon, &mut look), Ok(true));
        let late = run_until(ago(), &mut look).unwrap_err();
        assert!(matches!(fault(late), StoreError::Timeout));
        assert_eq!(look(), Ok(true), "the next read has its own deadline");
    }

    #[test]
    fn a_scan_without_end_ends_at_the_deadline() {
        let conn = &mut connection();
        let deadline = Instant::now() + Duration::from_millis(20);
        let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
                       SELECT COUNT(*) FROM n WHERE talk_in_time() AND i < 0";
        let ended = run_until(deadline, || diesel::sql_query(endless).execute(conn));
        assert!(matches!(fault(ended.unwrap_err()), StoreError::Timeout));
    }

    #[test]
    fn a_panic_leaves_no_deadline_behind() {
        let panicked = std::panic::catch_unwind(|| run_until(ago(), || panic!("on purpose")));
        assert!(panicked.is_err());
        assert!(check().is_ok());
    }
}
