//! Exponential backoff with jitter.

use std::time::Duration;

use uuid::Uuid;

/// Waits that double up to a limit. Each is shortened at random by up to a half, so that clients of
/// a restarted server do not reconnect at the same time.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    pub(crate) const fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            failures: 0,
        }
    }

    /// Starts again with the shortest wait, after a success.
    pub(crate) const fn reset(&mut self) {
        self.failures = 0;
    }

    /// The next wait.
    pub(crate) fn next(&mut self) -> Duration {
        let factor = 1_u32.checked_shl(self.failures.min(31)).unwrap_or(u32::MAX);
        self.failures = self.failures.saturating_add(1);
        let full = self.first.saturating_mul(factor).min(self.longest);
        full.mul_f64(0.5 + 0.5 * random())
    }
}

/// From 0 to 1.
fn random() -> f64 {
    let [high, low, ..] = Uuid::new_v4().into_bytes();
    f64::from(u16::from_be_bytes([high, low])) / f64::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_limit_and_start_over_after_a_success() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_millis(400));
        for full in [100, 200, 400, 400, 400] {
            let wait = backoff.next();
            let (least, most) = (full / 2, full);
            assert!(wait >= Duration::from_millis(least) && wait <= Duration::from_millis(most));
        }
        for _ in 0..100 {
            assert!(backoff.next() <= Duration::from_millis(400));
        }
        backoff.reset();
        assert!(backoff.next() <= Duration::from_millis(100));
    }
}
