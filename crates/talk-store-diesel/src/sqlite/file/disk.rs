//! The disk under the database: whether it is full, and a reserve for the next start.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::Connection;
use diesel::connection::InstrumentationEvent;

use crate::error::is_full;
use crate::portable::connection::AnyConnection;

/// Bytes of the reserve: more than SQLite allocates to open a database and read its log.
const RESERVE: usize = 1024 * 1024;

/// Notes whether a statement of a connection found the disk full. Use cases may turn that error into
/// another one, and SQLite may end the whole transaction with it, so it is noted where it occurs.
#[derive(Clone, Default)]
pub(crate) struct FullDisk(Arc<AtomicBool>);

impl FullDisk {
    /// A note of what the statements of `conn` find.
    pub(crate) fn noted_by(conn: &mut AnyConnection) -> Self {
        let noted = Self::default();
        let flag = Arc::clone(&noted.0);
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::FinishQuery {
                error: Some(error), ..
            } = event
                && is_full(error)
            {
                flag.store(true, Ordering::Relaxed);
            }
        });
        noted
    }

    /// Whether the disk was found full since this was called last.
    pub(crate) fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

/// A file that keeps space for the next start: opening a database allocates a little even to read
/// it. A start that finds the disk full gives this space up.
pub(crate) struct Reserve {
    path: PathBuf,
}

impl Reserve {
    /// The reserve of the database at `path`.
    pub(crate) fn of(path: &Path) -> Self {
        let mut reserve = path.as_os_str().to_owned();
        reserve.push("-reserve");
        Self {
            path: reserve.into(),
        }
    }

    /// Gives the space up; `false` if there was none.
    pub(crate) fn release(&self) -> bool {
        std::fs::remove_file(&self.path).is_ok()
    }

    /// Takes the space again, if it is not taken and there is some.
    pub(crate) fn keep(&self) {
        let length = std::fs::metadata(&self.path).map_or(0, |file| file.len());
        if length >= RESERVE as u64 {
            return;
        }
        if let Err(error) = self.allocate() {
            tracing::warn!(%error, "no space is kept for a start on a full disk");
            self.release();
        }
    }

    fn allocate(&self) -> std::io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file: File = options.open(&self.path)?;
        // Written rather than set as a length, which would allocate nothing.
        file.write_all(&vec![0xA5; RESERVE])?;
        file.sync_all()
    }
}
