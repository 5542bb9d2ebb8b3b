//! Throttles password guessing: each failed login makes the next one wait longer.
//!
//! Failures count against the pair of account and address, so that nobody can lock out the owner of
//! an account from elsewhere, and against the address, whatever the account.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use talk_domain::kernel::id::AgentId;
use talk_domain::kernel::time::Timestamp;
use talk_domain::kernel::username_key::username_key;

use crate::address::ClientAddress;
use crate::api_error::ApiError;
use crate::digest::{Digest, digest};

/// Maximum delay of a login.
const LONGEST_SECONDS: u32 = 900;

/// Seconds after which one failure of a pair is dropped.
const PAIR_SECONDS: u32 = 900;

/// Seconds after which one failure of an address is dropped; short, because many people can share
/// an address.
const ADDRESS_SECONDS: u32 = 10;

/// Maximum of pairs, and of addresses; beyond it, the one with the oldest last failure is dropped.
const REMEMBERED: usize = 10_000;

/// The limits on failed and waiting logins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginLimits {
    /// Failures of one account from one address after which the next login must wait.
    pub failures: u32,
    /// Failures from one address, for any accounts, after which the next login must wait.
    pub failures_per_address: u32,
    /// Maximum of waiting passwords of one address.
    pub waiting: usize,
}

#[cfg(test)]
impl LoginLimits {
    /// The limits of tests that are not about them.
    pub(crate) const OF_TESTS: Self = Self {
        failures: 5,
        failures_per_address: 50,
        waiting: 64,
    };
}

/// The account of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Account {
    /// An account that exists.
    Known(AgentId),
    /// The digest of an unknown username, so that a long one takes no more memory.
    Unknown(Digest),
    /// An account whose password is being changed with a valid token.
    Own(AgentId),
}

impl Account {
    /// Returns the account of a login.
    pub(crate) fn of(agent: Option<AgentId>, username: &str) -> Self {
        let unknown = || Self::Unknown(digest(&[username_key(username).as_bytes()]));
        agent.map_or_else(unknown, Self::Known)
    }
}

/// An attempt to log in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt {
    account: Account,
    address: IpAddr,
}

impl Attempt {
    pub(crate) fn new(account: Account, address: ClientAddress) -> Self {
        Self {
            account,
            address: address.network(),
        }
    }
}

/// Counts failed logins in bounded memory.
#[derive(Debug)]
pub(crate) struct LoginThrottle {
    pairs: Mutex<Failures<(Account, IpAddr)>>,
    addresses: Mutex<Failures<IpAddr>>,
}

impl LoginThrottle {
    pub(crate) fn new(limits: LoginLimits) -> Self {
        Self {
            pairs: Mutex::new(Failures::new(limits.failures, PAIR_SECONDS)),
            addresses: Mutex::new(Failures::new(limits.failures_per_address, ADDRESS_SECONDS)),
        }
    }

    /// Admits an attempt.
    ///
    /// # Errors
    /// `TOO_MANY_LOGIN_ATTEMPTS` with the seconds to wait.
    pub(crate) fn check(&self, attempt: Attempt, now: Timestamp) -> Result<(), ApiError> {
        let Attempt { account, address } = attempt;
        let of_pair = lock(&self.pairs).wait(&(account, address), now);
        // Failures of the address do not delay a caller with a valid token.
        let is_own = matches!(account, Account::Own(_));
        let of_address = if is_own {
            0
        } else {
            lock(&self.addresses).wait(&address, now)
        };
        let wait = of_pair.max(of_address);
        if wait == 0 {
            return Ok(());
        }
        metrics::counter!("talk_logins_delayed_total").increment(1);
        let message = "too many failed logins of this account or from this address";
        Err(ApiError::too_many("TOO_MANY_LOGIN_ATTEMPTS", message, wait))
    }

    /// Counts a failure.
    pub(crate) fn fail(&self, attempt: Attempt, now: Timestamp) {
        let Attempt { account, address } = attempt;
        lock(&self.pairs).add((account, address), now);
        if !matches!(account, Account::Own(_)) {
            lock(&self.addresses).add(address, now);
        }
    }

