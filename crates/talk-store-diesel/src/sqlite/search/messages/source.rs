//! Candidates in the order of the list, from two sources.

use std::collections::VecDeque;

use diesel::prelude::*;
use talk_domain::kernel::page::Order;

use crate::sqlite::schema::messages;

/// A message that may match.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = messages)]
pub(super) struct Candidate {
    pub(super) serial: i64,
    pub(super) created_at: i64,
    pub(super) id: Vec<u8>,
    pub(super) chat_id: Vec<u8>,
}

impl Candidate {
    /// Returns whether it comes before `other` in the list.
    fn is_before(&self, other: &Self, order: Order) -> bool {
        let (this, other) = ((self.created_at, &self.id), (other.created_at, &other.id));
        match order {
            Order::Descending => this > other,
            Order::Ascending => this < other,
        }
    }
}

/// Times from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) low: i64,
    pub(super) high: i64,
}

impl Times {
    pub(super) const fn is_empty(self) -> bool {
        self.low > self.high
    }

    /// Returns the time that comes first in the list.
    pub(super) const fn first(self, order: Order) -> i64 {
        match order {
            Order::Descending => self.high,
            Order::Ascending => self.low,
        }
    }

    /// Returns the range after `passed`, which comes first.
    pub(super) fn beyond(self, passed: Self, order: Order) -> Option<Self> {
        let rest = match order {
            Order::Descending => Self {
                high: passed.low.checked_sub(1)?,
                ..self
            },
            Order::Ascending => Self {
                low: passed.high.checked_add(1)?,
                ..self
            },
        };
        (!rest.is_empty()).then_some(rest)
    }

    /// Returns the range from the time `at` on, which is inside.
    pub(super) const fn from(self, at: i64, order: Order) -> Self {
        match order {
            Order::Descending => Self { high: at, ..self },
            Order::Ascending => Self { low: at, ..self },
        }
    }
}

/// One source of candidates.
pub(super) struct Source {
    /// The next candidates, in the order of the list.
    queue: VecDeque<Candidate>,
    /// The time range after the queue that is not looked up yet.
    rest: Option<Times>,
}

impl Source {
    /// Creates a source of candidates in these times.
    pub(super) fn of(times: Option<Times>) -> Self {
        Self {
            queue: VecDeque::new(),
            rest: times,
        }
    }

    /// Returns the times to look up next; `None` while there are candidates, or when there can be
    /// no more.
    pub(super) fn wanted(&self) -> Option<Times> {
        self.rest.filter(|_| self.queue.is_empty())
    }

    /// Adds candidates that were looked up, in any order. `rest` is the range that is not looked up
    /// yet.
    pub(super) fn fill(&mut self, candidates: Vec<Candidate>, rest: Option<Times>, order: Order) {
        self.queue = candidates.into();
        let queue = self.queue.make_contiguous();
        queue.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        if order == Order::Descending {
            queue.reverse();
        }
        self.rest = rest;
    }

    /// Returns the time of the next candidate, or the first time at which there may be one.
    fn next_time(&self, order: Order) -> Option<i64> {
        let queued = self.queue.front().map(|candidate| candidate.created_at);
        queued.or_else(|| self.rest.map(|rest| rest.first(order)))
    }

    /// Returns whether `candidate`, of the other source, comes before everything of this one.
    fn lets_pass(&self, candidate: &Candidate, order: Order) -> bool {
        if let Some(own) = self.queue.front() {
            return candidate.is_before(own, order);
        }
        self.rest.is_none_or(|rest| match order {
            Order::Descending => candidate.created_at > rest.high,
            Order::Ascending => candidate.created_at < rest.low,
        })
    }
}

/// Both sources.
pub(super) struct Sources {
    pub(super) order: Order,
    pub(super) indexed: Source,
    pub(super) unindexed: Source,
}

impl Sources {
    /// Takes at most `most` candidates in order; fewer, or none, if a source must be filled first.
    pub(super) fn take(&mut self, most: usize) -> Vec<Candidate> {
        std::iter::from_fn(|| self.next()).take(most).collect()
    }

    fn next(&mut self) -> Option<Candidate> {
        let (indexed, unindexed) = (self.indexed.queue.front(), self.unindexed.queue.front());
        if indexed.is_some_and(|front| self.unindexed.lets_pass(front, self.order)) {
            return self.indexed.queue.pop_front();
        }
        if unindexed.is_some_and(|front| self.indexed.lets_pass(front, self.order)) {
            return self.unindexed.queue.pop_front();
        }
        None
    }

    /// Returns the first time at which there may be a candidate; `None` if there are none.
    pub(super) fn next_time(&self) -> Option<i64> {
        let times = [&self.indexed, &self.unindexed]
            .into_iter()
            .filter_map(|source| source.next_time(self.order));
        match self.order {
            Order::Descending => times.max(),
            Order::Ascending => times.min(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(serial: i64, created_at: i64) -> Candidate {
        Candidate {
            serial,
            created_at,
            id: vec![u8::try_from(serial).unwrap()],
            chat_id: vec![],
        }
    }

    const ALL: Times = Times { low: 0, high: 100 };

    fn serials(candidates: &[Candidate]) -> Vec<i64> {
        candidates
            .iter()
            .map(|candidate| candidate.serial)
            .collect()
    }

    #[test]
    fn nothing_passes_what_may_still_come_before_it() {
        for (order, first, second) in [(Order::Ascending, 10, 40), (Order::Descending, 90, 60)] {
            let mut sources = Sources {
                order,
                indexed: Source::of(Some(ALL)),
                unindexed: Source::of(Some(ALL)),
            };
            assert!(sources.take(9).is_empty());
            let rest = Some(ALL.from(second, order));
            let found = vec![candidate(1, first), candidate(2, first)];
            sources.indexed.fill(found, rest, order);
            assert!(sources.take(9).is_empty(), "the other source is unknown");
            let found = vec![candidate(3, second), candidate(4, first)];
            sources.unindexed.fill(found, None, order);
            let mut expected = vec![1, 2, 4];
            if order == Order::Descending {
                expected.reverse();
            }
            assert_eq!(serials(&sources.take(9)), expected);
            assert_eq!(sources.next_time(), Some(second));
            assert_eq!(sources.indexed.wanted(), rest);
            sources.indexed.fill(vec![], None, order);
            assert_eq!(serials(&sources.take(9)), [3]);
            assert_eq!(sources.next_time(), None);
        }
    }

    #[test]
    fn times_go_on_behind_what_was_passed() {
        let passed = Times { low: 50, high: 60 };
        let beyond = |order| ALL.beyond(passed, order).unwrap();
        assert_eq!(beyond(Order::Descending), Times { low: 0, high: 49 });
        assert_eq!(beyond(Order::Ascending), Times { low: 61, high: 100 });
        let everything = Times {
            low: i64::MIN,
            high: i64::MAX,
        };
        for order in [Order::Descending, Order::Ascending] {
            assert_eq!(everything.beyond(everything, order), None);
        }
    }
}
