//! The database of the server: transactions that are held open, and its rows after a kill.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;

/// How long a test waits for a row or a held transaction.
const PATIENCE: Duration = Duration::from_secs(20);

/// A transaction that has the lock for longer than this is held.
const HELD: &str = "PRAGMA busy_timeout = 200";

/// A query that takes days.
const ENDLESS: &str = "SELECT count(*) FROM sqlite_master a, sqlite_master b, sqlite_master c, \
                       sqlite_master d, sqlite_master e, sqlite_master f";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    value: String,
}

/// The database of a server.
pub(super) struct Database(pub(super) PathBuf);

impl Database {
    fn open(path: &Path) -> SqliteConnection {
        let path = path.to_str().expect("a path");
        let mut conn = SqliteConnection::establish(path).expect("a database");
        let wait = conn.batch_execute("PRAGMA busy_timeout = 10000");
        wait.expect("a setting");
        conn
    }

    /// Makes the next transaction with this change wait at it, for longer than the server will live.
    pub(super) fn hold(&self, change: &str) {
        let sql = format!("CREATE TRIGGER held BEFORE {change} BEGIN {ENDLESS}; END");
        let mut conn = Self::open(&self.0);
        conn.batch_execute(&sql).expect("a trigger");
    }

    /// Waits until a transaction is held.
    pub(super) async fn until_held(&self) {
        let (mut conn, deadline) = (Self::open(&self.0), Instant::now() + PATIENCE);
        conn.batch_execute(HELD).expect("a setting");
        while conn.batch_execute("BEGIN IMMEDIATE; ROLLBACK").is_ok() {
            assert!(Instant::now() < deadline, "no transaction is held");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Makes no transaction wait any longer. The server has ended.
    pub(super) fn release(&self) {
        let mut conn = Self::open(&self.0);
        let dropped = conn.batch_execute("DROP TRIGGER IF EXISTS held");
        dropped.expect("no trigger");
    }

    /// Waits until the query has a row, and looks again at once.
    pub(super) fn until_any(&self, sql: &str) {
        let (mut conn, deadline) = (Self::open(&self.0), Instant::now() + PATIENCE);
        while first(&mut conn, sql).is_none() {
            assert!(Instant::now() < deadline, "no row: {sql}");
        }
    }

    /// Waits until the query has no row.
    pub(super) async fn until_none(&self, sql: &str, patience: Duration) {
        let (mut conn, deadline) = (Self::open(&self.0), Instant::now() + patience);
        while let Some(row) = first(&mut conn, sql) {
            assert!(Instant::now() < deadline, "{row}: {sql}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Returns the results of these queries on a copy, so that the server itself recovers the original.
    pub(super) fn at_rest<const N: usize>(&self, queries: [&str; N]) -> [Option<String>; N] {
        let directory = tempfile::tempdir().expect("a directory");
        let copy = directory.path().join("talk.db");
        std::fs::copy(&self.0, &copy).expect("a copy");
        let log = self.0.with_file_name("talk.db-wal");
        if log.exists() {
            std::fs::copy(log, copy.with_file_name("talk.db-wal")).expect("a copy");
        }
        let mut conn = Self::open(&copy);
        queries.map(|sql| first(&mut conn, sql))
    }
}

/// The column `value` of the first row.
fn first(conn: &mut SqliteConnection, sql: &str) -> Option<String> {
    let rows: Vec<Row> = diesel::sql_query(sql).load(conn).expect(sql);
    rows.into_iter().next().map(|row| row.value)
}

/// Selects the state of the receipt of an event.
pub(super) fn receipt(event: &str) -> String {
    format!("SELECT state AS value FROM talk_receipts WHERE event = '{event}'")
}

/// Selects the delivery of the message with this text.
pub(super) fn delivery(text: &str) -> String {
    format!("SELECT delivery AS value FROM talk_conversation_messages WHERE body = '{text}'")
}

/// Selects `leased` or `waiting` for the job of the message with this text.
pub(super) fn job(text: &str) -> String {
    let messages = "talk_conversation_messages ON id = message_id";
    format!(
        "SELECT iif(is_leased, 'leased', 'waiting') AS value FROM talk_send_jobs JOIN {messages} \
         WHERE body = '{text}'"
    )
}

/// Selects everything that is still to be done.
pub(super) const UNDONE: &str = "SELECT 'a job' AS value FROM talk_send_jobs \
    UNION ALL SELECT 'a receipt' FROM talk_receipts WHERE waiting_since IS NOT NULL";
