//! Group commit: many units of work in one transaction.

pub(crate) mod kept;
pub(crate) mod reclaim;
mod units;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use diesel::connection::TransactionManager;
use diesel::result::{Error, QueryResult};
use talk_domain::kernel::log::{Bell, Logged};
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;

use tokio::sync::oneshot;

use crate::connection::AnyConnection;
use crate::encoders::Encoders;
use crate::portable::outcome::{Answer, count};
use crate::portable::stored::AnyWork;
use crate::sqlite::connection;
use crate::sqlite::fault::{is_full, is_locked};
use crate::sqlite::file::disk::{FullDisk, Reserve};
use crate::sqlite::health::Health;
use crate::sqlite::search::index;
use crate::sqlite::writer::batch::kept::Kept;
use crate::sqlite::writer::budget::{Budget, Filling};
use crate::sqlite::writer::checkpoint::WriteAheadLog;
use crate::sqlite::writer::inbox::Inbox;
use crate::sqlite::writer::queue::Owner;

/// A queued unit of work.
pub(crate) struct Job {
    /// Name, customer and agent.
    pub(crate) unit: Unit,
    /// The work.
    pub(crate) work: AnyWork,
    /// When it was queued.
    pub(crate) queued: Instant,
    /// The channel for its answer.
    pub(crate) reply: oneshot::Sender<Answer>,
}

/// An error after which the store must end.
#[derive(Debug)]
pub(crate) struct Fatal(pub(crate) String);

