//! Keeps a busy customer from filling all of the writer's time while other customers are active.
//!
//! A fair queue alone cannot do that: it chooses among the units that wait, and a customer that
//! sends one message at a time is not waiting at the moment when the queue chooses. It would then
//! wait for whatever heavy unit of the busy customer was begun meanwhile, for each of its messages.
//! So while another customer was active within [`ACTIVE`], a customer's batches are short, and one
//! that has used more than [`SHARE`] of the writer's time lately pauses when nobody else waits. A
//! customer that is alone has the whole writer.
//!
//! `talk-bench hostile --only chats,sockets` measures it: without pauses another customer's post
//! waits for the chats of 501 members that 100 connections create, and without short batches for
//! the hundreds of posts that 40 sockets send at once.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use talk_domain::kernel::id::CustomerId;

/// How long a customer counts as active after a unit of it was queued.
const ACTIVE: Duration = Duration::from_millis(100);

/// The part of the time that one customer may use while another one is active: two fifths.
const SHARE: (u32, u32) = (2, 5);

/// Time beyond the share that a customer may use at once.
const BURST: Duration = Duration::from_millis(2);

/// Commits up to this duration are charged to nobody, since small changes have them too.
const COMMIT: Duration = Duration::from_millis(1);

/// Maximum charge for a commit, as a multiple of the duration of the customer's units in it: a
/// stalled disk is nobody's fault.
const MULTIPLE: u32 = 4;

/// The longest pause, after which waiting units run.
const PAUSE: Duration = Duration::from_millis(250);

/// Maximum of tracked customers; beyond it, all are dropped.
const REMEMBERED: usize = 1_024;

/// Time used beyond the share at an instant; it shrinks by the share as time passes.
#[derive(Clone, Copy)]
struct Used {
    beyond: Duration,
    at: Instant,
}

impl Used {
    fn now(self, now: Instant) -> Duration {
        let passed = now.saturating_duration_since(self.at);
        self.beyond.saturating_sub(passed * SHARE.0 / SHARE.1)
    }
}

/// The current share of the writer's time of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// No other customer is active: all of its time is free.
    Alone,
    /// Others are active.
    Shared,
    /// Others are active, and it has used more than its share.
    Beyond,
}

/// Decides how long the writer waits before it begins units of one customer.
#[derive(Default)]
pub(crate) struct Pacing {
    /// The two customers that were active last, the latest first.
    latest: [Option<(CustomerId, Instant)>; 2],
    used: HashMap<CustomerId, Used>,
    /// Time that the units of each customer took since the last commit.
    uncommitted: Vec<(CustomerId, Duration)>,
}

impl Pacing {
    /// Records that a unit of `customer` was queued.
    pub(crate) fn arrived(&mut self, customer: Option<CustomerId>, now: Instant) {
        let Some(customer) = customer else { return };
        let [first, second] = self.latest;
        let is_latest = first.is_some_and(|(latest, _)| latest == customer);
        let other = if is_latest { second } else { first };
        self.latest = [Some((customer, now)), other];
    }

    /// Records the duration of a unit of `customer`.
    pub(crate) fn ran(&mut self, customer: Option<CustomerId>, took: Duration, now: Instant) {
        let Some(customer) = customer else { return };
        match self.uncommitted.iter_mut().find(|(of, _)| *of == customer) {
            Some((_, sum)) => *sum += took,
            None => self.uncommitted.push((customer, took)),
        }
        self.charge(customer, took, now);
    }

    /// Records the duration of a commit, and charges it to the customers in proportion to their
    /// units.
    pub(crate) fn committed(&mut self, took: Duration, now: Instant) {
        let beyond = took.saturating_sub(COMMIT);
        let uncommitted = std::mem::take(&mut self.uncommitted);
        let all: Duration = uncommitted.iter().map(|(_, ran)| *ran).sum();
        for (customer, ran) in uncommitted {
            let part = ran.as_secs_f64() / all.as_secs_f64().max(f64::MIN_POSITIVE);
            self.charge(
                customer,
                beyond.mul_f64(part.min(1.0)).min(ran * MULTIPLE),
                now,
            );
        }
    }

    fn charge(&mut self, customer: CustomerId, took: Duration, now: Instant) {
        if self.used.len() >= REMEMBERED && !self.used.contains_key(&customer) {
            self.used.clear();
        }
        let before = self.used.get(&customer).map(|used| used.now(now));
        let beyond = before.unwrap_or_default() + took;
        self.used.insert(customer, Used { beyond, at: now });
    }

    /// Returns the standing of `customer`. The server itself is never beyond its share.
    pub(crate) fn standing(&self, customer: Option<CustomerId>, now: Instant) -> Standing {
        let is_other_active = self.latest.iter().flatten().any(|(other, at)| {
            Some(*other) != customer && now.saturating_duration_since(*at) < ACTIVE
        });
        match (is_other_active, self.beyond(customer, now)) {
            (false, _) => Standing::Alone,
            (true, None) => Standing::Shared,
            (true, Some(_)) => Standing::Beyond,
        }
    }

