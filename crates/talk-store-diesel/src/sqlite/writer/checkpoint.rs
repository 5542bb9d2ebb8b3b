//! Checkpoints of the write-ahead log: at the start, and often enough that it stays short while
//! there are always readers.
//!
//! SQLite copies the log into the database by itself, but restarts the log only when no reader uses
//! it, and with many readers there is no such moment.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::Integer;

use crate::connection::AnyConnection;

/// Commits between two checks of the log's size.
const COMMITS: u32 = 64;
/// Time from an erasure to the first attempt to empty the log, so that several erasures share one.
const ERASED_AFTER: Duration = Duration::from_secs(15);
/// Time between two attempts.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// Milliseconds that an attempt waits for readers; writes are blocked meanwhile.
const ATTEMPT: u32 = 20;
/// Age of erased text in the log after which a warning is logged.
const OVERDUE: Duration = Duration::from_secs(60);
/// Time that a clean stop waits for readers.
const END: Duration = Duration::from_secs(10);
/// Time that the readers of this process may take to close.
const CLOSED_AFTER: Duration = Duration::from_millis(500);

/// The write-ahead log of a database.
pub(crate) struct WriteAheadLog {
    path: PathBuf,
    limit: u64,
    /// The size in bytes at which the next attempt to empty it is made.
    due: u64,
    commits: u32,
    erasure: Option<Erasure>,
}

/// Erased text is in the log.
struct Erasure {
    since: Instant,
    due: Instant,
    has_warned: bool,
}

impl WriteAheadLog {
    /// The log of the database at `path`, which should have at most `limit` bytes.
    pub(crate) fn of(path: &Path, limit: u64) -> Self {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        Self {
            path: log.into(),
            limit,
            due: limit,
            commits: 0,
            erasure: None,
        }
    }

    /// Records that a commit at `now` erased text, so that the log must be emptied soon.
    pub(crate) fn erased(&mut self, now: Instant) {
        self.erasure.get_or_insert(Erasure {
            since: now,
            due: now + ERASED_AFTER,
            has_warned: false,
        });
    }

    /// Returns how long the writer may sleep before it must empty the log.
    pub(crate) fn patience(&self, now: Instant) -> Option<Duration> {
        let erasure = self.erasure.as_ref()?;
        Some(erasure.due.saturating_duration_since(now))
    }

    /// Empties the log if it holds erased text and that is due. Must be called between
    /// transactions. Does not wait for a reader that needs the log, but tries again later.
    pub(crate) fn truncate_erased(&mut self, conn: &mut AnyConnection) {
        let now = Instant::now();
        let Some(mut erasure) = self.erasure.take_if(|erasure| erasure.due <= now) else {
            return;
        };
        if matches!(empty(conn, ATTEMPT), Ok(true)) {
            return;
        }
        if now.duration_since(erasure.since) > OVERDUE && !erasure.has_warned {
            tracing::warn!("a long read keeps deleted text in the write-ahead log");
            erasure.has_warned = true;
        }
        erasure.due = Instant::now() + AGAIN_AFTER;
        self.erasure = Some(erasure);
    }

    /// Copies the log of the previous process into the database before anything is written: if that
    /// process failed to sync the log, its end may be only in the page cache, and a power failure
    /// would lose all later commits too. This also removes deleted text from the log, at once or as
    /// soon as no reader uses it.
    pub(crate) fn settle(&mut self, conn: &mut AnyConnection, now: Instant) -> QueryResult<()> {
        if !empty(conn, ATTEMPT)? {
            self.erased(now);
        }
        Ok(())
    }

    /// Empties the log before the connection is closed. Returns `false` if a reader still uses it.
    pub(crate) fn end(conn: &mut AnyConnection) -> QueryResult<bool> {
        let until = Instant::now() + END;
        while Instant::now() < until {
            if empty(conn, 1_000)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the size of the log in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        std::fs::metadata(&self.path).map_or(0, |log| log.len())
    }

    /// Waits until the file of the log is gone: the last connection removes it when closed.
    /// Connections of this process close at once; another process may keep its own open.
    pub(crate) fn is_gone(&self) -> bool {
        let until = Instant::now() + CLOSED_AFTER;
        while self.path.exists() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(2));
        }
        !self.path.exists()
    }

    /// Empties the log if it is too long. Must be called between transactions. Waits for readers of
    /// the log; new readers use the database.
    pub(crate) fn committed(&mut self, conn: &mut AnyConnection) {
        self.commits = (self.commits + 1) % COMMITS;
        if self.commits != 0 {
            return;
        }
        let bytes = self.bytes();
        if bytes <= self.due {
            return;
        }
        let emptied = empty(conn, 1_000);
        match &emptied {
            Ok(true) => {}
            Ok(false) => tracing::warn!(bytes, "a long read keeps the write-ahead log long"),
            Err(error) => {
                tracing::warn!(%error, bytes, "the write-ahead log is still long, since readers use it");
            }
        }
        self.tried(bytes, matches!(emptied, Ok(true)));
    }

    /// Records an attempt: a long read, for example a backup, raises the size of the next attempt.
    fn tried(&mut self, bytes: u64, is_empty: bool) {
        self.due = if is_empty { self.limit } else { bytes * 2 };
    }
}

#[derive(QueryableByName)]
struct Checkpoint {
    #[diesel(sql_type = Integer)]
    busy: i32,
}

/// Empties the log. Returns `false` if a reader prevented it for `patience` milliseconds; pages
/// that no reader needs are copied into the database in any case.
fn empty(conn: &mut AnyConnection, patience: u32) -> QueryResult<bool> {
    conn.batch_execute(&format!("PRAGMA busy_timeout = {patience}"))?;
    let done = diesel::sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result(conn);
    conn.batch_execute("PRAGMA busy_timeout = 10000")?;
    done.map(|done: Checkpoint| done.busy == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn erased_text_is_due_long_before_a_minute_has_passed() {
        let mut log = WriteAheadLog::of(Path::new("talk.db"), 100);
        let start = Instant::now();
        assert_eq!(log.patience(start), None);
        log.erased(start);
        log.erased(start + Duration::from_secs(10));
        assert_eq!(log.patience(start), Some(ERASED_AFTER));
        assert_eq!(log.patience(start + OVERDUE / 2), Some(Duration::ZERO));
    }

    #[test]
    fn a_read_that_lasts_is_waited_for_less_and_less() {
        let mut log = WriteAheadLog::of(Path::new("talk.db"), 100);
        for bytes in [101, 203, 407] {
            assert!(bytes > log.due);
            log.tried(bytes, false);
            assert!(bytes + bytes / 2 < log.due);
        }
        log.tried(900, true);
        assert_eq!(log.due, 100);
    }
}
