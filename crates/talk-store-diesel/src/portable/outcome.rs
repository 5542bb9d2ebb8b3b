//! What became of units of work.

use std::time::Duration;

use talk_domain::event::LoggedEvent;
use talk_domain::store::{StoreError, Unit, Verdict};

use crate::portable::fast::memory::Memory;
use crate::portable::unit::Done;

/// Units slower than this are logged.
const SLOW: Duration = Duration::from_millis(250);

/// What a caller is told.
pub(crate) type Answer = Result<(), StoreError>;

/// What became of the units of a transaction.
#[derive(Default)]
pub(crate) struct Finished {
    /// For their callers.
    pub(crate) answers: Vec<Answer>,
    /// For the metrics.
    pub(crate) outcomes: Vec<&'static str>,
    /// What they logged, for the bell.
    pub(crate) events: Vec<LoggedEvent>,
    /// Whether they changed a row, so that the commit writes something.
    pub(crate) has_changed: bool,
    /// Whether they erased text.
    pub(crate) has_erased: bool,
}

impl Finished {
    /// The next unit did this, and it is kept.
    pub(crate) fn keep(&mut self, done: Done) -> Memory {
        self.has_changed |= done.has_changed;
        self.has_erased |= done.memory.has_erased();
        self.add(Ok(()), "committed", done.events);
        done.memory
    }

    /// What became of the next unit.
    pub(crate) fn add(&mut self, answer: Answer, outcome: &'static str, events: Vec<LoggedEvent>) {
        self.answers.push(answer);
        self.outcomes.push(outcome);
        self.events.extend(events);
    }
}

/// What became of a unit in its savepoint.
pub(crate) enum Attempt {
    /// Its effects are there.
    Kept(Box<Done>),
    /// Its effects are not, as it wished.
    Undone(Verdict),
    /// What it had in mind could not be stored.
    Failed(StoreError),
    /// It panicked.
    Panicked,
}

/// Counts a finished unit.
pub(crate) fn count(unit: Unit, outcome: &'static str) {
    metrics::counter!("talk_store_units_total", "unit" => unit.name, "outcome" => outcome)
        .increment(1);
}

/// Logs the name of a slow unit.
pub(crate) fn warn_if_slow(unit: Unit, elapsed: Duration) {
    if elapsed > SLOW {
        let ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        tracing::warn!(unit = unit.name, ms, "slow unit of work");
    }
}
