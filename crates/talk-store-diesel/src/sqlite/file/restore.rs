//! Replaces a database with a backup.

use std::io;
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection as _;
use talk_domain::kernel::store_error::Cause;

use crate::error::OpenError;
use crate::location::Location;
use crate::sqlite::connection;
use crate::sqlite::file::backup::{Backup, CopyError, Partial, Step, copy_into, sync_directory};
use crate::sqlite::file::examine::examine_file;
use crate::sqlite::file::files::{self, FileCopies, Named};
use crate::sqlite::file::{lock, mark};

/// The options of a restore.
#[derive(Clone, Copy, Debug)]
pub struct Restore<'a> {
    /// The backup.
    pub source: &'a Path,
    /// Whether an existing database is moved aside.
    pub is_replacing: bool,
    /// Whether files may be without bytes.
    pub is_without_files: bool,
    /// Suffix for the name of the database that is moved aside.
    pub stamp: &'a str,
}

/// Replaces the database at `url` with a backup, migrated, checked, with a new epoch, and with the
/// bytes of its files. Returns its contents, and the path of the former database.
///
/// # Errors
/// See [`CopyError`]; nothing is changed then, unless the last step fails, which makes the new name
/// durable. [`OpenError::InUse`] beside a server,
/// [`OpenError::BesideCommand`] beside a command.
pub fn restore(
    url: &str,
    restore: Restore<'_>,
    copies: &mut dyn FileCopies,
    progress: &(dyn Fn(Step) + Sync),
) -> Result<(Backup, Option<PathBuf>), CopyError> {
    let Location::Sqlite(path) = Location::parse(url)?;
    let no_source = |error| CopyError::Source(restore.source.to_owned(), error);
    std::fs::File::open(restore.source).map_err(no_source)?;
    let existed = path.exists();
    let locked = lock::take_whole(&path)?;
    let replaced = replace(&path, restore, copies, progress);
    if replaced.is_err() {
        copies.abandon();
    }
    if replaced.is_err() && !existed {
        // The empty file that taking the lock created.
        let _ = std::fs::remove_file(&path);
    }
    // From here on the new database is in place, and the copies belong to it.
    let synced = replaced.and_then(|found| {
        // Through symbolic links, as above.
        let synced = path.canonicalize().and_then(|path| sync_directory(&path));
        synced.map_err(|error| CopyError::Write(path, error))?;
        Ok(found)
    });
    drop(locked);
    synced
}

fn replace(
    path: &Path,
    restore: Restore<'_>,
    copies: &mut dyn FileCopies,
    progress: &(dyn Fn(Step) + Sync),
) -> Result<(Backup, Option<PathBuf>), CopyError> {
    let written = |error| CopyError::Write(path.to_owned(), error);
    // Resolves symbolic links, so that the link itself stays.
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
    let backup = partial.describe(&with_files(&partial, restore, copies)?)?;
    partial.file.sync_all().map_err(written)?;
    let kept = if is_empty {
        None
    } else {
        Some(set_aside(path, restore.stamp).map_err(written)?)
    };
    // The new file is locked too, so a server that starts now is refused.
    std::fs::rename(&partial.path, path).map_err(written)?;
    let _ = std::fs::remove_file(mark::file_of(path));
    Ok((backup, kept))
}

/// Brings the bytes of the files of a copy into their place. They are exempt from sweeps until the
/// server starts, which is after their rows are in place.
fn with_files(
    partial: &Partial,
    restore: Restore<'_>,
    copies: &mut dyn FileCopies,
) -> Result<Named, CopyError> {
    copies.begin().map_err(CopyError::Files)?;
    let mut conn = connection::reader(&partial.path).map_err(CopyError::Copy)?;
    let named = files::copy(&mut conn, copies)?;
    if !named.missing.is_empty() && !restore.is_without_files {
        return Err(CopyError::FilesMissing(named.missing.len()));
    }
    copies.publish(&named.files).map_err(CopyError::Files)?;
    Ok(named)
}

/// Migrates a copy and renews its epoch, so that positions in the original cannot be resumed from.
fn renew(path: &Path) -> Result<(), CopyError> {
    let mut conn = connection::copy(path)?;
    let failed = |cause: Cause| CopyError::Open(OpenError::Migrate(cause));
    connection::migrate(&mut conn).map_err(failed)?;
    let renewed = connection::renew_epoch(&mut conn);
    renewed.map(drop).map_err(|error| failed(error.into()))
}

/// Renames the database and its write-ahead log. No log may be left, since `SQLite` would apply it
/// to the new database.
fn set_aside(path: &Path, stamp: &str) -> io::Result<PathBuf> {
    // Opening and closing empties the log. A database that cannot be opened is moved with its log.
    if let Ok(mut conn) = connection::writer(path) {
        let emptied = conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)");
        if let Err(error) = emptied {
            tracing::warn!(%error, "the write-ahead log is moved with its database");
        }
    }
    let kept = with_suffix(path, &format!(".replaced-{stamp}"));
    // A second name first, so that there is a database at the path at any time.
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
