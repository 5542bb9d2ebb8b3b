//! The writer: one thread, one queue, one commit for all that waits.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Instant;

use talk_domain::store::StoreError;

use crate::batch::{Batcher, Fatal, Job};
use crate::checkpoint;
use crate::error::OpenError;
use crate::indexer::Indexer;
use crate::options::{FatalHook, StoreOptions};
use crate::store::Health;

/// The handle of the writer thread. Dropping it lets the thread finish what is queued.
pub(crate) struct Writer {
    jobs: Option<SyncSender<Job>>,
    depth: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

struct Loop {
    batcher: Batcher,
    inbox: Receiver<Job>,
    group: usize,
    depth: Arc<AtomicUsize>,
    health: Arc<Health>,
    on_fatal: Option<FatalHook>,
}

impl Writer {
    /// Starts the thread.
    pub(crate) fn start(
        batcher: Batcher,
        options: &StoreOptions,
        health: Arc<Health>,
    ) -> Result<Self, OpenError> {
        let (jobs, inbox) = sync_channel(options.queue.max(1));
        let depth = Arc::new(AtomicUsize::new(0));
        let work = Loop {
            batcher,
            inbox,
            group: options.group.max(1),
            depth: Arc::clone(&depth),
            health,
            on_fatal: options.on_fatal.clone(),
        };
        let thread = std::thread::Builder::new()
            .name("talk-writer".into())
            .spawn(move || work.run())
            .map_err(|error| OpenError::Start(error.into()))?;
        Ok(Self {
            jobs: Some(jobs),
            depth,
            thread: Some(thread),
        })
    }

    /// Queues a unit, or says at once why not.
    pub(crate) fn enqueue(&self, job: Job) -> Result<(), StoreError> {
        let ended = || StoreError::Unavailable("the writer has ended".into());
        let jobs = self.jobs.as_ref().ok_or_else(ended)?;
        report(self.depth.fetch_add(1, Ordering::Relaxed) + 1);
        jobs.try_send(job).map_err(|refused| {
            report(self.depth.fetch_sub(1, Ordering::Relaxed) - 1);
            match refused {
                TrySendError::Full(_) => StoreError::Busy,
                TrySendError::Disconnected(_) => ended(),
            }
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // The last handle may be held by a unit of work; a thread cannot wait for itself.
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

impl Loop {
    fn run(mut self) {
        let ended = catch_unwind(AssertUnwindSafe(|| self.serve()));
        let reason = match ended {
            Ok(Ok(())) => return,
            Ok(Err(Fatal(reason))) => reason,
            Err(_) => "the writer panicked".to_owned(),
        };
        self.health.fail();
        tracing::error!(
            reason,
            "the store failed; nothing of its last commit was acknowledged"
        );
        if let Some(hook) = &self.on_fatal {
            hook(&reason);
        }
    }

    /// No timer: the first unit starts a batch, and the next one gathers while this one commits.
    fn serve(&mut self) -> Result<(), Fatal> {
        checkpoint::settle(&mut self.batcher.conn)?;
        let mut indexer = Indexer::new(Instant::now());
        loop {
            let first = match indexer.patience() {
                None => self.inbox.recv().map_err(RecvTimeoutError::from),
                Some(patience) => self.inbox.recv_timeout(patience),
            };
            let mut jobs = match first {
                Ok(first) => vec![first],
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Err(RecvTimeoutError::Timeout) => {
                    indexer.quiet();
                    self.index(&mut indexer)?;
                    continue;
                }
            };
            while jobs.len() < self.group
                && let Ok(next) = self.inbox.try_recv()
            {
                jobs.push(next);
            }
            report(self.depth.fetch_sub(jobs.len(), Ordering::Relaxed) - jobs.len());
            let health = Arc::clone(&self.health);
            indexer.wrote(jobs.len());
            self.batcher.run(jobs, &health)?;
            if indexer.is_due(Instant::now()) {
                self.index(&mut indexer)?;
            }
        }
    }

    fn index(&mut self, indexer: &mut Indexer) -> Result<(), Fatal> {
        let start = Instant::now();
        match self.batcher.index()? {
            Ok(is_more) => indexer.stepped(start, Instant::now(), is_more),
            Err(error) => {
                tracing::error!(%error, "the search index cannot be advanced; searches do without");
                indexer.turn_off();
            }
        }
        Ok(())
    }
}

fn report(depth: usize) {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a queue is bounded by some thousands"
    )]
    metrics::gauge!("talk_store_queue_depth").set(depth as f64);
}
