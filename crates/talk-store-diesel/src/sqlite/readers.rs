//! Read-only connections: each read runs on one consistent snapshot, with a deadline.

mod admission;
mod turns;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::Connection;
use diesel::r2d2::R2D2Connection;
use diesel::result::Error;
use scheduled_thread_pool::{OnPoolDropBehavior, ScheduledThreadPool};
use talk_domain::kernel::store::{ReadLane, Unit, Verdict};
use talk_domain::kernel::store_error::{Cause, StoreError};
use talk_domain::talk::model::event::FrameEncoder;
use tokio::task::{JoinError, JoinSet, spawn_blocking};
use tokio::time::timeout;

use crate::connection::AnyConnection;
use crate::error::{OpenError, corrupt, fault};
use crate::options::StoreOptions;
use crate::portable::deadline;
use crate::portable::outcome::{Answer, count, warn_if_slow};
use crate::portable::snapshot::DieselSnapshot;
use crate::portable::stored::AnyReadWork;
use crate::sqlite::connection;
use admission::{Admission, Entry, Permit};
use turns::Waiting;

/// Timeout of waiting for a connection.
const PATIENCE: Duration = Duration::from_secs(5);
/// Maximum number of runs of a read that the database requires to retry.
const RUNS: u32 = 3;
/// Connections of the reserved lane, whose reads find a few rows by key.
const RESERVED: u32 = 1;
/// Maximum of reads that wait for them.
const RESERVED_WAITING: usize = 4_096;

/// Opens connections that only read.
struct Manager {
    path: PathBuf,
}

impl r2d2::ManageConnection for Manager {
    type Connection = AnyConnection;
    type Error = ReaderError;

    fn connect(&self) -> Result<AnyConnection, ReaderError> {
        connection::reader(&self.path)
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

/// The file that the connections of all lanes read, and the one thread that opens them. A pool has three
/// threads of its own otherwise.
struct Opener<'a> {
    path: &'a Path,
    thread: Arc<ScheduledThreadPool>,
}

/// The connections of one read lane, and their fair queue.
struct Lane {
    pool: r2d2::Pool<Manager>,
    admission: Arc<Admission>,
}

impl Lane {
    /// Opens `connections`, of which one customer may use `per_customer`.
    fn open(
        opener: &Opener<'_>,
        connections: u32,
        per_customer: u32,
        waiting: Waiting,
    ) -> Result<Self, OpenError> {
        let pool = r2d2::Pool::builder()
            .thread_pool(Arc::clone(&opener.thread))
            .max_size(connections)
            // Each costs 0.2 MiB, and a quiet server uses one.
            .min_idle(Some(1))
            .test_on_check_out(false)
            .connection_timeout(PATIENCE)
            .build(Manager {
                path: opener.path.to_owned(),
            })
            .map_err(|error| OpenError::Start(error.into()))?;
        let [connections, per_customer] =
            [connections, per_customer].map(|n| usize::try_from(n).unwrap_or(usize::MAX));
        Ok(Self {
            pool,
            admission: Admission::new(connections, per_customer, waiting),
        })
    }
}

/// The connections that read.
pub(crate) struct Readers {
    /// For reads of customers.
    shared: Lane,
    /// For [`ReadLane::Search`].
    search: Lane,
    /// For [`ReadLane::Reserved`]: these never wait behind lists and searches.
    reserved: Lane,
    encoder: Arc<dyn FrameEncoder>,
    timeout: Duration,
}

/// Returns the number of connections for searches: half of the processors, at least one.
fn searches() -> u32 {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    u32::try_from(processors / 2).unwrap_or(1).max(1)
}

/// Everything a read needs on its thread.
struct Source {
    pool: r2d2::Pool<Manager>,
    encoder: Arc<dyn FrameEncoder>,
    limit: Duration,
}

impl Readers {
    /// Opens connections to the file at `path`.
    pub(crate) fn open(
        path: &Path,
        options: &StoreOptions,
        encoder: Arc<dyn FrameEncoder>,
    ) -> Result<Self, OpenError> {
        let size = options.readers.max(1);
        let waiting = Waiting {
            per_agent: options.waiting_reads_per_agent,
            per_customer: options.waiting_reads_per_customer,
        };
        let all = Waiting {
            per_agent: RESERVED_WAITING,
            per_customer: RESERVED_WAITING,
        };
        let thread = ScheduledThreadPool::builder()
            .num_threads(1)
            .thread_name_pattern("readers")
            .on_drop_behavior(OnPoolDropBehavior::DiscardPendingScheduled)
            .build();
        let opener = Opener {
            path,
            thread: Arc::new(thread),
        };
        Ok(Self {
            shared: Lane::open(&opener, size, size - 1, waiting)?,
            search: Lane::open(&opener, searches(), searches(), waiting)?,
            reserved: Lane::open(&opener, RESERVED, RESERVED, all)?,
            encoder,
            timeout: options.read_timeout,
        })
    }