    /// Clears the failures of a pair that logged in. Those of the address stay, since an attacker
    /// may have an account as well.
    pub(crate) fn succeed(&self, attempt: Attempt) {
        let pair = (attempt.account, attempt.address);
        lock(&self.pairs).counts.remove(&pair);
    }

    /// Clears the failures of an account from all addresses.
    pub(crate) fn clear_failures(&self, agent: AgentId) {
        let is_of =
            |account| matches!(account, Account::Known(of) | Account::Own(of) if of == agent);
        lock(&self.pairs)
            .counts
            .retain(|(account, _), _| !is_of(*account));
    }
}

/// A panic while it was held left it as it was.
fn lock<T>(failures: &Mutex<T>) -> MutexGuard<'_, T> {
    failures.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The failures of each key.
#[derive(Debug)]
struct Failures<K> {
    /// Number of failures without a delay.
    free: u32,
    /// Seconds after which one failure is dropped.
    forgotten_seconds: u32,
    counts: HashMap<K, Count>,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    failures: u32,
    last: Timestamp,
    until: Timestamp,
}

impl<K: Copy + Eq + Hash> Failures<K> {
    fn new(free: u32, forgotten_seconds: u32) -> Self {
        Self {
            free,
            forgotten_seconds,
            counts: HashMap::new(),
        }
    }

    /// Returns the seconds until the next attempt.
    fn wait(&self, key: &K, now: Timestamp) -> u32 {
        let until = self.counts.get(key).map_or(now, |count| count.until);
        let micros = (until.as_micros() - now.as_micros()).max(0);
        u32::try_from((micros + 999_999) / 1_000_000).unwrap_or(LONGEST_SECONDS)
    }

    fn add(&mut self, key: K, now: Timestamp) {
        let earlier = self.counts.get(&key).copied();
        if earlier.is_none() && self.counts.len() >= REMEMBERED {
            self.make_room(now);
        }
        let failures = earlier.map_or(0, |count| self.remaining(count, now)) + 1;
        let beyond = failures.saturating_sub(self.free);
        // 1, 2, 4, 8 … seconds.
        let delay = 1_u32
            .checked_shl(beyond)
            .map_or(LONGEST_SECONDS, |doubled| doubled / 2);
        let until = now.plus_seconds(delay.min(LONGEST_SECONDS));
        let count = Count {
            failures,
            last: now,
            until,
        };
        self.counts.insert(key, count);
    }

    /// Returns the failures that are not dropped yet.
    fn remaining(&self, count: Count, now: Timestamp) -> u32 {
        let seconds = (now.as_micros() - count.last.as_micros()).max(0) / 1_000_000;
        let forgotten = seconds / i64::from(self.forgotten_seconds);
        let forgotten = u32::try_from(forgotten).unwrap_or(u32::MAX);
        count.failures.saturating_sub(forgotten)
    }

    fn make_room(&mut self, now: Timestamp) {
        let mut counts = std::mem::take(&mut self.counts);
        counts.retain(|_, count| self.remaining(*count, now) > 0);
        if counts.len() >= REMEMBERED {
            let oldest = counts.iter().min_by_key(|(_, count)| count.last);
            if let Some(key) = oldest.map(|(key, _)| *key) {
                counts.remove(&key);
            }
        }
        self.counts = counts;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::RETRY_AFTER;
    use talk_domain::testing::{agent_id, at};

    const SECOND: i64 = 1_000_000;

    fn throttle() -> LoginThrottle {
        LoginThrottle::new(LoginLimits::OF_TESTS)
    }

    fn attempt(agent: u128, address: &str) -> Attempt {
        let address: IpAddr = address.parse().unwrap();
        Attempt::new(Account::Known(agent_id(agent)), address.into())
    }

    fn wait(throttle: &LoginThrottle, attempt: Attempt, now: i64) -> u32 {
        let Err(refused) = throttle.check(attempt, at(now)) else {
            return 0;
        };
        let refused = refused.response("r");
        assert_eq!(refused.status(), 429);
        let seconds = refused.headers().get(RETRY_AFTER).unwrap();
        seconds.to_str().unwrap().parse().unwrap()
    }

    /// AUTH-02.
    #[test]
    fn the_delays_of_a_pair_grow() {
        let (throttle, guess) = (throttle(), attempt(1, "192.0.2.1"));
        let mut now = 0;
        for _ in 0..5 {
            assert_eq!(wait(&throttle, guess, now), 0);
            throttle.fail(guess, at(now));
        }
        for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
            assert_eq!(wait(&throttle, guess, now), 0);
            throttle.fail(guess, at(now));
            assert_eq!(wait(&throttle, guess, now), seconds);
            now += i64::from(seconds) * SECOND;
            assert_eq!(wait(&throttle, guess, now - 1), 1);
        }
    }

