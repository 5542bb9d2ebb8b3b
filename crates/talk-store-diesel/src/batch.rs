//! One commit for many units of work: each in its own savepoint, all durable together.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::TransactionManager;
use diesel::result::{Error, QueryResult};
use talk_domain::event::{Bell, FrameEncoder, LoggedEvent};
use talk_domain::store::{StoreError, Unit, Verdict, Work};
use tokio::sync::oneshot;

use crate::connection::AnyConnection;
use crate::error::{corrupt, is_locked};
use crate::index;
use crate::sqlite;
use crate::store::Health;
use crate::unit::DieselUnit;

/// How often a unit runs before it is told that the database asked for yet another time.
const RUNS: u32 = 3;
/// Units slower than this are logged.
const SLOW: Duration = Duration::from_millis(250);

/// What a caller is told.
pub(crate) type Answer = Result<(), StoreError>;

/// A queued unit of work.
pub(crate) struct Job {
    /// What it is.
    pub(crate) unit: Unit,
    /// What it does.
    pub(crate) work: Work,
    /// Where its answer goes.
    pub(crate) reply: oneshot::Sender<Answer>,
}

/// Why the store cannot go on.
#[derive(Debug)]
pub(crate) struct Fatal(pub(crate) String);

impl From<Error> for Fatal {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

/// The one connection that writes, with what a commit needs.
pub(crate) struct Batcher {
    /// In no transaction between batches.
    pub(crate) conn: AnyConnection,
    /// Makes frames.
    pub(crate) encoder: Arc<dyn FrameEncoder>,
    /// Is told about committed events.
    pub(crate) bell: Arc<dyn Bell>,
}

impl Batcher {
    /// Runs `jobs` in one transaction, rings the bell, then answers every caller. Nobody is
    /// answered before: even a refusal may rest on a unit of the same batch.
    pub(crate) fn run(&mut self, mut jobs: Vec<Job>, health: &Health) -> Result<(), Fatal> {
        match self.commit(&mut jobs) {
            Ok(answers) => {
                for (job, answer) in jobs.into_iter().zip(answers) {
                    // A caller who went away needs no answer.
                    let _ = job.reply.send(answer);
                }
                Ok(())
            }
            Err(Fatal(reason)) => {
                health.fail();
                for job in jobs {
                    count(job.unit, "unavailable");
                    let lost = StoreError::Unavailable(reason.clone().into());
                    let _ = job.reply.send(Err(lost));
                }
                Err(Fatal(reason))
            }
        }
    }

