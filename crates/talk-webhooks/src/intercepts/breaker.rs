//! The circuit breaker: an intercept that failed several times in a row is not called for a while.

use std::time::{Duration, Instant};

use talk_domain::kernel::time::Timestamp;

/// Failures in a row after which no call is made.
const FAILURES: u32 = 5;

/// The time without calls. After it, one call tries whether the intercept works again.
const PAUSE: Duration = Duration::from_secs(30);

/// The state of the breaker of one intercept.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    /// The time of the intercept's last change. Another time resets the breaker.
    of: Option<Timestamp>,
    failures: u32,
    paused_until: Option<Instant>,
    /// Whether the trial call after a pause is under way.
    is_trying: bool,
}

impl Breaker {
    /// Allows a call at `now`, or returns the time until one may be made. `changed` is the last change of
    /// the intercept.
    pub(super) fn allows(&mut self, now: Instant, changed: Timestamp) -> Result<(), Duration> {
        if self.of != Some(changed) {
            *self = Self {
                of: Some(changed),
                ..Self::default()
            };
        }
        match self.paused_until {
            None => Ok(()),
            Some(until) if now < until || self.is_trying => {
                Err(until.saturating_duration_since(now))
            }
            Some(_) => {
                self.is_trying = true;
                Ok(())
            }
        }
    }

    /// Records the result of a call. `changed` is the value with which the call was allowed: the
    /// result of a call from before the intercept's last change is ignored.
    pub(super) fn record(&mut self, now: Instant, changed: Timestamp, is_answered: bool) {
        if self.of != Some(changed) {
            return;
        }
        self.is_trying = false;
        if is_answered {
            (self.failures, self.paused_until) = (0, None);
            return;
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES {
            self.paused_until = Some(now + PAUSE);
        }
    }

    /// Records that an allowed call was not made. `changed` is the value with which it was allowed.
    pub(super) fn skipped(&mut self, changed: Timestamp) {
        if self.of == Some(changed) {
            self.is_trying = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk_domain::testing::at;

    fn failed(breaker: &mut Breaker, now: Instant, times: u32) {
        for _ in 0..times {
            assert!(breaker.allows(now, at(1)).is_ok());
            breaker.record(now, at(1), false);
        }
    }

    /// INT-11.
    #[test]
    fn after_five_failures_in_a_row_no_call_is_made_for_30_seconds() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        failed(&mut breaker, now, 4);
        assert!(breaker.allows(now, at(1)).is_ok());
        breaker.record(now, at(1), true);
        failed(&mut breaker, now, 5);
        assert!(breaker.allows(now, at(1)).is_err());
        let almost = now + PAUSE.checked_sub(Duration::from_millis(1)).unwrap();
        let left = Duration::from_millis(1);
        assert_eq!(breaker.allows(almost, at(1)), Err(left));
    }

    /// INT-11: one trial call is made at a time.
    #[test]
    fn after_the_pause_one_call_tries() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        failed(&mut breaker, now, 5);
        let later = now + PAUSE;
        assert!(breaker.allows(later, at(1)).is_ok() && breaker.allows(later, at(1)).is_err());
        breaker.record(later, at(1), false);
        assert!(
            breaker
                .allows(later + Duration::from_secs(29), at(1))
                .is_err()
        );
        let again = later + PAUSE;
        assert!(breaker.allows(again, at(1)).is_ok());
        breaker.skipped(at(1));
        assert!(breaker.allows(again, at(1)).is_ok());
        breaker.record(again, at(1), true);
        assert!(breaker.allows(again, at(1)).is_ok() && breaker.allows(again, at(1)).is_ok());
    }

    /// INT-11: a change of the intercept closes its breaker.
    #[test]
    fn a_changed_intercept_is_called_at_once() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        failed(&mut breaker, now, 5);
        assert!(breaker.allows(now, at(1)).is_err() && breaker.allows(now, at(2)).is_ok());
    }

    /// INT-11: calls that were allowed before a change end after it.
    #[test]
    fn a_changed_intercept_is_not_paused_for_failures_from_before() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..5 {
            assert!(breaker.allows(now, at(1)).is_ok());
        }
        assert!(breaker.allows(now, at(2)).is_ok());
        for _ in 0..5 {
            breaker.record(now, at(1), false);
        }
        assert!(breaker.allows(now, at(2)).is_ok());
        for _ in 0..5 {
            breaker.record(now, at(2), false);
        }
        let later = now + PAUSE;
        assert!(breaker.allows(later, at(2)).is_ok());
        breaker.record(later, at(1), true);
        breaker.skipped(at(1));
        assert!(breaker.allows(later, at(2)).is_err());
    }
}
