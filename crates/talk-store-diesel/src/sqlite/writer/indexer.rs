//! When the writer advances the search index: at once while nobody writes, and for at most a
//! sixteenth of its time while somebody does.

use std::time::{Duration, Instant};

use crate::sqlite::search::index::STEP;

/// Nobody has written for this long: nobody writes.
const QUIET: Duration = Duration::from_millis(200);
/// Time for others, in times of a step's own, before the next step.
const OTHERS: u32 = 15;

/// Knows when the next step is due.
pub(crate) struct Indexer {
    /// Units written since, as many at least as messages.
    waiting: usize,
    is_quiet: bool,
    not_before: Instant,
    is_off: bool,
}

impl Indexer {
    /// What was written before is unknown.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            waiting: STEP,
            is_quiet: false,
            not_before: now,
            is_off: false,
        }
    }

    /// How long to wait for the next unit before a step; `None` when there is nothing to index.
    pub(crate) fn patience(&self) -> Option<Duration> {
        let patience = if self.is_quiet { Duration::ZERO } else { QUIET };
        (self.waiting > 0 && !self.is_off).then_some(patience)
    }

    /// Nobody wrote while the writer was patient.
    pub(crate) const fn quiet(&mut self) {
        self.is_quiet = true;
    }

    /// So many units were written.
    pub(crate) const fn wrote(&mut self, units: usize) {
        self.is_quiet = false;
        self.waiting = self.waiting.saturating_add(units);
    }

    /// Whether a step is due although others write.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.waiting >= STEP && now >= self.not_before && !self.is_off
    }

    /// A step has ended, and there is more to index or not.
    pub(crate) fn stepped(&mut self, from: Instant, to: Instant, is_more: bool) {
        self.not_before = to + to.duration_since(from) * OTHERS;
        self.waiting = if is_more {
            self.waiting.saturating_sub(STEP).max(STEP)
        } else {
            0
        };
    }

    /// No more steps: searches look through what is not indexed.
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
