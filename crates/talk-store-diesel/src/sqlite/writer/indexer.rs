//! Schedules the steps of the search index: without pause while there are no writes, and at most a
//! sixteenth of the writer's time while there are.

use std::time::{Duration, Instant};

use crate::sqlite::search::index::STEP;

/// Time without a write after which the writer counts as idle.
const QUIET: Duration = Duration::from_millis(200);
/// Pause between two steps, as a multiple of a step's duration.
const OTHERS: u32 = 15;

/// The schedule of the steps.
pub(crate) struct Indexer {
    /// Units written since the last step; an upper bound of new messages.
    waiting: usize,
    is_quiet: bool,
    not_before: Instant,
    is_off: bool,
}

impl Indexer {
    /// Creates a schedule that first checks for messages to index.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            waiting: STEP,
            is_quiet: false,
            not_before: now,
            is_off: false,
        }
    }

    /// Returns how long to wait for the next unit before a step; `None` when there is nothing to
    /// index.
    pub(crate) fn patience(&self) -> Option<Duration> {
        let patience = if self.is_quiet { Duration::ZERO } else { QUIET };
        (self.waiting > 0 && !self.is_off).then_some(patience)
    }

    /// Records that no unit came while the writer waited.
    pub(crate) const fn quiet(&mut self) {
        self.is_quiet = true;
    }

    /// Records a commit of `units` units.
    pub(crate) const fn wrote(&mut self, units: usize) {
        self.is_quiet = false;
        self.waiting = self.waiting.saturating_add(units);
    }

    /// Returns whether a step is due while there are writes.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.waiting >= STEP && now >= self.not_before && !self.is_off
    }

    /// Records a step, and whether there is more to index.
    pub(crate) fn stepped(&mut self, from: Instant, to: Instant, is_more: bool) {
        self.not_before = to + to.duration_since(from) * OTHERS;
        self.waiting = if is_more {
            self.waiting.saturating_sub(STEP).max(STEP)
        } else {
            0
        };
    }

    /// Switches the steps off: searches compare unindexed messages one by one.
    pub(crate) const fn turn_off(&mut self) {
        self.is_off = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn while_others_write_a_step_waits_for_its_turn() {
        let start = Instant::now();
        let mut indexer = Indexer::new(start);
        assert!(indexer.is_due(start));
        indexer.stepped(start, start + 10 * MS, true);
        assert!(!indexer.is_due(start + 159 * MS));
        assert!(indexer.is_due(start + 160 * MS));
        indexer.stepped(start, start + 10 * MS, false);
        indexer.wrote(STEP - 1);
        assert!(!indexer.is_due(start + 1_000 * MS));
        indexer.wrote(1);
        assert!(indexer.is_due(start + 1_000 * MS));
    }

    #[test]
    fn while_nobody_writes_steps_follow_each_other_to_the_end() {
        let start = Instant::now();
        let mut indexer = Indexer::new(start);
        assert_eq!(indexer.patience(), Some(QUIET));
        indexer.quiet();
        indexer.stepped(start, start + 10 * MS, true);
        assert_eq!(indexer.patience(), Some(Duration::ZERO));
        indexer.stepped(start, start + 10 * MS, false);
        assert_eq!(indexer.patience(), None);
        indexer.wrote(1);
        assert_eq!(indexer.patience(), Some(QUIET));
    }

    #[test]
    fn a_broken_index_is_left_alone() {
        let mut indexer = Indexer::new(Instant::now());
        indexer.turn_off();
        assert_eq!(indexer.patience(), None);
        assert!(!indexer.is_due(Instant::now()));
    }
}
