//! One server per database file, whatever name the file has, and no command beside one that puts
//! another file into its place.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::OpenError;
use crate::location::Location;
use crate::sqlite::connection;

/// The lock of a database. Must outlive every connection to it: closing a file drops the locks that
/// `SQLite` has on it in this process.
#[derive(Debug)]
pub struct DatabaseLock {
    file: File,
    path: PathBuf,
}

impl DatabaseLock {
    /// Returns whether a server of another process uses the database. It may start or end at any
    /// time.
    ///
    /// # Errors
    /// If the operating system reports an error.
    pub fn is_served(&self) -> Result<bool, OpenError> {
        let failed = |error| OpenError::Create(self.path.clone(), error);
        is_locked(&self.file, &self.path).map_err(failed)
    }
}

/// The byte of a database file that a lock is on, by its purpose.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    /// Held by a server.
    Server,
    /// Held by an operator's command that writes, with or without a running server.
    Command,
}

/// Whether several processes may hold the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Several may, all of them in this mode.
    Shared,
    /// Only one may.
    Alone,
}

/// Locks the database at `url` for one server, and creates it if there is none. The lock is on the
/// file itself: another path to it, a link or another container makes no difference.
///
/// # Errors
/// [`OpenError::InUse`] if another process has the lock.
pub fn lock(url: &str) -> Result<DatabaseLock, OpenError> {
    let Location::Sqlite(path) = Location::parse(url)?;
    take(&path, (Part::Server, Mode::Alone), OpenError::InUse)
}

/// Locks the database at `url` for a command that writes to it, and creates it if there is none.
/// Other commands and a server may use it at the same time, but no restore or vacuum may
/// replace the file.
///
/// # Errors
/// [`OpenError::BesideCommand`] while a restore or vacuum replaces the file.
pub fn lock_for_command(url: &str) -> Result<DatabaseLock, OpenError> {
    let Location::Sqlite(path) = Location::parse(url)?;
    let in_use = OpenError::BesideCommand;
    take(&path, (Part::Command, Mode::Shared), in_use)
}

/// Locks the database at `path` against servers and commands, so that its file can be replaced.
///
/// # Errors
/// [`OpenError::InUse`] beside a server, [`OpenError::BesideCommand`] beside a command.
pub(crate) fn take_whole(path: &Path) -> Result<[DatabaseLock; 2], OpenError> {
    let server = take(path, (Part::Server, Mode::Alone), OpenError::InUse)?;
    let in_use = OpenError::BesideCommand;
    let commands = take(path, (Part::Command, Mode::Alone), in_use)?;
    Ok([server, commands])
}

fn take(path: &Path, what: (Part, Mode), in_use: OpenError) -> Result<DatabaseLock, OpenError> {
    let failed = |error| OpenError::Create(path.to_owned(), error);
    loop {
        let file = connection::create(path).map_err(failed)?;
        if !try_lock(&file, path, what).map_err(failed)? {
            return Err(in_use);
        }
        // A restore may have put another file there between the two calls.
        if leads_to(path, &file).map_err(failed)? {
            let path = path.to_owned();
            return Ok(DatabaseLock { file, path });
        }
    }
}

/// Returns whether `path` is still a name of the open `file`.
pub(crate) fn leads_to(path: &Path, file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;

    let named = match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        named => named?,
    };
    let open = file.metadata()?;
    Ok((named.dev(), named.ino()) == (open.dev(), open.ino()))
}

/// An open-file-description lock: it belongs to `file`, so that `SQLite` opening and closing the
/// database in this process does not drop it, as it would an ordinary `fcntl` lock. It is a byte
/// behind those that `SQLite` locks itself (510 from 1 GiB on).
#[cfg(target_os = "linux")]
pub(crate) fn try_lock(file: &File, _: &Path, (part, mode): (Part, Mode)) -> io::Result<bool> {
    use nix::errno::Errno;
    use nix::fcntl::{FcntlArg, fcntl};

    match fcntl(file, FcntlArg::F_OFD_SETLK(&range(part, mode)?)) {
        Ok(_) => Ok(true),
        Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Returns whether another process serves the database.
#[cfg(target_os = "linux")]
fn is_locked(file: &File, _: &Path) -> io::Result<bool> {
    use nix::fcntl::{FcntlArg, fcntl};
    use nix::libc;

    let mut range = range(Part::Server, Mode::Alone)?;
    fcntl(file, FcntlArg::F_OFD_GETLK(&mut range))?;
    Ok(i32::from(range.l_type) != libc::F_UNLCK)
}

/// The byte that is locked, and how.
#[cfg(target_os = "linux")]
fn range(part: Part, mode: Mode) -> io::Result<nix::libc::flock> {
    use nix::libc;

    const SERVER: libc::off_t = 0x4000_0000 + 1_024;

    let kind = match mode {
        Mode::Shared => libc::F_RDLCK,
        Mode::Alone => libc::F_WRLCK,
    };
    Ok(libc::flock {
        l_type: i16::try_from(kind).map_err(io::Error::other)?,
        l_whence: i16::try_from(libc::SEEK_SET).map_err(io::Error::other)?,
        l_start: match part {
            Part::Server => SERVER,
            Part::Command => SERVER + 1,
        },
        l_len: 1,
        l_pid: 0,
    })
}

/// On other systems, locks a file beside the database, found through links.
#[cfg(not(target_os = "linux"))]
pub(crate) fn try_lock(_: &File, path: &Path, (part, mode): (Part, Mode)) -> io::Result<bool> {
    use std::fs::TryLockError;

    let lock = lock_beside(path, part)?;
    let locked = match mode {
        Mode::Shared => lock.try_lock_shared(),
        Mode::Alone => lock.try_lock(),
    };
    match locked {
        Ok(()) => {
            // It is held until the process ends.
            std::mem::forget(lock);
            Ok(true)
        }
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Returns whether another process serves the database.
#[cfg(not(target_os = "linux"))]
fn is_locked(_: &File, path: &Path) -> io::Result<bool> {
    use std::fs::TryLockError;

    match lock_beside(path, Part::Server)?.try_lock() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(not(target_os = "linux"))]
fn lock_beside(path: &Path, part: Part) -> io::Result<File> {
    let mut name = path.canonicalize()?.into_os_string();
    name.push(match part {
        Part::Server => ".lock",
        Part::Command => ".commands",
    });
    File::options().create(true).append(true).open(name)
}
