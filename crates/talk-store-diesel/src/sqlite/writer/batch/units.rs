//! How the units of a batch run in its open transaction: all without savepoints, or each in its own.

use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use diesel::connection::TransactionManager;
use diesel::result::{Error, QueryResult};
use talk_domain::kernel::store::Verdict;
use talk_domain::kernel::store_error::StoreError;

use super::{Batcher, Job};
use crate::connection::AnyConnection;
use crate::error::corrupt;
use crate::portable::fast::batch_cache::BatchCache;
use crate::portable::fast::chats::flush;
use crate::portable::outcome::{Attempt, Finished, warn_if_slow};
use crate::portable::unit::{DieselUnit, Done};
use crate::sqlite::connection;
use crate::sqlite::writer::budget::Filling;
use crate::sqlite::writer::inbox::Inbox;
use crate::sqlite::writer::queue::Owner;

/// Maximum number of runs of a unit that the database requires to retry.
const RUNS: u32 = 3;

impl Batcher {
    /// Fast path: runs all units in one transaction without savepoints, which would cost as much as
    /// some of the units do, and takes more from the inbox while they may share the commit. Returns
    /// `None` if a unit must be rolled back; the caller then rolls back everything and runs each
    /// unit in its own savepoint.
    pub(super) fn run_without_savepoints(
        &mut self,
        jobs: &mut Vec<Job>,
        inbox: &Inbox,
    ) -> Option<Finished> {
        let cache = self.kept();
        let mut cache = cache.inspect_err(runs_again).ok()?;
        let mut finished = Finished::default();
        let (mut filling, mut spent) = (Filling::of(jobs), Duration::ZERO);
        let mut at = 0;
        while let Some(job) = jobs.get_mut(at) {
            let (unit, start) = (job.unit, Instant::now());
            let done = self.run_without_savepoint(job, cache, &mut finished);
            let took = start.elapsed();
            spent += took;
            inbox.ran(unit, took);
            let Some(after) = done else {
                // The units before this one must run again because of it.
                inbox.wasted(unit, spent);
                return None;
            };
            cache = after;
            warn_if_slow(unit, took);
            filling.ran(took);
            at += 1;
            if at == jobs.len()
                && let Some(next) = inbox.next(&filling, &self.budget)
            {
                filling.join(Owner::from(next.unit));
                jobs.push(next);
            }
        }
        let flushed = flush(&mut self.conn, &mut cache);
        flushed.inspect_err(runs_again).ok()?;
        finished.cache = cache;
        Some(finished)
    }

    /// Returns the cache for a new transaction: what the last batch left.
    fn kept(&mut self) -> QueryResult<BatchCache> {
        if self.is_plain {
            return Ok(BatchCache::plain());
        }
        self.kept.take(&mut self.conn)
    }

    /// Creates the cache of a new savepoint.
    fn cache(&self) -> BatchCache {
        if self.is_plain {
            return BatchCache::plain();
        }
        BatchCache::default()
    }

    /// Runs a unit without a savepoint. Returns the cache of the transaction, or `None` if the unit
    /// must be rolled back.
    fn run_without_savepoint(
        &mut self,
        job: &mut Job,
        cache: BatchCache,
        finished: &mut Finished,
    ) -> Option<BatchCache> {
        let (verdict, done) = self.perform(job, cache)?;
        match verdict {
            Verdict::Commit => return Some(finished.keep(done)),
            Verdict::Rollback if !done.has_changed => {
                finished.add(Ok(()), "rolled_back", Vec::new());
            }
            Verdict::Rollback | Verdict::Failed | Verdict::Retry => return None,
        }
        Some(done.cache)
    }

