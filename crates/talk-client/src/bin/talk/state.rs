//! Files that are replaced as a whole.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use talk_client::Positions;

/// Replaces a file, which nobody else may read, in one step.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(format!(".{}", std::process::id()));
    let new = path.with_file_name(name);
    let written = replace(&new, path, bytes);
    if written.is_err() {
        // What could not be completed is of no use to anybody.
        let _ = fs::remove_file(&new);
    }
    written.with_context(|| path.display().to_string())
}

fn replace(new: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    options.mode(0o600);
    let mut file = options.open(new)?;
    file.write_all(bytes)?;
    file.sync_data()?;
    fs::rename(new, path)
}

/// Where a tail has got to, in a file; without one it is not kept.
pub(crate) struct State(pub(crate) Option<PathBuf>);

impl State {
    /// What was kept; none yet if there is no file.
    pub(crate) fn load(&self) -> anyhow::Result<Positions> {
        let Some(path) = &self.0 else {
            return Ok(Positions::default());
        };
        match fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| path.display().to_string()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Positions::default()),
            Err(error) => Err(error).with_context(|| path.display().to_string()),
        }
    }

    pub(crate) fn keep(&self, positions: &Positions) -> anyhow::Result<()> {
        match &self.0 {
            Some(path) => write_private(path, &serde_json::to_vec(positions)?),
            None => Ok(()),
        }
    }
}
