//! The limit of one commit per request: how often the disk makes a small write durable.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

/// Appends 4 KiB and waits for `fdatasync`, over and over, for half a second.
pub(crate) fn syncs_per_second(dir: &Path) -> Result<f64> {
    let mut file: File = tempfile::tempfile_in(dir)?;
    let started = Instant::now();
    let mut syncs = 0_u32;
    while started.elapsed() < Duration::from_millis(500) {
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
        syncs += 1;
    }
    Ok(f64::from(syncs) / started.elapsed().as_secs_f64())
}
