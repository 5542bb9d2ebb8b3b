//! Limits on a shared resource: in total, per customer and per agent.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use talk_domain::kernel::context::Actor;
use talk_domain::kernel::id::{AgentId, CustomerId};

/// The limits, in units of the counted resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shares {
    pub(crate) server: usize,
    pub(crate) customer: usize,
    pub(crate) agent: usize,
}

/// A reached limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exhausted {
    /// The owner of the limit: `server`, `customer` or `agent`.
    pub(crate) whose: &'static str,
    pub(crate) limit: usize,
}

/// Counts held shares. Its memory is proportional to the number of shares.
#[derive(Debug)]
pub(crate) struct Quota {
    limits: Shares,
    held: Arc<Mutex<Held>>,
}

#[derive(Debug, Default)]
struct Held {
    server: usize,
    customers: HashMap<CustomerId, usize>,
    agents: HashMap<AgentId, usize>,
}

/// A held share, released when dropped.
#[derive(Debug)]
pub(crate) struct Share {
    customer: CustomerId,
    agent: AgentId,
    amount: usize,
    held: Arc<Mutex<Held>>,
}

impl Quota {
    pub(crate) fn new(limits: Shares) -> Self {
        Self {
            limits,
            held: Arc::default(),
        }
    }

    /// Takes `amount` for `actor`.
    ///
    /// # Errors
    /// If the agent, the customer or the server would exceed its limit.
    pub(crate) fn take(&self, actor: Actor, amount: usize) -> Result<Share, Exhausted> {
        let mut held = lock(&self.held);
        self.check_locked(&held, actor, amount)?;
        Ok(self.hold(&mut held, actor, amount))
    }

    /// Takes `amount` for `actor`, even beyond the limits.
    pub(crate) fn take_beyond_limits(&self, actor: Actor, amount: usize) -> Share {
        self.hold(&mut lock(&self.held), actor, amount)
    }

    /// Checks that `actor` could take one unit now.
    ///
    /// # Errors
    /// See [`take`](Self::take).
    pub(crate) fn check(&self, actor: Actor) -> Result<(), Exhausted> {
        self.check_locked(&lock(&self.held), actor, 1)
    }

    /// Returns the total held.
    pub(crate) fn total(&self) -> usize {
        lock(&self.held).server
    }

    fn check_locked(&self, held: &Held, actor: Actor, amount: usize) -> Result<(), Exhausted> {
        let limits = self.limits;
        for (whose, limit, before) in [
            ("agent", limits.agent, count(&held.agents, &actor.agent)),
            (
                "customer",
                limits.customer,
                count(&held.customers, &actor.customer),
            ),
            ("server", limits.server, held.server),
        ] {
            if before.saturating_add(amount) > limit {
                return Err(Exhausted { whose, limit });
            }
        }
        Ok(())
    }

    fn hold(&self, held: &mut Held, actor: Actor, amount: usize) -> Share {
        held.server += amount;
        *held.customers.entry(actor.customer).or_default() += amount;
        *held.agents.entry(actor.agent).or_default() += amount;
        Share {
            customer: actor.customer,
            agent: actor.agent,
            amount,
            held: Arc::clone(&self.held),
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut held = lock(&self.held);
        held.server -= self.amount;
        give_back(&mut held.customers, &self.customer, self.amount);
        give_back(&mut held.agents, &self.agent, self.amount);
    }
}

fn lock(held: &Mutex<Held>) -> MutexGuard<'_, Held> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

fn count<K: Eq + Hash>(counts: &HashMap<K, usize>, key: &K) -> usize {
    counts.get(key).copied().unwrap_or_default()
}

fn give_back<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K, amount: usize) {
    if let Some(count) = counts.get_mut(key) {
        *count -= amount;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk_domain::testing::{actor, agent_id};
    use uuid::Uuid;

    fn agent(n: u128) -> Actor {
        actor(agent_id(n))
    }

    fn stranger() -> Actor {
        Actor {
            customer: CustomerId(Uuid::from_u128(99)),
            ..agent(9)
        }
    }

    fn quota(server: usize, customer: usize, agent: usize) -> Quota {
        Quota::new(Shares {
            server,
            customer,
            agent,
        })
    }

    fn refused(quota: &Quota, actor: Actor, amount: usize) -> &'static str {
        quota.take(actor, amount).unwrap_err().whose
    }

    #[test]
    fn an_agent_a_customer_and_the_server_each_have_a_limit() {
        let quota = quota(40, 25, 20);
        let _first = quota.take(agent(1), 20).unwrap();
        assert_eq!(refused(&quota, agent(1), 1), "agent");
        let _second = quota.take(agent(2), 5).unwrap();
        assert_eq!(refused(&quota, agent(2), 1), "customer");
        let _third = quota.take(stranger(), 15).unwrap();
        assert_eq!(refused(&quota, stranger(), 1), "server");
        assert_eq!(quota.check(agent(1)).unwrap_err().limit, 20);
    }

    #[test]
    fn a_dropped_share_is_given_back_and_nothing_is_remembered() {
        let quota = quota(10, 10, 10);
        let share = quota.take(agent(1), 10).unwrap();
        assert!(quota.take(agent(1), 1).is_err());
        drop(share);
        assert_eq!(quota.total(), 0);
        assert!(quota.take(agent(1), 10).is_ok());
        let held = lock(&quota.held);
        assert!(held.agents.is_empty() && held.customers.is_empty());
    }

    #[test]
    fn a_share_beyond_the_limits_counts_like_any_other() {
        let quota = quota(10, 10, 10);
        let beyond = quota.take_beyond_limits(agent(1), 30);
        assert!(quota.check(agent(2)).is_err());
        drop(beyond);
        assert!(quota.check(agent(2)).is_ok());
    }

    #[test]
    fn a_limit_is_kept_to_under_concurrent_takers() {
        let quota = quota(100, 100, 100);
        let taken = std::thread::scope(|scope| {
            let takers: Vec<_> = (0..8)
                .map(|n| {
                    let quota = &quota;
                    scope.spawn(move || {
                        let takes = (0..50).map(|_| quota.take(agent(n), 1));
                        takes.filter_map(Result::ok).collect::<Vec<_>>()
                    })
                })
                .collect();
            let taken = takers.into_iter().flat_map(|taker| taker.join().unwrap());
            taken.collect::<Vec<_>>()
        });
        assert_eq!((taken.len(), quota.total()), (100, 100));
    }
}
