//! Measures how fast the disk makes a small write durable: the limit of one commit per request.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

/// A file that is appended to.
pub(crate) struct Disk(File);

impl Disk {
    /// Creates a file below `dir` that is removed when dropped.
    pub(crate) fn new(dir: &Path) -> Result<Self> {
        Ok(Self(tempfile::tempfile_in(dir)?))
    }

    /// Measures a write of 4 KiB with `fdatasync`.
    pub(crate) fn sync(&mut self) -> Result<Duration> {
        let started = Instant::now();
        self.0.write_all(&[0; 4096])?;
        self.0.sync_data()?;
        Ok(started.elapsed())
    }
}
