//! Gives free pages of the database file back to the file system, in small steps between batches.
//!
//! A database with `auto_vacuum = INCREMENTAL` keeps a list of its free pages, and can move pages from
//! the end of the file into them. The file becomes shorter with the next checkpoint.

use std::time::{Duration, Instant};

use diesel::connection::{SimpleConnection as _, TransactionManager as _};

use super::{Batcher, Fatal};
use crate::connection::AnyConnection;
use crate::sqlite::connection;
use crate::sqlite::health::Health;

/// Free pages that stay for the next writes: 1 MiB.
const KEPT: u32 = 256;
/// Pages of the first step; later steps have as many as fit into [`LONGEST`].
const FIRST: u32 = 32;
/// Longest time of a step; the writer is blocked meanwhile.
const LONGEST: Duration = Duration::from_millis(4);
/// Interval between two checks of the free pages, and the least pause between two steps.
const PAUSE: Duration = Duration::from_millis(200);
/// Least time between two steps, in multiples of the time that the first one took.
const OTHERS: u32 = 15;

/// Schedules the steps, and adapts the number of pages in a step to the time it takes.
pub(crate) struct Reclaimer {
    due: Instant,
    pages: u32,
    /// Whether there may be pages to give back.
    is_pending: bool,
    is_off: bool,
}

impl Reclaimer {
    /// Creates a schedule that first looks for free pages at `now`.
    pub(crate) const fn new(now: Instant) -> Self {
        Self {
            due: now,
            pages: FIRST,
            is_pending: true,
            is_off: false,
        }
    }

    /// Switches the steps off: another process does them, or the database has no list of free
    /// pages.
    pub(crate) const fn turn_off(&mut self) {
        self.is_off = true;
    }

    /// Records a write, after which pages may be free.
    pub(crate) const fn wrote(&mut self) {
        self.is_pending = true;
    }

    /// Returns how long to wait for the next unit before a step; `None` when there is nothing to
    /// give back.
    pub(crate) fn patience(&self, now: Instant) -> Option<Duration> {
        let is_waiting = self.is_pending && !self.is_off;
        is_waiting.then(|| self.due.saturating_duration_since(now))
    }

    /// Returns the number of pages of the step that is due at `now`.
    fn step(&self, now: Instant) -> Option<u32> {
        let is_due = self.is_pending && !self.is_off && now >= self.due;
        is_due.then_some(self.pages)
    }

    /// Records a step, and whether there are more pages to give back.
    fn stepped(&mut self, from: Instant, to: Instant, is_more: bool) {
        let took = to.duration_since(from);
        self.due = to + PAUSE.max(took * OTHERS);
        self.is_pending = is_more;
        self.pages = if took > LONGEST {
            (self.pages / 2).max(1)
        } else if took < LONGEST / 2 {
            self.pages.saturating_mul(2).min(4_096)
        } else {
            self.pages
        };
    }
}

impl Batcher {
    /// Gives pages back if that is due.
    pub(crate) fn reclaim(
        &mut self,
        reclaimer: &mut Reclaimer,
        health: &Health,
    ) -> Result<(), Fatal> {
        let start = Instant::now();
        let Some(pages) = reclaimer.step(start) else {
            return Ok(());
        };
        self.disk.take();
        match (self.reclaim_step(pages), self.disk.take()) {
            (Ok(Reclaimed::Unsupported), _) => reclaimer.turn_off(),
            (Ok(Reclaimed::All), _) => reclaimer.stepped(start, Instant::now(), false),
            (Ok(Reclaimed::Some), _) => reclaimer.stepped(start, Instant::now(), true),
            (Err(_), true) => {
                self.roll_back()?;
                self.found_space(false, health);
                reclaimer.stepped(start, Instant::now(), false);
            }
            (Err(fatal), false) => return Err(fatal),
        }
        Ok(())
    }

    fn reclaim_step(&mut self, pages: u32) -> Result<Reclaimed, Fatal> {
        let Some(free) = connection::free_pages(&mut self.conn)? else {
            return Ok(Reclaimed::Unsupported);
        };
        let surplus = free.saturating_sub(KEPT);
        if surplus == 0 {
            return Ok(Reclaimed::All);
        }
        if !self.begin()? {
            return Ok(Reclaimed::Some);
        }
        let pages = pages.min(surplus);
        self.conn
            .batch_execute(&format!("PRAGMA incremental_vacuum({pages})"))?;
        AnyConnection::commit_transaction(&mut self.conn)?;
        metrics::counter!("talk_store_pages_given_back_total").increment(u64::from(pages));
        Ok(if pages < surplus {
            Reclaimed::Some
        } else {
            Reclaimed::All
        })
    }
}

/// The outcome of a step.
enum Reclaimed {
    /// All pages that are not kept are given back.
    All,
    /// There are more.
    Some,
    /// The database gives no pages back.
    Unsupported,
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_step_has_as_many_pages_as_fit_into_its_time() {
        let start = Instant::now();
        let mut reclaimer = Reclaimer::new(start);
        assert_eq!(reclaimer.step(start), Some(FIRST));
        reclaimer.stepped(start, start + MS, true);
        assert_eq!(reclaimer.pages, 2 * FIRST);
        reclaimer.stepped(start, start + 3 * MS, true);
        assert_eq!(reclaimer.pages, 2 * FIRST);
        for _ in 0..20 {
            reclaimer.stepped(start, start + 5 * MS, true);
        }
        assert_eq!(reclaimer.pages, 1);
    }

    #[test]
    fn steps_leave_time_for_others_and_end_when_nothing_is_left() {
        let start = Instant::now();
        let mut reclaimer = Reclaimer::new(start);
        reclaimer.stepped(start, start + 20 * MS, true);
        let end = start + 20 * MS;
        assert_eq!(reclaimer.patience(end), Some(300 * MS));
        assert_eq!(reclaimer.step(end + 299 * MS), None);
        assert!(reclaimer.step(end + 300 * MS).is_some());
        reclaimer.stepped(start, end, false);
        assert_eq!(reclaimer.patience(end), None);
        assert_eq!(reclaimer.step(end + 999 * MS), None);
        reclaimer.wrote();
        assert!(reclaimer.step(end + 999 * MS).is_some());
        reclaimer.turn_off();
        assert_eq!(reclaimer.patience(end), None);
        assert_eq!(reclaimer.step(end + 999 * MS), None);
    }
}
