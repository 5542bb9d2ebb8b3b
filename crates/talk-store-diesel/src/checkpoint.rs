//! The write-ahead log: settled at the beginning, and short also while somebody is always reading.
//!
//! SQLite copies the log into the database by itself, but begins it anew only at a moment when
//! nobody reads from it, and with readers enough there is none.

use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::Integer;

use crate::connection::AnyConnection;

/// Commits between two looks at the log.
const COMMITS: u32 = 64;

/// The write-ahead log of a database.
pub(crate) struct WriteAheadLog {
    path: PathBuf,
    limit: u64,
    /// When it is tried to empty it.
    due: u64,
    commits: u32,
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
        }
    }

    /// To be called between transactions: empties the log when it is too long. New readers read
    /// the database meanwhile; those of the log are waited for.
    pub(crate) fn committed(&mut self, conn: &mut AnyConnection) {
        self.commits = (self.commits + 1) % COMMITS;
        if self.commits != 0 {
            return;
        }
        let bytes = std::fs::metadata(&self.path).map_or(0, |log| log.len());
        if bytes <= self.due {
            return;
        }
        let emptied = empty(conn);
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

/// Copies what the process before this one left in the log into the database, before more is
/// written: had it failed to sync the log, that would be in the system's memory only, and all that
/// follows it on the disk would be lost with it.
pub(crate) fn settle(conn: &mut AnyConnection) -> QueryResult<()> {
    conn.batch_execute("PRAGMA wal_checkpoint(PASSIVE)")
}

#[derive(QueryableByName)]
struct Checkpoint {
    #[diesel(sql_type = Integer)]
    busy: i32,
}

/// Empties the log; `false` if a reader did not let it within a second.
fn empty(conn: &mut AnyConnection) -> QueryResult<bool> {
    conn.batch_execute("PRAGMA busy_timeout = 1000")?;
    let done = diesel::sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result(conn);
    conn.batch_execute("PRAGMA busy_timeout = 10000")?;
    done.map(|done: Checkpoint| done.busy == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

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