impl From<Error> for Fatal {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

/// The connection that writes, with everything that a commit needs.
pub(crate) struct Batcher {
    /// The connection; outside a transaction between batches.
    pub(crate) conn: AnyConnection,
    /// Makes frames.
    pub(crate) encoder: Arc<dyn Encoders>,
    /// Is called with committed events.
    pub(crate) bell: Arc<dyn Bell>,
    /// The write-ahead log.
    pub(crate) write_ahead_log: WriteAheadLog,
    /// Whether repositories work without the cache of a batch.
    pub(crate) is_plain: bool,
    /// The cache that the last batch left.
    pub(crate) kept: Kept,
    /// Bounds the batches.
    pub(crate) budget: Budget,
    /// Set when a statement finds the disk full.
    pub(crate) disk: FullDisk,
    /// Space for a start on a full disk.
    pub(crate) reserve: Reserve,
}

impl Batcher {
    /// Runs `first` and further units of `inbox` that may share its commit in one transaction. Then
    /// rings the bell and answers every caller, and returns their number. No caller is answered
    /// earlier: even a refusal may depend on a unit of the same batch.
    pub(crate) fn run(
        &mut self,
        first: Job,
        inbox: &Inbox,
        health: &Health,
    ) -> Result<usize, Fatal> {
        let mut jobs = vec![first];
        match self.commit(&mut jobs, inbox, health) {
            Ok(answers) => {
                let units = jobs.len();
                for (job, answer) in jobs.into_iter().zip(answers) {
                    // A caller that is gone needs no answer.
                    let _ = job.reply.send(answer);
                }
                self.write_ahead_log.committed(&mut self.conn);
                Ok(units)
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

    /// On a full disk the state is known: SQLite has rolled the transaction back, and its units
    /// fail.
    fn commit(
        &mut self,
        jobs: &mut Vec<Job>,
        inbox: &Inbox,
        health: &Health,
    ) -> Result<Vec<Answer>, Fatal> {
        self.disk.take();
        self.budget.set_single(health.is_full());
        let committed = self.transact(jobs, inbox);
        match (committed, self.disk.take()) {
            (Ok((answers, has_written)), is_full) => {
                if is_full || has_written {
                    self.found_space(!is_full, health);
                }
                Ok(answers)
            }
            (Err(_), true) => {
                self.roll_back()?;
                self.found_space(false, health);
                Ok(all(jobs, "disk_full", || StoreError::Full))
            }
            (Err(fatal), false) => Err(fatal),
        }
    }

    fn found_space(&self, has_space: bool, health: &Health) {
        if health.set_full(!has_space) && has_space {
            self.reserve.keep();
        }
    }

    /// Runs and commits a batch. Returns the answers, and whether the commit wrote something.
    fn transact(
        &mut self,
        jobs: &mut Vec<Job>,
        inbox: &Inbox,
    ) -> Result<(Vec<Answer>, bool), Fatal> {
        if !self.begin()? {
            return Ok((self.busy(jobs, inbox), false));
        }
        let finished = if let Some(finished) = self.run_without_savepoints(jobs, inbox) {
            finished
        } else {
            self.undo_to(0)?;
            if !self.begin()? {
                return Ok((self.busy(jobs, inbox), false));
            }
            self.run_in_savepoints(jobs)?
        };
        let start = Instant::now();
        AnyConnection::commit_transaction(&mut self.conn)?;
        let took = start.elapsed();
        self.ring(&finished.events);
        self.budget.committed(took);
        inbox.committed(took);
        if finished.has_erased {
            self.write_ahead_log.erased(Instant::now());
        }
        metrics::histogram!("talk_store_commit_duration_seconds").record(took);
        #[expect(
            clippy::cast_precision_loss,
            reason = "a group has at most some thousands"
        )]
        metrics::histogram!("talk_store_group_size").record(jobs.len() as f64);
        for (job, outcome) in jobs.iter().zip(finished.outcomes) {
            count(job.unit, outcome);
        }
        self.kept.keep(finished.cache);
        Ok((finished.answers, finished.has_changed))
    }

    /// Settles the write-ahead log before the first change.
    pub(crate) fn settle(&mut self, health: &Health) -> Result<(), Fatal> {
        match self.write_ahead_log.settle(&mut self.conn, Instant::now()) {
            Err(error) if is_full(&error) => self.found_space(false, health),
            settled => settled?,
        }
        Ok(())
    }

    /// Empties the write-ahead log if it holds erased text and that is due.
    pub(crate) fn truncate_erased(&mut self) {
        self.write_ahead_log.truncate_erased(&mut self.conn);
    }

    /// Tests whether there is space again, while there are no other writes.
    pub(crate) fn probe(&mut self, health: &Health) -> Result<(), Fatal> {
        self.disk.take();
        if !self.begin()? {
            return Ok(());
        }
        let written = connection::touch(&mut self.conn)
            .and_then(|()| AnyConnection::commit_transaction(&mut self.conn));
        match written {
            Ok(()) => self.found_space(true, health),
            Err(_) if self.disk.take() => self.roll_back()?,
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Rolls the transaction back after a statement that may have ended it already.
    fn roll_back(&mut self) -> Result<(), Fatal> {
        while self.depth()? > 0 {
            let before = self.depth()?;
            let undone = AnyConnection::rollback_transaction(&mut self.conn);
            if undone.is_err() && self.depth()? >= before {
                return Ok(undone?);
            }
        }
        Ok(())
    }

    /// Refuses all units of a batch because another process holds the write lock.
    fn busy(&self, jobs: &mut Vec<Job>, inbox: &Inbox) -> Vec<Answer> {
        let mut filling = Filling::of(jobs);
        while let Some(next) = inbox.next(&filling, &self.budget) {
            filling.join(Owner::from(next.unit));
            jobs.push(next);
        }
        all(jobs, "busy", || StoreError::Busy)
    }

    /// Begins a transaction. Returns `false` if another process held the write lock for too long.
    fn begin(&mut self) -> Result<bool, Fatal> {
        match connection::begin(&mut self.conn) {
            Ok(()) => Ok(true),
            Err(error) if is_locked(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Advances the search index by a step and returns whether there is more to index. The inner
    /// error means that the index cannot be advanced; the step is rolled back then.
    pub(crate) fn index(&mut self, health: &Health) -> Result<QueryResult<bool>, Fatal> {
        self.disk.take();
        match (self.index_step(), self.disk.take()) {
            (Ok(Err(_)) | Err(_), true) => {
                self.roll_back()?;
                self.found_space(false, health);
                Ok(Ok(true))
            }
            (stepped, _) => stepped,
        }
    }

    fn index_step(&mut self) -> Result<QueryResult<bool>, Fatal> {
        // Reads first, so that other processes can write while there is nothing to do.
        match index::is_behind(&mut self.conn) {
            Ok(true) => {}
            done => return Ok(done),
        }
        if !self.begin()? {
            return Ok(Ok(true));
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

    fn ring(&self, committed: &[Arc<Logged>]) {
        if committed.is_empty() {
            return;
        }
        let rung = catch_unwind(AssertUnwindSafe(|| self.bell.ring(committed)));
        if rung.is_err() {
            tracing::error!("the bell panicked; its listeners catch up from the log");
        }
    }
}

/// Answers every unit of a batch with the same error.
fn all(jobs: &[Job], outcome: &'static str, error: impl Fn() -> StoreError) -> Vec<Answer> {
    let answers = jobs.iter().map(|job| {
        count(job.unit, outcome);
        Err(error())
    });
    answers.collect()
}

#[cfg(test)]
mod tests;