    fn commit(&mut self, jobs: &mut [Job]) -> Result<Vec<Answer>, Fatal> {
        match sqlite::begin(&mut self.conn) {
            Ok(()) => {}
            // Another process writes for longer than we wait; nothing has begun.
            Err(error) if is_locked(&error) => {
                let busy = jobs.iter().map(|job| {
                    count(job.unit, "busy");
                    Err(StoreError::Busy)
                });
                return Ok(busy.collect());
            }
            Err(error) => return Err(error.into()),
        }
        let mut answers = Vec::with_capacity(jobs.len());
        let mut committed = Vec::new();
        for job in &mut *jobs {
            let (answer, events) = self.run_one(job)?;
            answers.push(answer);
            committed.extend(events);
        }
        let start = Instant::now();
        AnyConnection::commit_transaction(&mut self.conn)?;
        metrics::histogram!("talk_store_commit_duration_seconds").record(start.elapsed());
        #[expect(
            clippy::cast_precision_loss,
            reason = "a group has at most some thousands"
        )]
        metrics::histogram!("talk_store_group_size").record(jobs.len() as f64);
        self.ring(&committed);
        Ok(answers)
    }

    /// Advances the search index by a step and tells whether there is more to index. An index that
    /// cannot be advanced is the error inside: nothing of the step is kept.
    pub(crate) fn index(&mut self) -> Result<QueryResult<bool>, Fatal> {
        // Others may write while there is nothing to do.
        match index::is_behind(&mut self.conn) {
            Ok(true) => {}
            done => return Ok(done),
        }
        match sqlite::begin(&mut self.conn) {
            Ok(()) => {}
            Err(error) if is_locked(&error) => return Ok(Ok(true)),
            Err(error) => return Err(error.into()),
        }
        let start = Instant::now();
        let stepped = index::advance(&mut self.conn);
        if stepped.is_ok() {
            AnyConnection::commit_transaction(&mut self.conn)?;
            metrics::histogram!("talk_store_index_duration_seconds").record(start.elapsed());
        } else {
            AnyConnection::rollback_transaction(&mut self.conn)?;
        }
        Ok(stepped)
    }

    fn ring(&self, committed: &[LoggedEvent]) {
        if committed.is_empty() {
            return;
        }
        let rung = catch_unwind(AssertUnwindSafe(|| self.bell.ring(committed)));
        if rung.is_err() {
            tracing::error!("the bell panicked; its listeners catch up from the log");
        }
    }

    /// Runs one unit in its savepoint. An error here means the transaction is lost.
    fn run_one(&mut self, job: &mut Job) -> QueryResult<(Answer, Vec<LoggedEvent>)> {
        let start = Instant::now();
        let (mut answer, mut events, mut outcome) = (Ok(()), Vec::new(), "committed");
        for run in 1..=RUNS {
            let (verdict, logged) = self.attempt(job)?;
            match verdict {
                Some(Verdict::Commit) => events = logged,
                Some(Verdict::Rollback) => outcome = "rolled_back",
                Some(Verdict::Retry) if run < RUNS => continue,
                Some(Verdict::Retry) => {
                    (answer, outcome) = (Err(StoreError::Conflict), "conflict");
                }
                None => {
                    answer = Err(corrupt("the unit of work panicked"));
                    outcome = "panicked";
                }
            }
            break;
        }
        count(job.unit, outcome);
        warn_if_slow(job.unit, start);
        Ok((answer, events))
    }

    /// One run: its verdict, or `None` after a panic, and the events it logged.
    fn attempt(&mut self, job: &mut Job) -> QueryResult<(Option<Verdict>, Vec<LoggedEvent>)> {
        AnyConnection::begin_transaction(&mut self.conn)?;
        let (conn, encoder) = (&mut self.conn, self.encoder.as_ref());
        let ran = catch_unwind(AssertUnwindSafe(|| {
            let mut unit = DieselUnit::new(conn, job.unit, encoder);
            let verdict = (job.work)(&mut unit);
            (verdict, unit.into_events())
        }));
        if let Ok((Verdict::Commit, events)) = ran {
            AnyConnection::commit_transaction(&mut self.conn)?;
            return Ok((Some(Verdict::Commit), events));
        }
        // A panic may have left savepoints inside the unit's own.
        while self.depth()? > 1 {
            AnyConnection::rollback_transaction(&mut self.conn)?;
        }
        Ok((ran.ok().map(|(verdict, _)| verdict), Vec::new()))
    }

    /// Open transactions and savepoints; none left means the database ended the transaction.
    fn depth(&mut self) -> QueryResult<u32> {
        let status = AnyConnection::transaction_manager_status_mut(&mut self.conn);
        match status.transaction_depth()? {
            Some(depth) => Ok(depth.get()),
            None => Err(Error::NotInTransaction),
        }
    }
}

/// Counts a finished unit.
pub(crate) fn count(unit: Unit, outcome: &'static str) {
    metrics::counter!("talk_store_units_total", "unit" => unit.name, "outcome" => outcome)
        .increment(1);
}

/// Logs the name of a slow unit.
pub(crate) fn warn_if_slow(unit: Unit, start: Instant) {
    let elapsed = start.elapsed();
    if elapsed > SLOW {
        let ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        tracing::warn!(unit = unit.name, ms, "slow unit of work");
    }
}
