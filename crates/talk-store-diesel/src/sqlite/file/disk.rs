//! Detects a full disk, and reserves space for the next start.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::Connection;
use diesel::connection::InstrumentationEvent;

use crate::connection::AnyConnection;
use crate::sqlite::fault::is_full;

/// Bytes of the reserve: more than SQLite allocates to open a database and read its log.
const RESERVE: usize = 1024 * 1024;

/// A flag that is set when a statement of a connection finds the disk full. It is set where the
/// error occurs, since use cases may convert the error and SQLite may end the transaction with it.
#[derive(Clone, Default)]
pub(crate) struct FullDisk(Arc<AtomicBool>);

impl FullDisk {
    /// Creates a flag that the statements of `conn` set.
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

    /// Returns and clears the flag.
    pub(crate) fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

/// A file that reserves space for the next start: opening a database allocates a little even for
/// reads. A start on a full disk frees this space.
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

    /// Frees the space; `false` if there was none.
    pub(crate) fn release(&self) -> bool {
        std::fs::remove_file(&self.path).is_ok()
    }

    /// Reserves the space again, if it is not reserved and there is enough.
    pub(crate) fn keep(&self) {
        let length = std::fs::metadata(&self.path).map_or(0, |file| file.len());
        if length >= RESERVE as u64 {
            return;
        }
        if let Err(error) = self.allocate() {
            tracing::warn!(%error, "failed to reserve space for a start on a full disk");
            self.release();
        }
    }

    fn allocate(&self) -> std::io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file: File = options.open(&self.path)?;
        // Written, since setting the length alone would allocate nothing.
        file.write_all(&vec![0xA5; RESERVE])?;
        file.sync_all()
    }
}
