//! Copies a database into one file while a server may serve it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use diesel::migration::MigrationSource;
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::Sqlite;
use diesel_migrations::MigrationHarness as _;
use talk_domain::kernel::store_error::Cause;

use crate::error::OpenError;
use crate::location::Location;
use crate::sqlite::connection;
use crate::sqlite::file::examine::examine_file;
use crate::sqlite::file::files::{self, FileCopies, Named};
use crate::sqlite::file::lock::{self, Mode, Part};

/// How often a snapshot is tried while files are deleted.
const ATTEMPTS: usize = 5;

/// Interval of progress reports.
const TICK: Duration = Duration::from_millis(100);

/// Reasons why a copy failed.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// One of the databases was not opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The file exists already.
    #[error("{} exists, and is not overwritten", .0.display())]
    Exists(PathBuf),
    /// There is no file to restore.
    #[error("{} cannot be read", .0.display())]
    Source(PathBuf, #[source] io::Error),
    /// The file to restore has no tables.
    #[error("{} is empty", .0.display())]
    Empty(PathBuf),
    /// Another process writes the same file.
    #[error("another process is writing {}", .0.display())]
    Busy(PathBuf),
    /// The database was not copied.
    #[error("failed to copy the database")]
    Copy(#[source] Cause),
    /// The copy has errors.
    #[error("the copy is damaged: {}", .0.join("; "))]
    Damaged(Vec<String>),
    /// The bytes of files were not copied.
    #[error("failed to copy the files")]
    Files(#[source] io::Error),
    /// Files were deleted during each attempt to copy them with their rows.
    #[error("files are deleted faster than they are copied; try again")]
    FilesChange,
    /// Rows of the database name files whose bytes are not there.
    #[error("the bytes of {0} files are missing")]
    FilesMissing(usize),
    /// The new file has no space.
    #[error("{needed} bytes are needed beside the database, and {free} are free")]
    NoSpace {
        /// Bytes that are needed.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// The copy could not be written or put into its place.
    #[error("failed to write {}", .0.display())]
    Write(PathBuf, #[source] io::Error),
}

/// The progress of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Bytes are copied.
    Copying {
        /// Bytes written so far.
        bytes: u64,
        /// Expected maximum of bytes.
        total: u64,
    },
    /// The copy is read in full and checked.
    Checking,
}

/// The contents of a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Its size.
    pub bytes: u64,
    /// The epoch of the database.
    pub epoch: String,
    /// How many messages are in it.
    pub messages: u64,
    /// How many events are in it.
    pub events: u64,
    /// How many files its rows name.
    pub files: u64,
    /// Bytes of these files.
    pub file_bytes: u64,
    /// Files whose bytes were missing when they were to be copied.
    pub lost_files: usize,
    /// Whether its contents were checked, and not only the file: a database that an older version
    /// of Talk has written is checked once it is migrated.
    pub is_examined: bool,
}

/// Copies the database at `url` into the new file `target`, and the bytes of its files: one snapshot,
/// with everything that was acknowledged before the call. The file gets its name only once it is
/// complete, checked and synced.
///
/// # Errors
/// See [`CopyError`]; then there is no file `target`.
pub fn backup(
    url: &str,
    target: &Path,
    copies: &mut dyn FileCopies,
    progress: &(dyn Fn(Step) + Sync),
) -> Result<Backup, CopyError> {
    let Location::Sqlite(path) = Location::parse(url)?;
    if target.symlink_metadata().is_ok() {
        return Err(CopyError::Exists(target.to_owned()));
    }
    let partial = Partial::create(target)?;
    copies.begin().map_err(CopyError::Files)?;
    let made = fill(&path, &partial, copies, progress);
    let made = made.and_then(|backup| partial.publish(target).map(|()| backup));
    if made.is_err() {
        copies.abandon();
    }
    made
}

/// Copies a database with the bytes of its files, and checks the copy.
fn fill(
    path: &Path,
    partial: &Partial,
    copies: &mut dyn FileCopies,
    progress: &(dyn Fn(Step) + Sync),
) -> Result<Backup, CopyError> {
    let mut source = connection::source(path)?;
    let named = snapshot(&mut source, partial, copies, progress)?;
    drop(source);
    progress(Step::Checking);
    let backup = partial.describe(&named)?;
    let (is_examined, problems) = check_copy(&partial.path)?;
    if !problems.is_empty() {
        return Err(CopyError::Damaged(problems));
    }
    copies.publish(&named.files).map_err(CopyError::Files)?;
    Ok(Backup {
        is_examined,
        ..backup
    })
}

/// Copies a database and the bytes of its files. A server may delete files meanwhile: their bytes are
/// copied before the snapshot, and those of files that are new in it afterwards. If one of the latter
/// was deleted already, everything is tried again.
fn snapshot(
    source: &mut SqliteConnection,
    partial: &Partial,
    copies: &mut dyn FileCopies,
    progress: &(dyn Fn(Step) + Sync),
) -> Result<Named, CopyError> {
    for _ in 0..ATTEMPTS {
        files::copy(source, copies)?;
        let emptied = partial.file.set_len(0);
        emptied.map_err(|error| CopyError::Write(partial.path.clone(), error))?;
        copy_into(source, &partial.path, progress)?;
        let mut copy = connection::reader(&partial.path).map_err(CopyError::Copy)?;
        let named = files::copy(&mut copy, copies)?;
        let is_changed = files::lacks_any(source, &named.missing);
        if !is_changed.map_err(|error| CopyError::Copy(error.into()))? {
            return Ok(named);
        }
    }
    Err(CopyError::FilesChange)
}

/// Writes a snapshot of `source` into the empty file at `target`.
pub(crate) fn copy_into(
    source: &mut SqliteConnection,
    target: &Path,
    progress: &(dyn Fn(Step) + Sync),
) -> Result<(), CopyError> {
    let failed = |error: diesel::result::Error| CopyError::Copy(error.into());
    let total = size(source).map_err(failed)?;
    let name = target.to_str().ok_or("the path is not UTF-8");
    let name = name.map_err(|error| CopyError::Copy(error.into()))?;
    let (done, is_done) = channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            while is_done.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                let bytes = std::fs::metadata(target).map_or(0, |file| file.len());
                progress(Step::Copying { bytes, total });
            }
        });
        let copied = diesel::sql_query("VACUUM INTO ?")
            .bind::<Text, _>(name)
            .execute(source);
        drop(done);
        copied.map(drop).map_err(failed)
    })
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Contents {
    #[diesel(sql_type = Text)]
    epoch: String,
    #[diesel(sql_type = BigInt)]
    messages: i64,
    #[diesel(sql_type = BigInt)]
    events: i64,
}

