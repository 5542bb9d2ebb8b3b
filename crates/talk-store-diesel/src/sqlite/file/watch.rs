//! Watches that the files of an open database are not moved or removed.
//!
//! A moved or removed file is still written to through its open handle, and acknowledged changes
//! would be lost at the next start.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::error::OpenError;
use crate::options::FatalHook;
use crate::sqlite::health::Health;

/// Interval between two checks.
const INTERVAL: Duration = Duration::from_millis(250);

/// A running watch, which ends when dropped.
pub(crate) struct Watch {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// A file of the database, with its identity once it exists.
struct Watched {
    path: PathBuf,
    identity: Option<Identity>,
}

/// Device and number of a file.
type Identity = (u64, u64);

impl Watch {
    /// Watches the database at `path`. The store fails when a file of it has vanished.
    pub(crate) fn start(
        path: &Path,
        health: Arc<Health>,
        on_fatal: Option<FatalHook>,
    ) -> Result<Self, OpenError> {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let mut files = [Watched::at(path.to_owned()), Watched::at(log.into())];
        let (stop, stopped) = channel();
        let thread = std::thread::Builder::new()
            .name("talk-watch".into())
            .spawn(move || {
                while matches!(
                    stopped.recv_timeout(INTERVAL),
                    Err(RecvTimeoutError::Timeout)
                ) {
                    let Some(gone) = files.iter_mut().find_map(Watched::vanished) else {
                        continue;
                    };
                    let reason = format!("{} was moved or removed", gone.display());
                    health.fail();
                    tracing::error!(reason, "a file of the open database has vanished");
                    if let Some(hook) = &on_fatal {
                        hook(&reason);
                    }
                    return;
                }
            })
            .map_err(|error| OpenError::Start(error.into()))?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

impl Watched {
    fn at(path: PathBuf) -> Self {
        let identity = identity(&path).ok();
        Self { path, identity }
    }

    /// Returns the path if there is another file or none now. Other errors are ignored.
    fn vanished(&mut self) -> Option<PathBuf> {
        let is_there = match (identity(&self.path), self.identity) {
            (Ok(now), Some(before)) => now == before,
            (Ok(now), None) => {
                self.identity = Some(now);
                true
            }
            (Err(error), Some(_)) => error.kind() != std::io::ErrorKind::NotFound,
            (Err(_), None) => true,
        };
        (!is_there).then(|| self.path.clone())
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> std::io::Result<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).map(|file| (file.dev(), file.ino()))
}

/// On other systems an open file cannot be moved or removed.
#[cfg(not(unix))]
fn identity(path: &Path) -> std::io::Result<Identity> {
    std::fs::metadata(path).map(|_| (0, 0))
}
