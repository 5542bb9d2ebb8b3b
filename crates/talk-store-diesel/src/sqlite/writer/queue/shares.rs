//! One level of fair sharing: start-time fair queueing over measured cost.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

/// Position of a waiting key: its virtual start time, then the order in which the keys came.
type Turn<K> = (u64, u64, K);

/// Decides which of several competing keys is served next.
///
/// Each key has a virtual finish time: the cost it was charged so far, counted from the virtual
/// time at which it began to wait. The key with the smallest one is served next. Two keys that both
/// wait all the time are therefore charged the same, up to the cost of one unit each. A key that
/// comes back after a pause starts at the current virtual time: it saves no credit meanwhile, and
/// keeps what it was charged beyond its share.
pub(super) struct Shares<K> {
    /// Virtual start time of the key served last.
    now: u64,
    arrivals: u64,
    flows: HashMap<K, Flow>,
    waiting: BTreeSet<Turn<K>>,
    /// Keys that do not wait and were charged beyond `now`, by their virtual finish time.
    ahead: BTreeSet<(u64, K)>,
}

#[derive(Clone, Copy)]
struct Flow {
    finish: u64,
    /// The position in `waiting`.
    turn: Option<(u64, u64)>,
}

impl<K> Default for Shares<K> {
    fn default() -> Self {
        Self {
            now: 0,
            arrivals: 0,
            flows: HashMap::new(),
            waiting: BTreeSet::new(),
            ahead: BTreeSet::new(),
        }
    }
}

impl<K: Copy + Eq + Hash + Ord> Shares<K> {
    /// Returns the number of waiting keys.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Returns the key to be served next.
    pub(super) fn first(&self) -> Option<K> {
        self.waiting.first().map(|(.., key)| *key)
    }

    /// Marks `key` as waiting; nothing changes if it waits already.
    pub(super) fn wait(&mut self, key: K) {
        let finish = self.flows.get(&key).map_or(0, |flow| flow.finish);
        if self.flows.get(&key).is_some_and(|flow| flow.turn.is_some()) {
            return;
        }
        self.ahead.remove(&(finish, key));
        self.place(key, finish.max(self.now));
    }

    /// Moves the virtual time to the start of `key`, which is served now.
    pub(super) fn serve(&mut self, key: K) {
        let turn = self.flows.get(&key).and_then(|flow| flow.turn);
        self.now = self.now.max(turn.map_or(0, |(start, _)| start));
        while let Some((finish, idle)) = self.ahead.first().copied()
            && finish <= self.now
        {
            self.ahead.remove(&(finish, idle));
            self.flows.remove(&idle);
        }
    }

    /// Marks `key` as not waiting any more.
    pub(super) fn rest(&mut self, key: K) {
        let Some(flow) = self.flows.get_mut(&key) else {
            return;
        };
        if let Some((start, arrival)) = flow.turn.take() {
            self.waiting.remove(&(start, arrival, key));
        }
        if flow.finish > self.now {
            self.ahead.insert((flow.finish, key));
        } else {
            self.flows.remove(&key);
        }
    }

    /// Charges `cost` to `key`.
    pub(super) fn charge(&mut self, key: K, cost: u64) {
        let flow = self.flows.get(&key).copied();
        let finish = flow.map_or(0, |flow| flow.finish).max(self.now);
        let later = finish.saturating_add(cost.max(1));
        if let Some((start, arrival)) = flow.and_then(|flow| flow.turn) {
            self.waiting.remove(&(start, arrival, key));
            self.place(key, later);
        } else {
            self.ahead.remove(&(finish, key));
            self.ahead.insert((later, key));
            let (finish, turn) = (later, None);
            self.flows.insert(key, Flow { finish, turn });
        }
    }

    fn place(&mut self, key: K, start: u64) {
        self.arrivals += 1;
        let turn = Some((start, self.arrivals));
        self.waiting.insert((start, self.arrivals, key));
        self.flows.insert(
            key,
            Flow {
                finish: start,
                turn,
            },
        );
    }
}
