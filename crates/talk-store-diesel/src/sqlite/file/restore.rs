//! Puts a backup into the place of a database.

use std::io;
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection as _;
use talk_domain::store::Cause;

use crate::error::OpenError;
use crate::location::Location;
use crate::sqlite::connection;
use crate::sqlite::file::backup::{Backup, CopyError, Partial, Step, copy_into, sync_directory};
use crate::sqlite::file::examine::examine_file;
use crate::sqlite::file::{lock, mark};

/// What is restored, and how.
#[derive(Clone, Copy, Debug)]
pub struct Restore<'a> {
    /// The backup.
    pub source: &'a Path,
    /// Whether a database that is there is moved aside.
    pub is_replacing: bool,
    /// What distinguishes the name of the database that is moved aside.
    pub stamp: &'a str,
}

/// Puts a backup into the place of the database at `url`, migrated, checked, and with a new epoch.
/// Returns what it holds, and where the database is that was there before.
///
/// # Errors
/// See [`CopyError`]; then everything is as before. [`OpenError::InUse`] beside a server,
/// [`OpenError::BesideCommand`] beside a command.
pub fn restore(
    url: &str,
    restore: Restore<'_>,
    progress: &(dyn Fn(Step) + Sync),
) -> Result<(Backup, Option<PathBuf>), CopyError> {
    let Location::Sqlite(path) = Location::parse(url)?;
    let no_source = |error| CopyError::Source(restore.source.to_owned(), error);
    std::fs::File::open(restore.source).map_err(no_source)?;
    let existed = path.exists();
    let locked = lock::take_whole(&path)?;
    let replaced = replace(&path, restore, progress);
    if replaced.is_err() && !existed {
        // Made by the lock, and still empty.
        let _ = std::fs::remove_file(&path);
    }
    drop(locked);
    replaced
}

fn replace(
    path: &Path,
    restore: Restore<'_>,
    progress: &(dyn Fn(Step) + Sync),
) -> Result<(Backup, Option<PathBuf>), CopyError> {
    let written = |error| CopyError::Write(path.to_owned(), error);
    // Behind a symbolic link, so that the link stays one.
    let path = &path.canonicalize().map_err(written)?;
    let is_empty = path.metadata().map_err(written)?.len() == 0;
    if !is_empty && !restore.is_replacing {
        return Err(CopyError::Exists(path.clone()));
    }
    let partial = Partial::create(path)?;
    let mut source = connection::source(restore.source)?;
    let has_tables = connection::has_tables(&mut source);
    if !has_tables.map_err(|error| CopyError::Copy(error.into()))? {
        return Err(CopyError::Empty(restore.source.to_owned()));
    }
    copy_into(&mut source, &partial.path, progress)?;
    drop(source);
    progress(Step::Checking);
    renew(&partial.path)?;
    let problems = examine_file(&partial.path)?;
    if !problems.is_empty() {
        return Err(CopyError::Damaged(problems));
    }
    let backup = partial.describe()?;
    partial.file.sync_all().map_err(written)?;
    let kept = if is_empty {
        None
    } else {
        Some(set_aside(path, restore.stamp).map_err(written)?)
    };
    // A server that starts now finds the new file locked until this is over.
    std::fs::rename(&partial.path, path).map_err(written)?;
    let _ = std::fs::remove_file(mark::file_of(path));
    sync_directory(path).map_err(written)?;
    Ok((backup, kept))
}

/// Migrates a copy and gives its log another identity: positions of the log it was copied from do
/// not count in this one.
fn renew(path: &Path) -> Result<(), CopyError> {
    let mut conn = connection::copy(path)?;
    let failed = |cause: Cause| CopyError::Open(OpenError::Migrate(cause));
    connection::migrate(&mut conn).map_err(failed)?;
    let renewed = connection::renew_epoch(&mut conn);
    renewed.map(drop).map_err(|error| failed(error.into()))
}

/// Gives the database and its write-ahead log another name, and leaves no log behind: `SQLite` would
/// apply it to the database that comes.
fn set_aside(path: &Path, stamp: &str) -> io::Result<PathBuf> {
    // A log that is empty needs no name. A database that cannot be opened is moved with its log.
    if let Ok(mut conn) = connection::writer(path) {
        let emptied = conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)");
        if let Err(error) = emptied {
            tracing::warn!(%error, "the write-ahead log is moved with its database");
        }
    }
    let kept = with_suffix(path, &format!(".replaced-{stamp}"));
    // Two names for a moment: there is always a database in its place.
    std::fs::hard_link(path, &kept)?;
    for end in ["-wal", "-shm"] {
        match std::fs::rename(with_suffix(path, end), with_suffix(&kept, end)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(kept)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
