//! Fair sharing of connections among customers, and among the agents of a customer.
//!
//! A read gets a connection at once if one is free for its customer, and waits for its turn
//! otherwise. A customer never gets all connections, however many reads it sends: the last one is
//! for the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;
use tokio::sync::oneshot;

use super::turns::{Turns, Waiting, Who};

type Grant = oneshot::Sender<Permit>;

/// See the module.
pub(super) struct Admission {
    state: Mutex<State>,
    /// Connections that one customer may use.
    per_customer: usize,
}

struct State {
    free: usize,
    /// Connections in use by customer; there are no zero entries.
    used: HashMap<Who, usize>,
    waiting: Turns<Grant>,
}

/// The result of requesting a connection.
pub(super) enum Entry {
    /// A connection is free.
    Now(Permit),
    /// The read waits. Dropping the receiver cancels it.
    Later(oneshot::Receiver<Permit>),
}

/// The right to use one connection, until it is dropped.
pub(super) struct Permit {
    admission: Arc<Admission>,
    who: Who,
}

impl Admission {
    /// Shares `connections`, of which one customer may use `per_customer`.
    pub(super) fn new(connections: usize, per_customer: usize, waiting: Waiting) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                free: connections,
                used: HashMap::new(),
                waiting: Turns::new(waiting),
            }),
            per_customer: per_customer.max(1),
        })
    }

    /// Admits a read of `unit`.
    ///
    /// # Errors
    /// `Busy` when the limit of waiting reads of its agent or customer is reached.
    pub(super) fn enter(self: &Arc<Self>, unit: Unit) -> Result<Entry, StoreError> {
        let mut state = self.lock();
        if state.free > 0 && self.may(&state.used, unit.customer) {
            // All waiting reads are of customers that may not use this connection.
            return Ok(Entry::Now(self.grant(&mut state, unit.customer)));
        }
        let (grant, granted) = oneshot::channel();
        let waits = state.waiting.push(unit, grant, Grant::is_closed);
        waits
            .then_some(Entry::Later(granted))
            .ok_or(StoreError::Busy)
    }

    fn may(&self, used: &HashMap<Who, usize>, who: Who) -> bool {
        used.get(&who).is_none_or(|used| *used < self.per_customer)
    }

    fn grant(self: &Arc<Self>, state: &mut State, who: Who) -> Permit {
        state.free -= 1;
        *state.used.entry(who).or_default() += 1;
        Permit {
            admission: Arc::clone(self),
            who,
        }
    }

    /// Takes a connection back and gives it to the next read.
    fn release(self: &Arc<Self>, who: Who) {
        let mut state = self.lock();
        state.free += 1;
        if let Some(used) = state.used.get_mut(&who) {
            *used -= 1;
            if *used == 0 {
                state.used.remove(&who);
            }
        }
        loop {
            let State { used, waiting, .. } = &mut *state;
            let Some((who, grant)) = waiting.pop(|who| self.may(used, who)) else {
                return;
            };
            if grant.is_closed() {
                continue;
            }
            let permit = self.grant(&mut state, who);
            drop(state);
            // If the caller has just gone, the permit is dropped and returns here.
            drop(grant.send(permit));
            return;
        }
    }

    /// Nothing panics while it is held.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.admission.release(self.who);
    }
}

#[cfg(test)]
mod tests {
    use talk_domain::kernel::id::CustomerId;
    use talk_domain::testing::{actor, agent_id};
    use uuid::Uuid;

    use super::*;

    const WAITING: Waiting = Waiting {
        per_agent: 8,
        per_customer: 8,
    };

    fn by(customer: u128, agent: u128) -> Unit {
        let mut actor = actor(agent_id(agent));
        actor.customer = CustomerId(Uuid::from_u128(customer));
        Unit::by(actor, "read")
    }

    fn now(admission: &Arc<Admission>, unit: Unit) -> Permit {
        match admission.enter(unit) {
            Ok(Entry::Now(permit)) => permit,
            _ => panic!("it must not wait"),
        }
    }

    fn later(admission: &Arc<Admission>, unit: Unit) -> oneshot::Receiver<Permit> {
        match admission.enter(unit) {
            Ok(Entry::Later(granted)) => granted,
            _ => panic!("it must wait"),
        }
    }

    /// Case 39.
    #[test]
    fn no_customer_uses_all_connections() {
        let admission = Admission::new(4, 3, WAITING);
        let own: Vec<Permit> = (0..3).map(|n| now(&admission, by(1, n))).collect();
        let mut fourth = later(&admission, by(1, 9));
        let other = now(&admission, by(2, 1));
        drop(other);
        assert!(fourth.try_recv().is_err(), "the last one is for the others");
        drop(own);
        assert!(fourth.try_recv().is_ok());
    }

    /// Case 39.
    #[test]
    fn a_connection_that_is_free_again_goes_to_the_customer_whose_turn_it_is() {
        let admission = Admission::new(2, 2, WAITING);
        let mut own = vec![now(&admission, by(1, 1)), now(&admission, by(1, 1))];
        let mut flood: Vec<_> = (0..5).map(|_| later(&admission, by(1, 1))).collect();
        let mut colleague = later(&admission, by(1, 2));
        let mut other = later(&admission, by(2, 1));
        let next = end_first(&mut own, &mut flood[0]);
        own.push(next);
        let others = end_first(&mut own, &mut other);
        let next = end_first(&mut own, &mut colleague);
        own.push(next);
        drop(others);
        assert!(flood[1].try_recv().is_ok());
        assert!(flood[2].try_recv().is_ok(), "the permit above was dropped");
    }

    /// Ends the first running read and returns the permit that `next` gets by that.
    fn end_first(running: &mut Vec<Permit>, next: &mut oneshot::Receiver<Permit>) -> Permit {
        assert!(next.try_recv().is_err());
        drop(running.remove(0));
        next.try_recv().unwrap()
    }

    #[test]
    fn one_who_left_is_passed_over_and_a_permit_sent_too_late_comes_back() {
        let admission = Admission::new(1, 1, WAITING);
        let held = now(&admission, by(1, 1));
        let gone = later(&admission, by(1, 1));
        let leaving = later(&admission, by(2, 1));
        let mut stays = later(&admission, by(3, 1));
        drop(gone);
        drop(held);
        assert!(stays.try_recv().is_err(), "it was granted to another");
        drop(leaving);
        drop(stays.try_recv().unwrap());
        drop(now(&admission, by(4, 1)));
        assert!(admission.lock().used.is_empty());
    }

    #[test]
    fn what_waits_is_bounded_and_the_next_one_is_busy_at_once() {
        let admission = Admission::new(1, 1, WAITING);
        let held = now(&admission, by(1, 1));
        let waiting: Vec<_> = (0..8).map(|_| later(&admission, by(1, 1))).collect();
        assert!(matches!(admission.enter(by(1, 1)), Err(StoreError::Busy)));
        let other = later(&admission, by(2, 1));
        drop(waiting);
        let again = later(&admission, by(1, 1));
        drop((held, other, again));
        drop(now(&admission, by(1, 1)));
    }
}
