//! Rewrites a database into a file without free pages and with incremental vacuum.

use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection as _;
use diesel::result::Error;

use crate::connection::AnyConnection;
use crate::error::OpenError;
use crate::location::Location;
use crate::sqlite::connection;
use crate::sqlite::file::backup::{
    CopyError, Partial, Step, check_copy, copy_into, sync_directory,
};
use crate::sqlite::file::lock;

/// Free space required beyond the new file, in percent of it.
const SPARE: u64 = 10;

/// The size of the database before and after a vacuum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vacuumed {
    /// Bytes of the file before, its write-ahead log included.
    pub before: u64,
    /// Bytes of the file now.
    pub after: u64,
}

/// Free pages of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreeSpace {
    /// Bytes of its free pages.
    pub free: u64,
    /// Bytes of the database.
    pub all: u64,
    /// Whether a running server gives them back in steps.
    pub is_incremental: bool,
}

/// Rewrites the database at `url` without its free pages: into a new file beside it, which is
/// checked, synced and renamed over it. Its epoch and contents stay the same.
///
/// # Errors
/// See [`CopyError`]; nothing is changed then. [`OpenError::InUse`] beside a server,
/// [`OpenError::BesideCommand`] beside a command.
pub fn vacuum(url: &str, progress: &(dyn Fn(Step) + Sync)) -> Result<Vacuumed, CopyError> {
    let Location::Sqlite(path) = Location::parse(url)?;
    let written = |error| CopyError::Write(path.clone(), error);
    // Resolves symbolic links, so that the link itself stays.
    let path = path.canonicalize().map_err(written)?;
    let locked = lock::take_whole(&path)?;
    let vacuumed = rewrite(&path, progress);
    drop(locked);
    vacuumed
}

/// Returns the free pages of the database at `url`.
///
/// # Errors
/// See [`OpenError`].
pub fn free_space(url: &str) -> Result<FreeSpace, OpenError> {
    let Location::Sqlite(path) = Location::parse(url)?;
    let conn = connection::reader(&path).map_err(OpenError::Connect)?;
    let found = connection::pages(&mut AnyConnection::Sqlite(conn));
    let pages = found.map_err(|error| OpenError::Connect(error.into()))?;
    Ok(FreeSpace {
        free: u64::from(pages.free) * u64::from(pages.size),
        all: u64::from(pages.all) * u64::from(pages.size),
        is_incremental: pages.is_incremental,
    })
}

fn rewrite(path: &Path, progress: &(dyn Fn(Step) + Sync)) -> Result<Vacuumed, CopyError> {
    let written = |error| CopyError::Write(path.to_owned(), error);
    let before = bytes(path);
    let mut guard = AnyConnection::Sqlite(connection::writer(path)?);
    guard
        .batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")
        .map_err(failed)?;
    let pages = connection::pages(&mut guard).map_err(failed)?;
    check_space(
        path,
        u64::from(pages.all - pages.free) * u64::from(pages.size),
    )?;
    let partial = Partial::create(path)?;
    let mut source = connection::source(path)?;
    // The setting is copied. It is stored only in a database that has a list of free pages already.
    source
        .batch_execute("PRAGMA auto_vacuum = INCREMENTAL")
        .map_err(failed)?;
    // Commands of operators write without the lock of the server, so the write lock is held until
    // the end.
    connection::begin(&mut guard).map_err(failed)?;
    copy_into(&mut source, &partial.path, progress)?;
    drop(source);
    progress(Step::Checking);
    let (_, problems) = check_copy(&partial.path)?;
    if !problems.is_empty() {
        return Err(CopyError::Damaged(problems));
    }
    partial.take_owner_of(path).map_err(written)?;
    partial.file.sync_all().map_err(written)?;
    let after = partial.file.metadata().map_err(written)?.len();
    // The last connection removes the write-ahead log, which SQLite would otherwise apply to the
    // new file.
    drop(guard);
    if log_of(path).exists() {
        return Err(CopyError::Busy(path.to_owned()));
    }
    // The new file is locked too, so a server that starts now is refused.
    std::fs::rename(&partial.path, path).map_err(written)?;
    sync_directory(path).map_err(written)?;
    Ok(Vacuumed { before, after })
}

/// Refuses to start without space for `needed` bytes and a margin.
fn check_space(path: &Path, needed: u64) -> Result<(), CopyError> {
    let written = |error: nix::Error| CopyError::Write(path.to_owned(), error.into());
    let directory = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    let disk = nix::sys::statvfs::statvfs(directory.unwrap_or(Path::new(".")));
    let disk = disk.map_err(written)?;
    let free = disk.blocks_available() * disk.fragment_size();
    let needed = needed + needed * SPARE / 100;
    if free < needed {
        return Err(CopyError::NoSpace { needed, free });
    }
    Ok(())
}

/// Bytes of the database and its write-ahead log.
fn bytes(path: &Path) -> u64 {
    let length = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    length(path) + length(&log_of(path))
}

fn log_of(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

fn failed(error: Error) -> CopyError {
    CopyError::Copy(error.into())
}
