//! Files that are replaced atomically.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use talk_client::Positions;

/// Replaces a file atomically; only this user can read it.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(format!(".{}", std::process::id()));
    let new = path.with_file_name(name);
    let written = replace(&new, path, bytes);
    if written.is_err() {
        // An incomplete file is removed.
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

/// The file with the positions of `talk tail`; without one they are not stored.
pub(crate) struct State(pub(crate) Option<PathBuf>);

impl State {
    /// Reads the stored positions; empty if there is no file.
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
