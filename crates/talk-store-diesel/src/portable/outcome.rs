//! Results of units of work.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use metrics::Counter;
use talk_domain::kernel::log::Logged;
use talk_domain::kernel::store::{Unit, Verdict};
use talk_domain::kernel::store_error::StoreError;

use crate::portable::fast::batch_cache::BatchCache;
use crate::portable::unit::Done;

/// Units slower than this are logged.
const SLOW: Duration = Duration::from_millis(250);

/// The answer to a caller.
pub(crate) type Answer = Result<(), StoreError>;

/// The results of the units of a transaction.
#[derive(Default)]
pub(crate) struct Finished {
    /// Answers to their callers.
    pub(crate) answers: Vec<Answer>,
    /// Outcomes for the metrics.
    pub(crate) outcomes: Vec<&'static str>,
    /// Their events, for the bell.
    pub(crate) events: Vec<Arc<Logged>>,
    /// Whether a row was changed, so that the commit writes something.
    pub(crate) has_changed: bool,
    /// Whether they erased text.
    pub(crate) has_erased: bool,
    /// The cache, for the units after them.
    pub(crate) cache: BatchCache,
}

impl Finished {
    /// Adds a successful unit. Returns the cache of the transaction.
    pub(crate) fn keep(&mut self, done: Done) -> BatchCache {
        self.has_changed |= done.has_changed;
        self.has_erased |= done.cache.has_erased();
        self.add(Ok(()), "committed", done.events);
        done.cache
    }

    /// Adds the result of the next unit.
    pub(crate) fn add(&mut self, answer: Answer, outcome: &'static str, events: Vec<Arc<Logged>>) {
        self.answers.push(answer);
        self.outcomes.push(outcome);
        self.events.extend(events);
    }
}

/// The result of a unit in its savepoint.
pub(crate) enum Attempt {
    /// Its effects are kept.
    Kept(Box<Done>),
    /// Rolled back, by its own verdict.
    Undone(Verdict),
    /// Rolled back, because storage failed.
    Failed(StoreError),
    /// Rolled back after a panic.
    Panicked,
}

thread_local! {
    /// The counters by unit and outcome: a lookup in the registry takes longer than a small unit's
    /// statement.
    static FINISHED: RefCell<HashMap<(&'static str, &'static str), Counter>> = RefCell::default();
}

/// Counts a finished unit.
pub(crate) fn count(unit: Unit, outcome: &'static str) {
    let counter =
        || metrics::counter!("talk_store_units_total", "unit" => unit.name, "outcome" => outcome);
    FINISHED.with_borrow_mut(|finished| {
        let of_unit = finished.entry((unit.name, outcome)).or_insert_with(counter);
        of_unit.increment(1);
    });
}

/// Logs the name of a slow unit.
pub(crate) fn warn_if_slow(unit: Unit, elapsed: Duration) {
    if elapsed > SLOW {
        let ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        tracing::warn!(unit = unit.name, ms, "slow unit of work");
    }
}
