//! The limit of one commit per request: how fast the disk makes a small write durable.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

/// A file that is appended to.
pub(crate) struct Disk(File);

impl Disk {
    /// A file below `dir`, which goes when it is dropped.
    pub(crate) fn new(dir: &Path) -> Result<Self> {
        Ok(Self(tempfile::tempfile_in(dir)?))
    }

    /// How long 4 KiB and `fdatasync` take.
    pub(crate) fn sync(&mut self) -> Result<Duration> {
        let started = Instant::now();
        self.0.write_all(&[0; 4096])?;
        self.0.sync_data()?;
        Ok(started.elapsed())
    }
}
