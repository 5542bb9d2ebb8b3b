//! Slows down guessing: after ten wrong passwords an account is closed for a while.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use talk_domain::time::Timestamp;

use crate::api_error::ApiError;
use crate::digest::{Digest, digest};

/// Failures of one account after which it is closed.
const FAILURES: usize = 10;

/// Seconds within which they count.
const WINDOW_SECONDS: u32 = 600;

/// Accounts remembered at most; beyond, the one whose last failure is oldest is forgotten.
const ACCOUNTS: usize = 10_000;

/// Counts failed logins per account, in bounded memory.
#[derive(Debug, Default)]
pub(crate) struct LoginThrottle {
    failures: Mutex<HashMap<Digest, VecDeque<Timestamp>>>,
}

impl LoginThrottle {
    /// Lets a login of `username` pass.
    ///
    /// # Errors
    /// `TOO_MANY_LOGIN_ATTEMPTS` with the seconds to wait.
    pub(crate) fn check(&self, username: &str, now: Timestamp) -> Result<(), ApiError> {
        let failures = self.lock();
        let Some(times) = failures.get(&account(username)) else {
            return Ok(());
        };
        let counted = times.iter().filter(|at| is_recent(**at, now)).count();
        let Some(oldest) = times.iter().find(|at| is_recent(**at, now)) else {
            return Ok(());
        };
        if counted < FAILURES {
            return Ok(());
        }
        let wait = oldest.plus_seconds(WINDOW_SECONDS).as_micros() - now.as_micros();
        let seconds = u32::try_from((wait + 999_999) / 1_000_000).unwrap_or(WINDOW_SECONDS);
        Err(ApiError::too_many(
            "TOO_MANY_LOGIN_ATTEMPTS",
            "too many failed logins of this account",
            seconds.max(1),
        ))
    }

    /// Counts a failed login.
    pub(crate) fn fail(&self, username: &str, now: Timestamp) {
        let mut failures = self.lock();
        if failures.len() >= ACCOUNTS {
            make_room(&mut failures, now);
        }
        let times = failures.entry(account(username)).or_default();
        times.push_back(now);
        if times.len() > FAILURES {
            times.pop_front();
        }
    }

    /// Forgets the failures of an account that logged in.
    pub(crate) fn succeed(&self, username: &str) {
        self.lock().remove(&account(username));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Digest, VecDeque<Timestamp>>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn make_room(failures: &mut HashMap<Digest, VecDeque<Timestamp>>, now: Timestamp) {
    failures.retain(|_, times| times.back().is_some_and(|last| is_recent(*last, now)));
    if failures.len() < ACCOUNTS {
        return;
    }
    let oldest = failures
        .iter()
        .min_by_key(|(_, times)| times.back().copied());
    if let Some(account) = oldest.map(|(account, _)| *account) {
        failures.remove(&account);
    }
}

/// A digest, so that a long username takes no more memory than a short one.
fn account(username: &str) -> Digest {
    digest(&[username.as_bytes()])
}

fn is_recent(at: Timestamp, now: Timestamp) -> bool {
    now < at.plus_seconds(WINDOW_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::RETRY_AFTER;
    use talk_domain::testing::at;

    fn failed(times: i64) -> LoginThrottle {
        let throttle = LoginThrottle::default();
        for second in 0..times {
            throttle.fail("alice", at(second * 1_000_000));
        }
        throttle
    }

    #[test]
    fn the_eleventh_attempt_waits_until_the_first_failure_is_ten_minutes_old() {
        let now = at(9_500_000);
        assert!(failed(9).check("alice", now).is_ok());
        let throttle = failed(10);
        let refused = throttle.check("alice", now).unwrap_err().response("r");
        assert_eq!(refused.status(), 429);
        assert_eq!(refused.headers().get(RETRY_AFTER).unwrap(), "591");
        for another in ["bob", "Alice"] {
            assert!(throttle.check(another, now).is_ok());
        }
        assert!(throttle.check("alice", at(600_000_000)).is_ok());
    }

    #[test]
    fn a_login_forgets_earlier_failures() {
        let throttle = failed(10);
        throttle.succeed("alice");
        assert!(throttle.check("alice", at(1)).is_ok());
    }

    #[test]
    fn its_memory_is_bounded() {
        let throttle = LoginThrottle::default();
        for n in 0..=ACCOUNTS {
            throttle.fail(&n.to_string(), at(i64::try_from(n).unwrap()));
        }
        assert_eq!(throttle.lock().len(), ACCOUNTS);
    }
}
