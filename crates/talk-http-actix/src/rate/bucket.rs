//! Token buckets in bounded memory.
//!
//! The crate governor does not fit for two reasons. The cost of a request is known only after it
//! ran, so that a bucket must be able to go into debt. And a request that would wait too long for
//! its token must not take it.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{LARGEST_DEBT, Rate};

/// Number of shards of the map, so that threads seldom wait for each other.
const SHARDS: usize = 16;

/// Maximum of buckets per shard.
const KEYS: usize = 4_096;

/// A token bucket for each key.
///
/// A bucket is one number: the time at which it will be full again (the generic cell rate
/// algorithm). Times are nanoseconds since some moment before all of them. A full bucket is the
/// same as an absent one, so full ones are dropped when the shard is full.
#[derive(Debug)]
pub(super) struct Buckets<K> {
    refill: Option<Refill>,
    shards: [Mutex<HashMap<K, u64>>; SHARDS],
    hasher: RandomState,
}

/// The token bucket of a single connection; without a limit if the rate is 0.
#[derive(Debug)]
pub(crate) struct Bucket {
    refill: Option<Refill>,
    created: Instant,
    /// When the bucket will be full again, in nanoseconds since `created`.
    full_at: u64,
}

impl Bucket {
    /// Creates a full bucket.
    pub(crate) fn new(rate: Rate, now: Instant) -> Self {
        Self {
            refill: Refill::of(rate),
            created: now,
            full_at: 0,
        }
    }

    /// Takes a token. Returns `false` if there is none.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let Some(refill) = self.refill else {
            return true;
        };
        let now = nanoseconds(now.saturating_duration_since(self.created));
        let is_there = refill.wait(self.full_at, now).is_zero();
        if is_there {
            refill.charge(&mut self.full_at, 1, now);
        }
        is_there
    }
}

/// The nanoseconds of a duration; 584 years at most.
pub(super) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The time it takes to refill a bucket.
#[derive(Clone, Copy, Debug)]
struct Refill {
    /// Time to refill one token.
    token: u64,
    /// Time to refill an empty bucket.
    burst: u64,
}

impl<K: Copy + Eq + Hash> Buckets<K> {
    pub(super) fn new(rate: Rate) -> Self {
        Self {
            refill: Refill::of(rate),
            shards: std::array::from_fn(|_| Mutex::default()),
            hasher: RandomState::new(),
        }
    }

    /// Takes `cost` tokens if there is one now or will be within `longest`. Returns how long the
    /// caller must wait. Later callers queue after it.
    ///
    /// # Errors
    /// The time until there is a token. Nothing was taken.
    pub(super) fn reserve(
        &self,
        key: K,
        cost: u32,
        (now, longest): (u64, Duration),
    ) -> Result<Duration, Duration> {
        self.change(key, now, |refill, full_at| {
            let wait = refill.wait(*full_at, now);
            if wait > longest {
                return Err(wait);
            }
            refill.charge(full_at, cost, now);
            Ok(wait)
        })
        .unwrap_or(Ok(Duration::ZERO))
    }

    /// Takes `cost` tokens, possibly going into debt. Returns the time until there is a token
    /// again.
    pub(super) fn charge(&self, key: K, cost: u32, now: u64) -> Duration {
        self.change(key, now, |refill, full_at| {
            refill.charge(full_at, cost, now);
            refill.wait(*full_at, now)
        })
        .unwrap_or_default()
    }

    /// Changes the bucket of a key; `None` if there is no limit.
    fn change<T>(&self, key: K, now: u64, change: impl FnOnce(Refill, &mut u64) -> T) -> Option<T> {
        let refill = self.refill?;
        let hash = self.hasher.hash_one(key);
        let part = usize::try_from(hash >> 32).unwrap_or(0) % SHARDS;
        let shard = self.shards.get(part)?;
        let mut buckets = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= KEYS && !buckets.contains_key(&key) {
            make_room(&mut buckets, now);
        }
        Some(change(refill, buckets.entry(key).or_insert(now)))
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| shard.lock().unwrap().len())
            .sum()
    }
}

impl Refill {
    /// Returns the times of this rate; `None` if it is no limit.
    const fn of(rate: Rate) -> Option<Self> {
        if rate.per_second == 0 {
            return None;
        }
        let token = 1_000_000_000 / rate.per_second as u64;
        let token = if token == 0 { 1 } else { token };
        let burst = if rate.burst == 0 { 1 } else { rate.burst };
        Some(Self {
            token,
            burst: token * burst as u64,
        })
    }

    /// Returns the time until the bucket has a token.
    fn wait(self, full_at: u64, now: u64) -> Duration {
        let there_at = (full_at + self.token).saturating_sub(self.burst);
        Duration::from_nanos(there_at.saturating_sub(now))
    }

    fn charge(self, full_at: &mut u64, cost: u32, now: u64) {
        let debt = nanoseconds(LARGEST_DEBT);
        let after = (*full_at).max(now) + self.token * u64::from(cost);
        *full_at = after.min(now + self.burst + debt);
    }
}