    /// Runs each unit in a savepoint of its own. An error here means the transaction is lost.
    pub(super) fn run_in_savepoints(&mut self, jobs: &mut [Job]) -> QueryResult<Finished> {
        let mut finished = Finished::default();
        for job in jobs {
            let start = Instant::now();
            let mut attempt = self.attempt(job)?;
            for _ in 1..RUNS {
                if matches!(attempt, Attempt::Undone(Verdict::Retry)) {
                    attempt = self.attempt(job)?;
                }
            }
            match attempt {
                Attempt::Kept(done) => drop(finished.keep(*done)),
                Attempt::Undone(Verdict::Retry) => {
                    finished.add(Err(StoreError::Conflict), "conflict", Vec::new());
                }
                Attempt::Undone(Verdict::Failed) => finished.add(Ok(()), "failed", Vec::new()),
                Attempt::Undone(_) => finished.add(Ok(()), "rolled_back", Vec::new()),
                Attempt::Failed(error) => finished.add(Err(error), "failed", Vec::new()),
                Attempt::Panicked => {
                    let answer = Err(corrupt("the unit of work panicked"));
                    finished.add(answer, "panicked", Vec::new());
                }
            }
            warn_if_slow(job.unit, start.elapsed());
        }
        Ok(finished)
    }

    /// Runs a unit once, in a savepoint.
    fn attempt(&mut self, job: &mut Job) -> QueryResult<Attempt> {
        AnyConnection::begin_transaction(&mut self.conn)?;
        let cache = self.cache();
        let attempt = match self.perform(job, cache) {
            Some((Verdict::Commit, mut done)) => match flush(&mut self.conn, &mut done.cache) {
                Ok(()) => Attempt::Kept(Box::new(done)),
                Err(error) => Attempt::Failed(error),
            },
            Some((verdict, _)) => Attempt::Undone(verdict),
            None => Attempt::Panicked,
        };
        match attempt {
            Attempt::Kept(_) => AnyConnection::commit_transaction(&mut self.conn)?,
            _ => self.undo_to(1)?,
        }
        Ok(attempt)
    }

    /// Runs a unit. Returns its verdict and result, or `None` after a panic.
    fn perform(&mut self, job: &mut Job, cache: BatchCache) -> Option<(Verdict, Done)> {
        let before = self.changes_of_units(&cache);
        let (conn, encoder) = (&mut self.conn, self.encoder.as_ref());
        let ran = catch_unwind(AssertUnwindSafe(|| {
            let mut unit = DieselUnit::new(conn, job.unit, encoder, cache);
            let verdict = (job.work)(&mut unit);
            (verdict, unit.into_done())
        }));
        let (verdict, done) = ran.ok()?;
        debug_assert!(
            done.has_changed || before == self.changes_of_units(&done.cache),
            "a change that would not be undone"
        );
        Some((verdict, done))
    }

    /// Returns the number of rows that units have changed directly, without flushed rows of the
    /// cache, for a check in debug builds.
    fn changes_of_units(&mut self, cache: &BatchCache) -> Option<i64> {
        let changes = cfg!(debug_assertions).then(|| connection::changes(&mut self.conn))?;
        changes.ok().map(|changes| changes - cache.flushed())
    }

    /// Rolls back transactions and savepoints until `left` remain; a panic may have left nested
    /// ones.
    pub(super) fn undo_to(&mut self, left: u32) -> QueryResult<()> {
        while self.depth()? > left {
            AnyConnection::rollback_transaction(&mut self.conn)?;
        }
        // The database may have ended all of them.
        match self.depth()? {
            depth if depth < left => Err(Error::NotInTransaction),
            _ => Ok(()),
        }
    }

    /// Returns the number of open transactions and savepoints.
    pub(super) fn depth(&mut self) -> QueryResult<u32> {
        let status = AnyConnection::transaction_manager_status_mut(&mut self.conn);
        Ok(status.transaction_depth()?.map_or(0, NonZeroU32::get))
    }
}

/// Logs why the units of a batch run again, each in its own savepoint. An error that lasts fails them
/// there.
fn runs_again(error: &impl std::fmt::Display) {
    tracing::warn!(%error, "a batch failed, and its units run one by one");
}