    /// Runs `work` on one snapshot, on a blocking thread. Waiting for a connection is a task of its
    /// own, so that a caller that stops polling holds no connection.
    pub(crate) async fn query(&self, unit: Unit, work: AnyReadWork) -> Answer {
        let lane = match unit.lane {
            ReadLane::Shared => &self.shared,
            ReadLane::Search => &self.search,
            ReadLane::Reserved => &self.reserved,
        };
        let source = Source {
            pool: lane.pool.clone(),
            encoder: Arc::clone(&self.encoder),
            limit: self.timeout,
        };
        // Cancelled with the caller, unless the read has started.
        let mut reading = JoinSet::new();
        match lane.admission.enter(unit) {
            Ok(Entry::Now(permit)) => {
                reading.spawn_blocking(move || read(&source, unit, work, permit));
            }
            Ok(Entry::Later(granted)) => {
                reading.spawn(async move {
                    let Ok(Ok(permit)) = timeout(PATIENCE, granted).await else {
                        count(unit, "busy");
                        return Err(StoreError::Busy);
                    };
                    let read = spawn_blocking(move || read(&source, unit, work, permit));
                    read.await.unwrap_or_else(|error| Err(lost(error)))
                });
            }
            Err(error) => {
                count(unit, "busy");
                return Err(error);
            }
        }
        match reading.join_next().await {
            Some(Ok(answer)) => answer,
            Some(Err(error)) => Err(lost(error)),
            None => Err(StoreError::Busy),
        }
    }
}

/// Returns the error of a read whose thread panicked or was cancelled.
fn lost(error: JoinError) -> StoreError {
    StoreError::Unavailable(error.into())
}

fn read(source: &Source, unit: Unit, mut work: AnyReadWork, _permit: Permit) -> Answer {
    let start = Instant::now();
    let mut conn = source
        .pool
        .get()
        .map_err(|error| StoreError::Unavailable(error.into()))?;
    let answer = deadline::run_until(start + source.limit, || {
        (1..=RUNS)
            .map(|_| snapshot(&mut conn, unit, &mut work, &*source.encoder))
            .find(|answer| !matches!(answer, Err(StoreError::Conflict)))
            .unwrap_or(Err(StoreError::Conflict))
    });
    count(
        unit,
        if answer.is_ok() {
            "read"
        } else {
            "read_failed"
        },
    );
    warn_if_slow(unit, start.elapsed());
    answer
}

/// Runs a read in a deferred transaction, which sees the database as of its first statement.
fn snapshot(
    conn: &mut AnyConnection,
    unit: Unit,
    work: &mut AnyReadWork,
    encoder: &dyn FrameEncoder,
) -> Answer {
    let ran = conn
        .transaction::<_, Error, _>(|conn| {
            let mut snapshot = DieselSnapshot::new(conn, unit, encoder);
            Ok(catch_unwind(AssertUnwindSafe(|| work(&mut snapshot))))
        })
        .map_err(fault)?;
    match ran {
        Ok(Verdict::Commit | Verdict::Rollback | Verdict::Failed) => Ok(()),
        Ok(Verdict::Retry) => Err(StoreError::Conflict),
        Err(_) => Err(corrupt("the read panicked")),
    }
}

#[cfg(test)]
mod tests;
