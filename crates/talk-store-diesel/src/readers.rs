//! The readers: a pool of connections that cannot write, each read on one consistent snapshot.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::Connection;
use diesel::r2d2::R2D2Connection;
use diesel::result::Error;
use talk_domain::store::{Cause, ReadWork, StoreError, Unit, Verdict};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, JoinSet, spawn_blocking};
use tokio::time::timeout;

use crate::connection::AnyConnection;
use crate::error::{OpenError, corrupt, fault};
use crate::outcome::{Answer, count, warn_if_slow};
use crate::snapshot::DieselSnapshot;
use crate::sqlite;

/// How long a read waits for a connection.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often a read runs before it is told that the database asked for yet another time.
const RUNS: u32 = 3;

/// Opens connections that only read.
struct Manager {
    path: PathBuf,
}

impl r2d2::ManageConnection for Manager {
    type Connection = AnyConnection;
    type Error = ReaderError;

    fn connect(&self) -> Result<AnyConnection, ReaderError> {
        sqlite::reader(&self.path)
            .map(AnyConnection::Sqlite)
            .map_err(ReaderError)
    }

    fn is_valid(&self, conn: &mut AnyConnection) -> Result<(), ReaderError> {
        conn.ping().map_err(|error| ReaderError(error.into()))
    }

    fn has_broken(&self, conn: &mut AnyConnection) -> bool {
        conn.is_broken()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("failed to open a connection for reading")]
struct ReaderError(#[source] Cause);

/// The pool.
pub(crate) struct Readers {
    pool: r2d2::Pool<Manager>,
    /// Reads wait here rather than on a blocking thread.
    free: Arc<Semaphore>,
}

impl Readers {
    /// Opens `size` connections to the file at `path`.
    pub(crate) fn open(path: &Path, size: u32) -> Result<Self, OpenError> {
        let size = size.max(1);
        let pool = r2d2::Pool::builder()
            .max_size(size)
            .test_on_check_out(false)
            .connection_timeout(PATIENCE)
            .build(Manager {
                path: path.to_owned(),
            })
            .map_err(|error| OpenError::Start(error.into()))?;
        let free = Arc::new(Semaphore::new(usize::try_from(size).unwrap_or(1)));
        Ok(Self { pool, free })
    }

    /// Runs `work` on one snapshot, off the async threads. Whoever waits for a connection is a task
    /// of its own: a caller that does not poll may be given one, but never keeps it from others.
    pub(crate) async fn query(&self, unit: Unit, work: ReadWork) -> Answer {
        let (free, pool) = (Arc::clone(&self.free), self.pool.clone());
        // Ends with the caller, unless the read has begun.
        let mut reading = JoinSet::new();
        if let Ok(permit) = Arc::clone(&free).try_acquire_owned() {
            reading.spawn_blocking(move || read(&pool, unit, work, permit));
        } else {
            reading.spawn(async move {
                let Ok(Ok(permit)) = timeout(PATIENCE, free.acquire_owned()).await else {
                    count(unit, "busy");
                    return Err(StoreError::Busy);
                };
                let read = spawn_blocking(move || read(&pool, unit, work, permit));
                read.await.unwrap_or_else(|error| Err(lost(error)))
            });
        }
        match reading.join_next().await {
            Some(Ok(answer)) => answer,
            Some(Err(error)) => Err(lost(error)),
            None => Err(StoreError::Busy),
        }
    }
}

/// What is told of a read that did not come to its end.
fn lost(error: JoinError) -> StoreError {
    StoreError::Unavailable(error.into())
}

fn read(
    pool: &r2d2::Pool<Manager>,
    unit: Unit,
    mut work: ReadWork,
    _permit: OwnedSemaphorePermit,
) -> Answer {
    let start = Instant::now();
    let mut conn = pool
        .get()
        .map_err(|error| StoreError::Unavailable(error.into()))?;
    let answer = (1..=RUNS)
        .map(|_| snapshot(&mut conn, unit, &mut work))
        .find(|answer| !matches!(answer, Err(StoreError::Conflict)))
        .unwrap_or(Err(StoreError::Conflict));
    count(
        unit,
        if answer.is_ok() {
            "read"
        } else {
            "read_failed"
        },
    );
    warn_if_slow(unit, start);
    answer
}

/// A deferred transaction sees the database as it was at its first statement.
fn snapshot(conn: &mut AnyConnection, unit: Unit, work: &mut ReadWork) -> Answer {
    let ran = conn
        .transaction::<_, Error, _>(|conn| {
            let mut snapshot = DieselSnapshot::new(conn, unit);
            Ok(catch_unwind(AssertUnwindSafe(|| work(&mut snapshot))))
        })
        .map_err(fault)?;
    match ran {
        Ok(Verdict::Commit | Verdict::Rollback | Verdict::Failed) => Ok(()),
        Ok(Verdict::Retry) => Err(StoreError::Conflict),
        Err(_) => Err(corrupt("the read panicked")),
    }
}
