//! The writer: one thread, one queue, one commit for all that waits.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use talk_domain::store::StoreError;

use crate::batch::{Batcher, Fatal, Job};
use crate::checkpoint;
use crate::error::OpenError;
use crate::inbox::{First, Inbox};
use crate::indexer::Indexer;
use crate::options::{FatalHook, StoreOptions};
use crate::store::Health;

/// The handle of the writer thread. Dropping it lets the thread finish what is queued.
pub(crate) struct Writer {
    inbox: Arc<Inbox>,
    thread: Option<JoinHandle<()>>,
}

struct Loop {
    batcher: Batcher,
    inbox: Arc<Inbox>,
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
        let inbox = Arc::new(Inbox::new(options.queue));
        let work = Loop {
            batcher,
            inbox: Arc::clone(&inbox),
            health,
            on_fatal: options.on_fatal.clone(),
        };
        let thread = std::thread::Builder::new()
            .name("talk-writer".into())
            .spawn(move || work.run())
            .map_err(|error| OpenError::Start(error.into()))?;
        Ok(Self {
            inbox,
            thread: Some(thread),
        })
    }

    /// Queues a unit, or says at once why not.
    pub(crate) fn enqueue(&self, job: Job) -> Result<(), StoreError> {
        self.inbox.enqueue(job)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.inbox.close();
        if let Some(thread) = self.thread.take() {
            // The last handle may be held by a unit of work; a thread cannot wait for itself.
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        self.inbox.end();
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
        self.inbox.end();
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
            match self.inbox.first(indexer.patience()) {
                First::Unit(first) => {
                    let units = self.batcher.run(first, &self.inbox, &self.health)?;
                    indexer.wrote(units);
                    if indexer.is_due(Instant::now()) {
                        self.index(&mut indexer)?;
                    }
                }
                First::Quiet => {
                    indexer.quiet();
                    self.index(&mut indexer)?;
                }
                First::Closed => return Ok(()),
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