    /// Returns how long the writer pauses before units of `customer`, if no others are queued.
    pub(crate) fn pause(&self, customer: Option<CustomerId>, now: Instant) -> Option<Duration> {
        if self.standing(customer, now) != Standing::Beyond {
            return None;
        }
        let pause = self.beyond(customer, now)? * SHARE.1 / SHARE.0;
        Some(pause.min(PAUSE))
    }

    /// Returns the time that `customer` has used beyond its share and the burst, or `None` if none.
    fn beyond(&self, customer: Option<CustomerId>, now: Instant) -> Option<Duration> {
        let beyond = self.used.get(&customer?)?.now(now).checked_sub(BURST)?;
        (!beyond.is_zero()).then_some(beyond)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const MS: Duration = Duration::from_millis(1);

    fn id(n: u128) -> CustomerId {
        CustomerId(Uuid::from_u128(n))
    }

    /// Case 43.
    #[test]
    fn a_busy_customer_leaves_more_than_half_of_the_time_to_one_that_is_active() {
        let (mut pacing, start) = (Pacing::default(), Instant::now());
        let (mut now, mut busy) = (start, Duration::ZERO);
        while now < start + 1_000 * MS {
            pacing.arrived(Some(id(2)), now);
            if let Some(pause) = pacing.pause(Some(id(1)), now) {
                now += pause;
                continue;
            }
            now += 8 * MS;
            busy += 8 * MS;
            pacing.ran(Some(id(1)), 8 * MS, now);
        }
        assert!((300 * MS..450 * MS).contains(&busy), "{busy:?}");
    }

    #[test]
    fn a_long_commit_is_charged_to_those_whose_units_were_long() {
        let (mut pacing, now) = (Pacing::default(), Instant::now());
        pacing.ran(Some(id(1)), 10 * MS, now);
        pacing.ran(Some(id(2)), MS / 10, now);
        pacing.committed(21 * MS, now);
        let used = |n: u128| pacing.used[&id(n)].beyond;
        assert!(used(1) > 29 * MS, "{:?}", used(1));
        assert!(used(2) < MS, "{:?}", used(2));
        pacing.ran(Some(id(2)), MS / 10, now);
        pacing.committed(900 * MS, now);
        assert!(pacing.used[&id(2)].beyond < MS);
    }

    /// API-08: alone, one agent may use the whole machine.
    #[test]
    fn a_customer_that_is_alone_never_pauses() {
        let (mut pacing, now) = (Pacing::default(), Instant::now());
        pacing.arrived(Some(id(2)), now);
        pacing.arrived(Some(id(1)), now + ACTIVE);
        pacing.arrived(None, now + ACTIVE);
        pacing.ran(Some(id(1)), 500 * MS, now + ACTIVE);
        assert_eq!(pacing.pause(Some(id(1)), now + ACTIVE), None);
        pacing.arrived(Some(id(2)), now + ACTIVE);
        assert_eq!(pacing.pause(Some(id(1)), now + ACTIVE), Some(PAUSE));
        assert_eq!(pacing.pause(None, now + ACTIVE), None, "the server itself");
    }

    /// Case 43: also one whose units are light, as are the posts of many sockets.
    #[test]
    fn a_customer_is_beyond_its_share_only_while_others_are_active() {
        let (mut pacing, now) = (Pacing::default(), Instant::now());
        pacing.arrived(Some(id(2)), now);
        assert_eq!(pacing.standing(Some(id(1)), now), Standing::Shared);
        for _ in 0..100 {
            pacing.ran(Some(id(1)), MS / 10, now);
        }
        assert_eq!(pacing.standing(Some(id(1)), now), Standing::Beyond);
        assert_eq!(pacing.standing(Some(id(2)), now), Standing::Alone);
        assert_eq!(pacing.standing(Some(id(1)), now + ACTIVE), Standing::Alone);
        assert_eq!(
            pacing.standing(None, now),
            Standing::Shared,
            "the server itself"
        );
    }

    #[test]
    fn small_changes_one_after_the_other_never_pause() {
        let (mut pacing, mut now) = (Pacing::default(), Instant::now());
        for _ in 0..10_000 {
            for one in [1, 2] {
                pacing.arrived(Some(id(one)), now);
                assert_eq!(pacing.pause(Some(id(one)), now), None);
                pacing.ran(Some(id(one)), MS / 10, now);
            }
            now += MS;
        }
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (mut pacing, now) = (Pacing::default(), Instant::now());
        for n in 0..3 * REMEMBERED as u128 {
            pacing.ran(Some(id(n)), MS, now);
        }
        assert!(pacing.used.len() <= REMEMBERED);
    }
}