#[derive(QueryableByName)]
struct Finding {
    #[diesel(sql_type = Text)]
    integrity_check: String,
}

fn size(conn: &mut SqliteConnection) -> QueryResult<u64> {
    let sql = "SELECT p.page_count * s.page_size AS n FROM pragma_page_count() p, \
               pragma_page_size() s";
    let Number { n } = diesel::sql_query(sql).get_result(conn)?;
    Ok(u64::try_from(n).unwrap_or(0))
}

/// Reads a copy in full. Returns whether its contents were checked, and not only the file, and what is
/// wrong.
pub(crate) fn check_copy(path: &Path) -> Result<(bool, Vec<String>), CopyError> {
    if is_current(path)? {
        Ok((true, examine_file(path)?))
    } else {
        Ok((false, file_problems(path)?))
    }
}

/// Whether this version of Talk wrote the tables: an older one is migrated first.
fn is_current(path: &Path) -> Result<bool, CopyError> {
    let mut conn = connection::reader(path).map_err(CopyError::Copy)?;
    let known = MigrationSource::<Sqlite>::migrations(&connection::MIGRATIONS);
    let known = known.map_err(CopyError::Copy)?.len();
    let applied = conn.applied_migrations().map_err(CopyError::Copy)?.len();
    Ok(applied == known)
}

