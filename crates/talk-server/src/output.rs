//! Prints on standard output and standard error without panics on closed pipes.

use std::io::{ErrorKind, Write};
use std::sync::mpsc::channel;
use std::time::Duration;

/// Prints `text` on standard output.
///
/// A closed pipe is not an error: `config | head -1` has read enough.
///
/// # Errors
/// Any other error of the output, for example a full disk.
pub(crate) fn print(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    ignore_closed(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// How long to wait for a stuck reader of standard error.
const PATIENCE: Duration = Duration::from_secs(1);

/// Prints one line on standard error. Errors are ignored, since there is no other place to report
/// them.
pub(crate) fn print_error(line: String) {
    let (done, finished) = channel();
    // A write to a full pipe without a reader would block for ever.
    let writing = std::thread::Builder::new().spawn(move || {
        let _ = writeln!(std::io::stderr(), "{line}");
        let _ = done.send(());
    });
    if writing.is_ok() {
        let _ = finished.recv_timeout(PATIENCE);
    }
}

fn ignore_closed(written: std::io::Result<()>) -> std::io::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Case 74.
    #[test]
    fn a_closed_pipe_is_no_failure_and_a_full_disk_is_one() {
        assert!(ignore_closed(Err(ErrorKind::BrokenPipe.into())).is_ok());
        assert!(ignore_closed(Err(ErrorKind::StorageFull.into())).is_err());
    }
}
