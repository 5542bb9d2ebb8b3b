//! The store on SQLite: one writer, many readers.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use talk_domain::store::{BoxFuture, ReadWork, Store, StoreError, Unit, Work};
use tokio::sync::oneshot;

use crate::batch::{Batcher, Job};
use crate::budget::Budget;
use crate::checkpoint::WriteAheadLog;
use crate::connection::AnyConnection;
use crate::error::OpenError;
use crate::open::Ports;
use crate::options::StoreOptions;
use crate::outcome::Answer;
use crate::readers::Readers;
use crate::writer::Writer;

/// Whether the store still answers.
#[derive(Default)]
pub(crate) struct Health(AtomicBool);

impl Health {
    /// From now on it does not.
    pub(crate) fn fail(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn check(&self) -> Answer {
        if self.0.load(Ordering::Acquire) {
            return Err(StoreError::Unavailable("the store has failed".into()));
        }
        Ok(())
    }
}

/// The store on SQLite.
pub(crate) struct SqliteStore {
    writer: Writer,
    readers: Readers,
    health: Arc<Health>,
    epoch: String,
}

impl SqliteStore {
    /// Starts the writer on `conn` and readers of the same file.
    pub(crate) fn start(
        conn: AnyConnection,
        path: &Path,
        options: &StoreOptions,
        ports: Ports,
    ) -> Result<Self, OpenError> {
        let readers = Readers::open(path, options, Arc::clone(&ports.encoder))?;
        let health = Arc::new(Health::default());
        let batcher = Batcher {
            conn,
            encoder: ports.encoder,
            bell: ports.bell,
            log: WriteAheadLog::of(path, options.log_bytes),
            budget: Budget::new(options.group),
        };
        Ok(Self {
            writer: Writer::start(batcher, options, Arc::clone(&health))?,
            readers,
            health,
            epoch: ports.epoch,
        })
    }
}

impl Store for SqliteStore {
    fn execute(&self, unit: Unit, work: Work) -> BoxFuture<'_, Answer> {
        Box::pin(async move {
            self.health.check()?;
            let (reply, answer) = oneshot::channel();
            self.writer.enqueue(Job {
                unit,
                work,
                queued: Instant::now(),
                reply,
            })?;
            match answer.await {
                Ok(answer) => answer,
                Err(_) => Err(StoreError::Unavailable("the writer has ended".into())),
            }
        })
    }

    fn query(&self, unit: Unit, work: ReadWork) -> BoxFuture<'_, Answer> {
        Box::pin(async move {
            self.health.check()?;
            self.readers.query(unit, work).await
        })
    }

    fn epoch(&self) -> &str {
        &self.epoch
    }
}