    /// Case 54.
    #[test]
    fn nobody_locks_out_the_owner_of_an_account_from_elsewhere() {
        let throttle = throttle();
        for _ in 0..40 {
            throttle.fail(attempt(1, "192.0.2.1"), at(0));
        }
        assert!(wait(&throttle, attempt(1, "192.0.2.1"), 0) > 0);
        assert_eq!(wait(&throttle, attempt(1, "192.0.2.2"), 0), 0);
        assert_eq!(wait(&throttle, attempt(2, "192.0.2.1"), 0), 0);
    }

    /// Case 54: many names from one address.
    #[test]
    fn an_address_that_tries_many_accounts_is_slowed() {
        let throttle = throttle();
        for agent in 0..60 {
            throttle.fail(attempt(agent, "2001:db8::1"), at(0));
        }
        assert!(wait(&throttle, attempt(99, "2001:db8::2"), 0) > 0);
        assert_eq!(wait(&throttle, attempt(99, "2001:db8:0:1::2"), 0), 0);
        // The delays come to an end.
        assert_eq!(wait(&throttle, attempt(99, "2001:db8::1"), 900 * SECOND), 0);
    }

    /// Case 54: failed logins from its address do not delay a caller with a valid token.
    #[test]
    fn guesses_do_not_hold_up_a_change_of_the_password() {
        let throttle = throttle();
        let address = || IpAddr::from([192, 0, 2, 1]).into();
        for _ in 0..60 {
            throttle.fail(attempt(1, "192.0.2.1"), at(0));
        }
        let own = Attempt::new(Account::Own(agent_id(1)), address());
        assert_eq!(wait(&throttle, own, 0), 0);
        for _ in 0..6 {
            throttle.fail(own, at(0));
        }
        assert_eq!(wait(&throttle, own, 0), 1);
    }

    #[test]
    fn a_login_forgets_the_failures_of_its_pair_alone() {
        let throttle = throttle();
        for address in ["192.0.2.1", "192.0.2.2"] {
            (0..6).for_each(|_| throttle.fail(attempt(1, address), at(0)));
        }
        throttle.succeed(attempt(1, "192.0.2.1"));
        assert_eq!(wait(&throttle, attempt(1, "192.0.2.1"), 0), 0);
        assert_eq!(wait(&throttle, attempt(1, "192.0.2.2"), 0), 1);
        throttle.clear_failures(agent_id(2));
        assert_eq!(wait(&throttle, attempt(1, "192.0.2.2"), 0), 1);
        throttle.clear_failures(agent_id(1));
        assert_eq!(wait(&throttle, attempt(1, "192.0.2.2"), 0), 0);
    }

    #[test]
    fn an_unknown_name_is_slowed_like_a_known_one_in_either_case() {
        let throttle = throttle();
        let guess = |name| {
            let address: IpAddr = [192, 0, 2, 1].into();
            Attempt::new(Account::of(None, name), address.into())
        };
        (0..6).for_each(|_| throttle.fail(guess("Nobody"), at(0)));
        assert_eq!(wait(&throttle, guess("nobody"), 0), 1);
        assert_eq!(wait(&throttle, guess("somebody"), 0), 0);
    }

    #[test]
    fn its_memory_is_bounded() {
        let throttle = throttle();
        for n in 0..=REMEMBERED {
            let address = IpAddr::from(u32::try_from(n).unwrap().to_be_bytes());
            let known = Account::Known(agent_id(1));
            throttle.fail(
                Attempt::new(known, address.into()),
                at(i64::try_from(n).unwrap()),
            );
        }
        assert_eq!(lock(&throttle.pairs).counts.len(), REMEMBERED);
        assert_eq!(lock(&throttle.addresses).counts.len(), REMEMBERED);
    }
}
