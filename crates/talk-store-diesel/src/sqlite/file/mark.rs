//! The mark file beside the database names the newest event that was served there.
//!
//! A database that was replaced by an older copy lacks that event. New events would reuse its `seq`
//! with other contents, and a client that resumes would mix both histories. Therefore such a
//! database gets a new epoch at the next start, and resumes are answered with a reset.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use diesel::prelude::*;
use diesel::result::{Error, QueryResult};
use diesel::sql_types::{BigInt, Binary, Text};
use serde::{Deserialize, Serialize};
use talk_domain::kernel::store_error::Cause;
use uuid::Uuid;

use crate::error::OpenError;
use crate::location::Location;
use crate::sqlite::connection;

/// Maximum age of the mark.
const AGE: Duration = Duration::from_secs(1);

/// The newest event of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, QueryableByName)]
struct Mark {
    #[diesel(sql_type = Text)]
    epoch: String,
    /// The chat's id in hexadecimal.
    #[diesel(sql_type = Text)]
    chat: String,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    /// When the event was logged, in microseconds since 1970.
    #[diesel(sql_type = BigInt)]
    tm: i64,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

impl Mark {
    /// Reads the newest event; `None` if there is none yet. Serials rise in commit order.
    fn newest(conn: &mut SqliteConnection) -> QueryResult<Option<Self>> {
        let sql = "SELECT m.value AS epoch, hex(e.stream_id) AS chat, e.seq AS seq, e.tm AS tm \
                   FROM talk_meta m, talk_events e WHERE m.key = 'epoch' ORDER BY e.serial DESC \
                   LIMIT 1";
        diesel::sql_query(sql).get_result(conn).optional()
    }

    /// Returns whether the log of this database has the event, or had it before it expired.
    fn is_in(&self, conn: &mut SqliteConnection) -> QueryResult<bool> {
        let sql = "SELECT COUNT(*) AS n FROM talk_chats c, talk_meta m WHERE m.key = 'epoch' \
                   AND m.value = ?1 AND c.id = ?2 AND c.last_seq >= ?3 AND (c.log_start >= ?3 \
                   OR EXISTS (SELECT 1 FROM talk_events e WHERE e.stream_id = c.id AND e.seq = ?3 \
                   AND e.tm = ?4))";
        let chat = Uuid::parse_str(&self.chat);
        let chat = chat.map_err(|error| Error::DeserializationError(error.into()))?;
        let count = diesel::sql_query(sql)
            .bind::<Text, _>(&self.epoch)
            .bind::<Binary, _>(chat.as_bytes().as_slice())
            .bind::<BigInt, _>(self.seq)
            .bind::<BigInt, _>(self.tm)
            .get_result(conn);
        count.map(|Count { n }| n > 0)
    }
}

/// Renews the epoch of the database at `url` if the mark shows that it is older than the one last
/// served there, and returns the new epoch. Without a mark nothing changes. Must be called with the
/// lock held, before the database is opened.
///
/// # Errors
/// See [`OpenError`].
pub fn renew_if_older(url: &str) -> Result<Option<String>, OpenError> {
    let Location::Sqlite(path) = Location::parse(url)?;
    let Some(mark) = read(&file_of(&path)) else {
        return Ok(None);
    };
    let mut conn = connection::writer(&path)?;
    let renewed = conn.immediate_transaction(|conn| {
        if !connection::has_tables(conn)? || mark.is_in(conn)? {
            return Ok(None);
        }
        connection::renew_epoch(conn).map(Some)
    });
    let renewed =
        renewed.map_err(|error: diesel::result::Error| OpenError::Migrate(error.into()))?;
    if renewed.is_some() {
        // Otherwise the next start would renew the epoch again if no mark was written meanwhile.
        let file = file_of(&path);
        std::fs::remove_file(&file).map_err(|error| OpenError::Create(file, error))?;
    }
    Ok(renewed)
}

/// Rewrites the mark of the database at `url`, if it has one: the chat of the event may have been
/// removed. Must be called after chats were removed while no server runs.
///
/// # Errors
/// See [`OpenError`].
pub fn rewrite_mark(url: &str) -> Result<(), OpenError> {
    let Location::Sqlite(path) = Location::parse(url)?;
    let file = file_of(&path);
    if !file.exists() {
        return Ok(());
    }
    let mut marking = Marking {
        conn: connection::reader(&path).map_err(OpenError::Connect)?,
        file,
        written: None,
        has_failed: false,
    };
    marking.try_update().map_err(OpenError::Connect)
}

/// Returns the path of the mark, beside the file that links lead to.
pub(crate) fn file_of(path: &Path) -> PathBuf {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut name = path.into_os_string();
    name.push(".mark");
    name.into()
}

/// Reads the mark, if there is one. It is not synced and may be damaged after a power failure; a
/// damaged one counts as none.
fn read(file: &Path) -> Option<Mark> {
    let text = match std::fs::read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => {
            tracing::warn!(%error, file = %file.display(), "failed to read the mark beside the database");
            return None;
        }
    };
    match serde_json::from_slice::<Mark>(&text) {
        Ok(mark) if Uuid::parse_str(&mark.chat).is_ok() => Some(mark),
        damaged => {
            let error = damaged.err().map(|error| error.to_string());
            tracing::warn!(error, file = %file.display(), "the mark beside the database is damaged");
            None
        }
    }
}

/// Updates the mark on a thread with its own connection. Dropping it writes the mark a last time.
#[derive(Debug)]
pub struct Marker {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Marker {
    /// Starts the thread for the database at `url`, which is open.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn start(url: &str) -> Result<Self, OpenError> {
        let Location::Sqlite(path) = Location::parse(url)?;
        let mut marking = Marking {
            conn: connection::reader(&path).map_err(OpenError::Connect)?,
            file: file_of(&path),
            written: None,
            has_failed: false,
        };
        let (stop, stopped) = channel::<()>();
        let thread = std::thread::Builder::new()
            .name("talk-mark".into())
            .spawn(move || {
                marking.update();
                while stopped.recv_timeout(AGE) == Err(RecvTimeoutError::Timeout) {
                    marking.update();
                }
                marking.update();
            })
            .map_err(|error| OpenError::Start(error.into()))?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Marker {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has nothing to report.
            let _ = thread.join();
        }
    }
}

struct Marking {
    conn: SqliteConnection,
    file: PathBuf,
    written: Option<Mark>,
    has_failed: bool,
}

impl Marking {
    /// Writes the mark if the newest event has changed. A failure, for example on a full disk, is
    /// logged once until it is over.
    fn update(&mut self) {
        let result = self.try_update();
        match &result {
            Err(error) if !self.has_failed => {
                tracing::warn!(%error, file = %self.file.display(), "failed to write the mark beside the database");
            }
            _ => {}
        }
        self.has_failed = result.is_err();
    }

    fn try_update(&mut self) -> Result<(), Cause> {
        let Some(newest) = Mark::newest(&mut self.conn)? else {
            // There is no event any more: removes the mark.
            return match std::fs::remove_file(&self.file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
                _ => Ok(()),
            };
        };
        if self.written.as_ref() == Some(&newest) {
            return Ok(());
        }
        write(&self.file, &serde_json::to_vec(&newest)?)?;
        self.written = Some(newest);
        Ok(())
    }
}

/// Replaces the file as a whole.
fn write(file: &Path, text: &[u8]) -> std::io::Result<()> {
    let new = file.with_extension("mark-new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&new)?.write_all(text)?;
    std::fs::rename(new, file)
}
