//! A bounded queue of log lines, written by a thread of its own.
//!
//! Logging never blocks: when the reader of standard error is slow or gone, lines are dropped and
//! counted, and requests are not affected.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::MakeWriter;

/// A handle of the queue; clones share it.
#[derive(Clone)]
pub(super) struct LogQueue(Arc<Shared>);

struct Shared {
    /// Maximum of queued bytes, including those being written.
    limit: usize,
    state: Mutex<State>,
    /// Signals the thread that lines were added.
    added: Condvar,
    /// Signals `flush` that lines were written or dropped.
    finished: Condvar,
}

#[derive(Default)]
struct State {
    /// Queued lines, concatenated.
    waiting: Vec<u8>,
    /// The number of queued lines.
    lines: u64,
    /// Bytes that the thread is writing at the moment.
    writing: usize,
    /// Lines dropped since the last one that was written.
    lost: u64,
}

impl LogQueue {
    /// Starts the thread that writes to `out`.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub(super) fn start(limit: usize, out: impl Write + Send + 'static) -> io::Result<Self> {
        let queue = Self(Arc::new(Shared {
            limit,
            state: Mutex::default(),
            added: Condvar::new(),
            finished: Condvar::new(),
        }));
        let writer = queue.clone();
        std::thread::Builder::new()
            .name("talk-log".to_owned())
            .spawn(move || writer.write_all(out))?;
        Ok(queue)
    }

    /// Waits until every line is written or dropped, or until `patience` is over.
    pub(super) fn flush(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        let mut state = self.state();
        while !state.waiting.is_empty() || state.writing > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.0.finished.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn add(&self, line: &[u8]) {
        let mut state = self.state();
        if state.waiting.len() + state.writing + line.len() > self.0.limit {
            state.lost += 1;
            drop(state);
            count_lost(1);
            return;
        }
        state.waiting.extend_from_slice(line);
        state.lines += 1;
        drop(state);
        self.0.added.notify_one();
    }

    /// The loop of the thread: writes all queued lines at once.
    fn write_all(&self, mut out: impl Write) {
        loop {
            let mut state = self.state();
            while state.waiting.is_empty() {
                let waited = self.0.added.wait(state);
                state = waited.unwrap_or_else(PoisonError::into_inner);
            }
            let batch = std::mem::take(&mut state.waiting);
            let lines = std::mem::take(&mut state.lines);
            state.writing = batch.len();
            drop(state);
            let written = out.write_all(&batch).and_then(|()| out.flush());
            let lost = self.finish(written.is_ok(), lines);
            if lost > 0 {
                tracing::warn!(
                    lines = lost,
                    "log lines were lost: the reader of the log was too slow"
                );
            }
        }
    }

    /// Returns how many lines were lost before the ones that were just written.
    fn finish(&self, is_written: bool, lines: u64) -> u64 {
        let mut state = self.state();
        state.writing = 0;
        self.0.finished.notify_all();
        if is_written {
            return std::mem::take(&mut state.lost);
        }
        state.lost += lines;
        drop(state);
        count_lost(lines);
        0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change of the state is complete, so a poisoned lock is still usable.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn count_lost(lines: u64) {
    metrics::counter!("talk_log_lines_lost_total").increment(lines);
}

/// A writer for one line; the subscriber writes each line with one call.
pub(super) struct Line(LogQueue);

impl Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.add(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogQueue {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};

    const LONG: Duration = Duration::from_secs(60);

    /// A writer that reports each write and blocks until it is released.
    struct Gate {
        begun: Sender<()>,
        results: Receiver<io::Result<()>>,
        written: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.begun.send(()).unwrap();
            self.results.recv().unwrap()?;
            self.written.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Gated {
        queue: LogQueue,
        begun: Receiver<()>,
        results: Sender<io::Result<()>>,
        written: Arc<Mutex<Vec<u8>>>,
    }

    fn gated(limit: usize) -> Gated {
        let (writes, begun) = channel();
        let (results, given) = channel();
        let written = Arc::new(Mutex::default());
        let gate = Gate {
            begun: writes,
            results: given,
            written: Arc::clone(&written),
        };
        let queue = LogQueue::start(limit, gate).unwrap();
        Gated {
            queue,
            begun,
            results,
            written,
        }
    }

    /// Case 66: a paused reader.
    #[test]
    fn a_full_queue_drops_lines_and_says_how_many() {
        let gated = gated(12);
        gated.queue.add(b"first\n");
        gated.begun.recv_timeout(LONG).unwrap();
        // The thread is stuck with six bytes; there is space for six more.
        gated.queue.add(b"later\n");
        for _ in 0..3 {
            gated.queue.add(b"more\n");
        }
        assert_eq!(gated.queue.state().lost, 3);
        gated.queue.flush(Duration::ZERO);
        gated.results.send(Ok(())).unwrap();
        gated.results.send(Ok(())).unwrap();
        gated.queue.flush(LONG);
        assert_eq!(&**gated.written.lock().unwrap(), b"first\nlater\n");
        assert_eq!(gated.queue.state().lost, 0, "said");
    }

    /// Case 66: the reader has gone.
    #[test]
    fn a_line_that_cannot_be_written_is_lost_and_the_next_one_is_tried() {
        let gated = gated(100);
        for result in [Err(io::ErrorKind::BrokenPipe.into()), Ok(())] {
            gated.queue.add(b"line\n");
            gated.begun.recv_timeout(LONG).unwrap();
            gated.results.send(result).unwrap();
            gated.queue.flush(LONG);
        }
        assert_eq!(&**gated.written.lock().unwrap(), b"line\n");
    }
}
