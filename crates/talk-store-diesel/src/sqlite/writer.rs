//! The writer: one thread, one queue, one commit for all that waits.

pub(crate) mod batch;
pub(crate) mod budget;
pub(crate) mod checkpoint;
mod inbox;
mod indexer;
mod pacing;
mod queue;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use talk_domain::kernel::store_error::StoreError;

use crate::error::OpenError;
use crate::options::{FatalHook, StoreOptions};
use crate::sqlite::health::Health;
use crate::sqlite::writer::batch::reclaim::Reclaimer;
use crate::sqlite::writer::batch::{Batcher, Fatal, Job};
use crate::sqlite::writer::checkpoint::WriteAheadLog;
use crate::sqlite::writer::inbox::{First, Inbox};
use crate::sqlite::writer::indexer::Indexer;

/// Interval between attempts to write on a full disk, while there are no other writes.
const PROBE: Duration = Duration::from_secs(1);

/// The handle of the writer thread. When it is dropped, the thread finishes the queued units.
pub(crate) struct Writer {
    inbox: Arc<Inbox>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Loop {
    batcher: Batcher,
    inbox: Arc<Inbox>,
    health: Arc<Health>,
    on_fatal: Option<FatalHook>,
    is_beside_server: bool,
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
            is_beside_server: options.is_beside_server,
        };
        let thread = std::thread::Builder::new()
            .name("talk-writer".into())
            .spawn(move || work.run())
            .map_err(|error| OpenError::Start(error.into()))?;
        Ok(Self {
            inbox,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Queues a unit, or refuses it at once.
    pub(crate) fn enqueue(&self, job: Job) -> Result<(), StoreError> {
        self.inbox.enqueue(job)
    }

    /// Waits until the thread has finished the queued units and closed the database.
    pub(crate) fn end(&self) {
        self.inbox.close();
        let thread = self.thread.lock();
        let thread = thread.unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // The last handle may be held by a unit of work; a thread cannot wait for itself.
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.end();
    }
}

impl Loop {
    fn run(mut self) {
        let ended = catch_unwind(AssertUnwindSafe(|| self.serve()));
        let reason = match ended {
            Ok(Ok(())) => return self.finish(),
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

    /// The loop of the thread. There is no timer: the first unit starts a batch, and the next batch
    /// gathers during its commit.
    fn serve(&mut self) -> Result<(), Fatal> {
        let mut indexer = Indexer::new(Instant::now());
        let mut reclaimer = Reclaimer::new(Instant::now());
        if self.is_beside_server {
            indexer.turn_off();
            reclaimer.turn_off();
        } else {
            self.batcher.settle(&self.health)?;
        }
        loop {
            let (quiet, patience) = (indexer.patience(), self.patience(&indexer, &reclaimer));
            match self.inbox.first(patience) {
                First::Unit(first) => {
                    let units = self.batcher.run(first, &self.inbox, &self.health)?;
                    indexer.wrote(units);
                    reclaimer.wrote();
                    if indexer.is_due(Instant::now()) && !self.health.is_full() {
                        self.index(&mut indexer)?;
                    }
                }
                First::Quiet if self.health.is_full() => self.batcher.probe(&self.health)?,
                First::Quiet => {
                    if quiet.is_some() && patience >= quiet {
                        indexer.quiet();
                        self.index(&mut indexer)?;
                    }
                }
                First::Closed => return Ok(()),
            }
            self.batcher.truncate_erased();
            if !self.health.is_full() {
                self.batcher.reclaim(&mut reclaimer, &self.health)?;
            }
        }
    }

    /// Returns how long to wait for the next unit: until the index, the write-ahead log, free pages
    /// or a full disk need work.
    fn patience(&self, indexer: &Indexer, reclaimer: &Reclaimer) -> Option<Duration> {
        let own = if self.health.is_full() {
            Some(PROBE)
        } else {
            let pages = reclaimer.patience(Instant::now());
            [indexer.patience(), pages].into_iter().flatten().min()
        };
        let log = self.batcher.write_ahead_log.patience(Instant::now());
        [own, log].into_iter().flatten().min()
    }

    /// Closes the database as one file, with an empty write-ahead log.
    fn finish(self) {
        self.inbox.end();
        if self.is_beside_server {
            return;
        }
        let Batcher {
            mut conn,
            write_ahead_log,
            ..
        } = self.batcher;
        let emptied = WriteAheadLog::end(&mut conn);
        drop(conn);
        match emptied {
            Ok(true) if write_ahead_log.is_gone() => {
                tracing::info!("the database is closed, its write-ahead log is removed");
            }
            Ok(true) => tracing::info!(
                bytes = write_ahead_log.bytes(),
                "the database is closed, its write-ahead log is empty and still open elsewhere"
            ),
            Ok(false) => tracing::error!(
                bytes = write_ahead_log.bytes(),
                "the write-ahead log could not be emptied: a reader still uses it"
            ),
            Err(error) => tracing::error!(
                %error,
                bytes = write_ahead_log.bytes(),
                "the write-ahead log could not be emptied: copy it along with the database"
            ),
        }
    }

    fn index(&mut self, indexer: &mut Indexer) -> Result<(), Fatal> {
        let start = Instant::now();
        match self.batcher.index(&self.health)? {
            Ok(is_more) => indexer.stepped(start, Instant::now(), is_more),
            Err(error) => {
                tracing::error!(%error, "the search index cannot be advanced; searches compare unindexed messages one by one");
                indexer.turn_off();
            }
        }
        Ok(())
    }
}
