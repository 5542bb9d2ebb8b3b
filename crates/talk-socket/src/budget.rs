//! Memory for large messages and bodies of senders that nobody has verified.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The bytes that all connections together may hold of incomplete messages, beyond the bytes that each
/// may hold without a share. Many connections that begin a large message and never end it hold no
/// more than this.
#[derive(Debug)]
pub struct Budget(AtomicUsize);

impl Budget {
    /// A budget of `bytes`.
    #[must_use]
    pub const fn new(bytes: usize) -> Self {
        Self(AtomicUsize::new(bytes))
    }

    fn take(&self, bytes: usize) -> bool {
        let take = |left: usize| left.checked_sub(bytes);
        let taken = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        taken.is_ok()
    }

    fn give_back(&self, bytes: usize) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// The share of one connection in the budget.
#[derive(Debug)]
pub struct Share {
    budget: Arc<Budget>,
    /// Bytes that may be held without a share.
    free: usize,
    taken: usize,
}

impl Share {
    /// Creates the share of a connection that may hold `free` bytes without one.
    #[must_use]
    pub const fn new(budget: Arc<Budget>, free: usize) -> Self {
        Self {
            budget,
            free,
            taken: 0,
        }
    }

    /// Adapts the share to a connection that holds `bytes` now. Returns `false` when the budget has
    /// no room for them; the share is then left as it was.
    pub fn cover(&mut self, bytes: usize) -> bool {
        let wanted = bytes.saturating_sub(self.free);
        if wanted > self.taken && !self.budget.take(wanted - self.taken) {
            return false;
        }
        self.budget.give_back(self.taken.saturating_sub(wanted));
        self.taken = wanted;
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.give_back(self.taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: usize = 1_024;

    #[test]
    fn shares_come_out_of_the_budget_and_go_back() {
        let budget = Arc::new(Budget::new(100 * KIB));
        let share = || Share::new(Arc::clone(&budget), KIB);
        let mut shares: Vec<_> = (0..20).map(|_| share()).collect();
        let covered = shares.iter_mut().map(|share| share.cover(11 * KIB));
        assert_eq!(covered.filter(|is_covered| *is_covered).count(), 10);
        let mut small = share();
        assert!(small.cover(KIB), "small messages take no share");
        assert!(!small.cover(KIB + 1));
        assert!(shares[0].cover(6 * KIB) && small.cover(6 * KIB));
        drop((shares, small));
        assert_eq!(budget.0.load(Ordering::Relaxed), 100 * KIB);
    }
}
