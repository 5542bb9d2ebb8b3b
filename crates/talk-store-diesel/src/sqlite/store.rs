//! The store on SQLite: one writer, many readers.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use talk_domain::kernel::future::BoxFuture;
use talk_domain::kernel::store::{Database, ReadWork, Store, Unit, Work};
use talk_domain::kernel::store_error::StoreError;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use crate::connection::AnyConnection;
use crate::encoders::Encoders;
use crate::error::OpenError;
use crate::open::Ports;
use crate::options::StoreOptions;
use crate::portable::outcome::Answer;
use crate::portable::stored::{StoredDomain, any, any_read};
use crate::sqlite::file::disk::{FullDisk, Reserve};
use crate::sqlite::file::watch::Watch;
use crate::sqlite::health::Health;
use crate::sqlite::readers::Readers;
use crate::sqlite::writer::Writer;
use crate::sqlite::writer::batch::kept::Kept;
use crate::sqlite::writer::batch::{Batcher, Job};
use crate::sqlite::writer::budget::Budget;
use crate::sqlite::writer::checkpoint::WriteAheadLog;

/// The store on SQLite. Its fields are dropped in this order, so that the writer's connection is
/// closed last and leaves one file.
pub struct SqliteStore {
    watch: Mutex<Option<Watch>>,
    readers: Mutex<Option<Arc<Readers>>>,
    writer: Arc<Writer>,
    health: Arc<Health>,
    epoch: String,
}

impl SqliteStore {
    /// Starts the writer on `conn` and readers of the same file.
    pub(crate) fn start(
        mut conn: AnyConnection,
        path: &Path,
        options: &StoreOptions,
        ports: Ports,
    ) -> Result<Self, OpenError> {
        let readers = Readers::open(path, options, Arc::<dyn Encoders>::clone(&ports.encoder))?;
        let health = Arc::new(Health::default());
        let disk = FullDisk::noted_by(&mut conn);
        let batcher = Batcher {
            conn,
            encoder: ports.encoder,
            bell: ports.bell,
            write_ahead_log: WriteAheadLog::of(path, options.log_bytes),
            is_plain: options.is_plain,
            kept: Kept::default(),
            budget: Budget::new(options.group),
            disk,
            reserve: Reserve::of(path),
        };
        let on_fatal = options.on_fatal.clone();
        let watch = Watch::start(path, Arc::clone(&health), on_fatal)?;
        Ok(Self {
            watch: Mutex::new(Some(watch)),
            readers: Mutex::new(Some(Arc::new(readers))),
            writer: Arc::new(Writer::start(batcher, options, Arc::clone(&health))?),
            health,
            epoch: ports.epoch,
        })
    }

    fn readers(&self) -> Result<Arc<Readers>, StoreError> {
        let readers = self.readers.lock();
        let readers = readers.unwrap_or_else(PoisonError::into_inner).clone();
        readers.ok_or_else(|| StoreError::Unavailable("the store is closed".into()))
    }
}

impl<D: StoredDomain> Store<D> for SqliteStore {
    fn execute(&self, unit: Unit, work: Work<D>) -> BoxFuture<'_, Answer> {
        Box::pin(async move {
            self.health.check()?;
            let (reply, answer) = oneshot::channel();
            self.writer.enqueue(Job {
                unit,
                work: any::<D>(work),
                queued: Instant::now(),
                reply,
            })?;
            match answer.await {
                Ok(answer) => answer,
                Err(_) => Err(StoreError::Unavailable("the writer has ended".into())),
            }
        })
    }

    fn query(&self, unit: Unit, work: ReadWork<D>) -> BoxFuture<'_, Answer> {
        Box::pin(async move {
            self.health.check()?;
            let readers = self.readers()?;
            readers.query(unit, any_read::<D>(work)).await
        })
    }
}

impl Database for SqliteStore {
    fn epoch(&self) -> &str {
        &self.epoch
    }

    fn is_full(&self) -> bool {
        self.health.is_full()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.health.close();
            let watch = take(&self.watch);
            let readers = take(&self.readers);
            let writer = Arc::clone(&self.writer);
            let closed = spawn_blocking(move || {
                drop((watch, readers));
                writer.end();
            });
            if closed.await.is_err() {
                tracing::error!("the database was not closed");
            }
        })
    }
}

fn take<T>(slot: &Mutex<Option<T>>) -> Option<T> {
    slot.lock().unwrap_or_else(PoisonError::into_inner).take()
}
