//! The rate limit of frames: a token bucket per connection.

use std::time::Instant;

/// Refill rate in frames per second.
const SUSTAINED: f64 = 50.0;

/// Capacity in frames.
const BURST: f64 = 200.0;

/// The bucket of one client.
#[derive(Debug)]
pub(super) struct Rate {
    tokens: f64,
    at: Instant,
}

impl Rate {
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            tokens: BURST,
            at: now,
        }
    }

    /// Takes a token for a frame. Returns `false` if there is none.
    pub(super) fn admits(&mut self, now: Instant) -> bool {
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        self.tokens = (self.tokens + since * SUSTAINED).min(BURST);
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_burst_is_admitted_and_then_fifty_a_second() {
        let start = Instant::now();
        let mut rate = Rate::new(start);
        assert!((0..200).all(|_| rate.admits(start)));
        assert!(!rate.admits(start));
        let later = start + Duration::from_millis(1_001);
        assert_eq!((0..100).filter(|_| rate.admits(later)).count(), 50);
    }

    #[test]
    fn fifty_a_second_go_on_for_ever() {
        let start = Instant::now();
        let mut rate = Rate::new(start);
        for n in 0..10_000_u32 {
            assert!(rate.admits(start + Duration::from_millis(20) * n));
        }
    }
}