/// Drops the full buckets, or any other if there is none: its key then starts with a full one.
fn make_room<K: Copy + Eq + Hash>(buckets: &mut HashMap<K, u64>, now: u64) {
    buckets.retain(|_, full_at| *full_at > now);
    if buckets.len() >= KEYS
        && let Some(key) = buckets.keys().next().copied()
    {
        buckets.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;
    const AT_ONCE: Duration = Duration::ZERO;

    fn buckets(per_second: u32, burst: u32) -> Buckets<u32> {
        Buckets::new(Rate { per_second, burst })
    }

    fn takes(buckets: &Buckets<u32>, key: u32, now: u64) -> bool {
        buckets.reserve(key, 1, (now, AT_ONCE)).is_ok()
    }

    #[test]
    fn a_burst_is_let_in_and_then_the_rate() {
        let buckets = buckets(100, 10);
        assert_eq!((0..50).filter(|_| takes(&buckets, 1, SECOND)).count(), 10);
        let later = SECOND + SECOND / 20;
        assert_eq!((0..50).filter(|_| takes(&buckets, 1, later)).count(), 5);
        let much_later = 100 * SECOND;
        assert_eq!(
            (0..50).filter(|_| takes(&buckets, 1, much_later)).count(),
            10
        );
    }

    #[test]
    fn a_connection_has_its_burst_and_then_its_rate_for_ever() {
        let start = Instant::now();
        let rate = Rate {
            per_second: 50,
            burst: 200,
        };
        let mut bucket = Bucket::new(rate, start);
        assert!((0..200).all(|_| bucket.take(start)));
        assert!(!bucket.take(start));
        let later = start + Duration::from_millis(1_001);
        assert_eq!((0..100).filter(|_| bucket.take(later)).count(), 50);
        let mut steady = Bucket::new(rate, start);
        let each = Duration::from_millis(20);
        assert!((0..10_000).all(|n| steady.take(start + each * n)));
    }

    #[test]
    fn one_key_uses_up_nothing_of_another() {
        let buckets = buckets(1, 1);
        assert!(takes(&buckets, 1, 0));
        assert!(!takes(&buckets, 1, 0));
        assert!(takes(&buckets, 2, 0));
    }

    #[test]
    fn a_refusal_says_how_long_to_wait_and_costs_nothing() {
        let buckets = buckets(2, 1);
        assert!(takes(&buckets, 1, 0));
        for _ in 0..10 {
            let wait = buckets.reserve(1, 1, (0, AT_ONCE)).unwrap_err();
            assert_eq!(wait, Duration::from_millis(500));
        }
        assert!(!takes(&buckets, 1, SECOND / 2 - 1));
        assert!(takes(&buckets, 1, SECOND / 2));
    }

    /// Waiting connections are admitted one after the other.
    #[test]
    fn those_who_wait_queue_up() {
        let buckets = buckets(10, 1);
        let longest = Duration::from_millis(250);
        let waits: Vec<_> = (0..4)
            .map(|_| buckets.reserve(1, 1, (0, longest)))
            .collect();
        let millis = Duration::from_millis;
        let expected = [
            Ok(millis(0)),
            Ok(millis(100)),
            Ok(millis(200)),
            Err(millis(300)),
        ];
        assert_eq!(waits, expected);
    }

    #[test]
    fn work_that_costs_more_than_is_there_is_paid_off_before_anything_else() {
        let buckets = buckets(10, 5);
        assert!(buckets.reserve(1, 25, (0, AT_ONCE)).is_ok());
        assert_eq!(buckets.charge(1, 1, 0), Duration::from_millis(2_200));
        assert!(!takes(&buckets, 1, 2 * SECOND));
        assert!(takes(&buckets, 1, 11 * SECOND / 5));
    }

    #[test]
    fn a_debt_has_an_end() {
        let buckets = buckets(10, 5);
        let wait = buckets.charge(1, u32::MAX, 0);
        assert!(
            wait <= LARGEST_DEBT + Duration::from_millis(100),
            "{wait:?}"
        );
        assert!(takes(&buckets, 1, 11 * SECOND));
    }

    #[test]
    fn no_rate_is_no_limit() {
        let buckets = buckets(0, 0);
        assert!((0..10_000).all(|_| takes(&buckets, 1, 0)));
        assert_eq!(buckets.len(), 0);
    }

    #[test]
    fn memory_is_bounded_and_what_is_idle_is_forgotten_first() {
        let buckets = buckets(1, 2);
        let most = u32::try_from(SHARDS * KEYS).unwrap();
        // Each of them is full again after a second, the first one is not.
        buckets.charge(0, u32::MAX, 0);
        for key in 1..2 * most {
            assert!(takes(&buckets, key, u64::from(key) * SECOND / 20_000));
        }
        assert!(buckets.len() <= SHARDS * KEYS, "{}", buckets.len());
        assert!(!takes(&buckets, 0, 7 * SECOND));
    }

    #[test]
    fn memory_is_bounded_also_when_nothing_is_idle() {
        let buckets = buckets(1, 2);
        for key in 0..2 * u32::try_from(SHARDS * KEYS).unwrap() {
            assert!(takes(&buckets, key, 0));
        }
        assert!(buckets.len() <= SHARDS * KEYS, "{}", buckets.len());
    }
}
