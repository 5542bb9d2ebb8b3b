//! The write-ahead log: settled at the beginning, and short also while somebody is always reading.
//!
//! SQLite copies the log into the database by itself, but begins it anew only at a moment when
//! nobody reads from it, and with readers enough there is none.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::Integer;

use crate::portable::connection::AnyConnection;

/// Commits between two looks at the log.
const COMMITS: u32 = 64;
/// How long erased text may stay in the log before the first attempt to empty it; what else is
/// erased meanwhile goes with it.
const ERASED_AFTER: Duration = Duration::from_secs(15);
/// Time between two attempts.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// How long an attempt waits for readers, in milliseconds; nobody can write meanwhile.
const ATTEMPT: u32 = 20;
/// Erased text that stays longer than this is worth a warning.
const OVERDUE: Duration = Duration::from_secs(60);
/// How long a clean end waits for readers.
const END: Duration = Duration::from_secs(10);
/// How long the readers of this process may take to close.
const CLOSED_AFTER: Duration = Duration::from_millis(500);

/// The write-ahead log of a database.
pub(crate) struct WriteAheadLog {
    path: PathBuf,
    limit: u64,
    /// When it is tried to empty it.
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
    /// That of the database at `path`, which is to have `limit` bytes at most.
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

    /// Text was erased by a commit at `now`: the log is to be emptied soon.
    pub(crate) fn erased(&mut self, now: Instant) {
        self.erasure.get_or_insert(Erasure {
            since: now,
            due: now + ERASED_AFTER,
            has_warned: false,
        });
    }

    /// How long the writer may sleep before it must empty the log.
    pub(crate) fn patience(&self, now: Instant) -> Option<Duration> {
        let erasure = self.erasure.as_ref()?;
        Some(erasure.due.saturating_duration_since(now))
    }

    /// To be called between transactions: empties the log of erased text when that is due. A reader
    /// that still needs the log is not waited for; the next attempt follows.
    pub(crate) fn forget_erased(&mut self, conn: &mut AnyConnection) {
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

    /// Copies what the process before this one left in the log into the database, before more is
    /// written: had it failed to sync the log, that would be in the system's memory only, and all
    /// that follows it on the disk would be lost with it. Deleted text goes from the log with it,
    /// at once or as soon as nobody reads from it.
    pub(crate) fn settle(&mut self, conn: &mut AnyConnection, now: Instant) -> QueryResult<()> {
        if !empty(conn, ATTEMPT)? {
            self.erased(now);
        }
        Ok(())
    }

    /// Empties the log before the connection is closed; `false` if somebody still reads from it.
    pub(crate) fn end(conn: &mut AnyConnection) -> QueryResult<bool> {
        let until = Instant::now() + END;
        while Instant::now() < until {
            if empty(conn, 1_000)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Bytes of the log.
    pub(crate) fn bytes(&self) -> u64 {
        std::fs::metadata(&self.path).map_or(0, |log| log.len())
    }

    /// Waits until the log's file is gone, which the last connection removes when it is closed. Those
    /// of this process are closed at once; another process may keep its own for as long as it likes.
    pub(crate) fn is_gone(&self) -> bool {
        let until = Instant::now() + CLOSED_AFTER;
        while self.path.exists() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(2));
        }
        !self.path.exists()
    }

    /// To be called between transactions: empties the log when it is too long. New readers read
    /// the database meanwhile; those of the log are waited for.
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
            Err(error) => tracing::warn!(%error, bytes, "the write-ahead log stays long"),
        }
        self.tried(bytes, matches!(emptied, Ok(true)));
    }

    /// A read that lasts, for example of a backup, is not waited for again and again.
    fn tried(&mut self, bytes: u64, is_empty: bool) {
        self.due = if is_empty { self.limit } else { bytes * 2 };
    }
}

#[derive(QueryableByName)]
struct Checkpoint {
    #[diesel(sql_type = Integer)]
    busy: i32,
}

/// Empties the log; `false` if a reader did not let it within `patience` milliseconds. What no reader
/// needs is copied into the database in any case.
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