fn file_problems(path: &Path) -> Result<Vec<String>, CopyError> {
    let mut conn = connection::reader(path).map_err(CopyError::Copy)?;
    let findings = diesel::sql_query("PRAGMA integrity_check").load(&mut conn);
    let findings: Vec<Finding> = findings.map_err(|error| CopyError::Copy(error.into()))?;
    let findings = findings.into_iter().map(|finding| finding.integrity_check);
    Ok(findings.filter(|finding| finding != "ok").collect())
}

/// A temporary file beside its target, accessible by this user alone. It is removed unless
/// completed; one that a killed process left is reused.
pub(crate) struct Partial {
    pub(crate) path: PathBuf,
    /// Locked while it is written.
    pub(crate) file: File,
}

impl Partial {
    /// Creates the file `<target>.partial`, empty.
    pub(crate) fn create(target: &Path) -> Result<Self, CopyError> {
        let mut path = target.as_os_str().to_owned();
        path.push(".partial");
        let path = PathBuf::from(path);
        let failed = |error| CopyError::Write(path.clone(), error);
        loop {
            let mut options = File::options();
            options.read(true).write(true).create(true).truncate(false);
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let file = options.open(&path).map_err(failed)?;
            if !lock::try_lock(&file, &path, (Part::Server, Mode::Alone)).map_err(failed)? {
                return Err(CopyError::Busy(target.to_owned()));
            }
            // The process that held the lock may have renamed the file meanwhile.
            if lock::leads_to(&path, &file).map_err(failed)? {
                file.set_len(0).map_err(failed)?;
                return Ok(Self { path, file });
            }
        }
    }

    /// Copies the owner and the permissions of the file that it will replace.
    pub(crate) fn take_owner_of(&self, other: &Path) -> io::Result<()> {
        use std::os::unix::fs::{MetadataExt as _, fchown};

        let other = std::fs::metadata(other)?;
        let own = self.file.metadata()?;
        if (own.uid(), own.gid()) != (other.uid(), other.gid()) {
            fchown(&self.file, Some(other.uid()), Some(other.gid()))?;
        }
        self.file.set_permissions(other.permissions())
    }

    /// Reads its contents.
    pub(crate) fn describe(&self, named: &Named) -> Result<Backup, CopyError> {
        let mut conn = connection::reader(&self.path).map_err(CopyError::Copy)?;
        let sql = "SELECT (SELECT value FROM talk_meta WHERE key = 'epoch') AS epoch, \
                   (SELECT COUNT(*) FROM talk_messages) AS messages, \
                   (SELECT COUNT(*) FROM talk_events) AS events";
        let contents = diesel::sql_query(sql).get_result(&mut conn);
        let contents: Contents = contents.map_err(|error| CopyError::Copy(error.into()))?;
        let bytes = self.file.metadata();
        let bytes = bytes.map_err(|error| CopyError::Write(self.path.clone(), error))?;
        Ok(Backup {
            bytes: bytes.len(),
            epoch: contents.epoch,
            messages: u64::try_from(contents.messages).unwrap_or(0),
            events: u64::try_from(contents.events).unwrap_or(0),
            files: named.files.len() as u64,
            file_bytes: named.bytes,
            lost_files: named.missing.len(),
            is_examined: true,
        })
    }

    /// Syncs the file and gives it its name, unless there is a file of that name.
    fn publish(self, target: &Path) -> Result<(), CopyError> {
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::AlreadyExists => CopyError::Exists(target.to_owned()),
            _ => CopyError::Write(target.to_owned(), error),
        };
        self.file.sync_all().map_err(failed)?;
        // A hard link never replaces an existing file, as renaming would.
        std::fs::hard_link(&self.path, target).map_err(failed)?;
        std::fs::remove_file(&self.path).map_err(failed)?;
        sync_directory(target).map_err(failed)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // The lock is still held. A file that cannot be removed is reused by the next process.
        let is_here = lock::leads_to(&self.path, &self.file).unwrap_or(false);
        if is_here {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Makes the names in the directory of `path` durable.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}
