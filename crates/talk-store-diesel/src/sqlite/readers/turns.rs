//! A queue of waiting reads in rotation: customers take turns, and so do the agents of a customer;
//! the reads of an agent stay in order.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use talk_domain::kernel::id::{AgentId, CustomerId};
use talk_domain::kernel::store::Unit;

/// A customer, or the server itself.
pub(super) type Who = Option<CustomerId>;

/// Queues by key in rotation: the next one is the queue that was served least recently. No queue is
/// empty.
struct Rotation<K, Q> {
    order: VecDeque<K>,
    queues: HashMap<K, Q>,
}

impl<K, Q> Default for Rotation<K, Q> {
    fn default() -> Self {
        Self {
            order: VecDeque::new(),
            queues: HashMap::new(),
        }
    }
}

impl<K: Copy + Eq + Hash, Q: Default> Rotation<K, Q> {
    /// Returns the queue of `key`, which is added at the end if it is new. The caller must fill it.
    fn queue(&mut self, key: K) -> &mut Q {
        self.queues.entry(key).or_insert_with(|| {
            self.order.push_back(key);
            Q::default()
        })
    }

    /// Takes an item out of the next queue for which `may` is true, and moves that queue to the
    /// end.
    fn next<T>(
        &mut self,
        may: impl Fn(K) -> bool,
        take: impl FnOnce(&mut Q) -> (Option<T>, bool),
    ) -> Option<(K, T)> {
        let at = self.order.iter().position(|key| may(*key))?;
        let key = self.order.remove(at)?;
        let (taken, is_empty) = take(self.queues.get_mut(&key)?);
        if is_empty {
            self.queues.remove(&key);
        } else {
            self.order.push_back(key);
        }
        Some((key, taken?))
    }
}

/// The waiting units or reads of one customer.
struct OfCustomer<T> {
    agents: Rotation<Option<AgentId>, VecDeque<T>>,
    waiting: usize,
}

impl<T> Default for OfCustomer<T> {
    fn default() -> Self {
        Self {
            agents: Rotation::default(),
            waiting: 0,
        }
    }
}

/// Limits of waiting reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    /// Per agent.
    pub(super) per_agent: usize,
    /// Per customer.
    pub(super) per_customer: usize,
}

/// See the module.
pub(super) struct Turns<T> {
    customers: Rotation<Who, OfCustomer<T>>,
    limits: Waiting,
}

impl<T> Turns<T> {
    pub(super) fn new(limits: Waiting) -> Self {
        Self {
            customers: Rotation::default(),
            limits,
        }
    }

    /// Queues `read`, unless the limit of its customer or agent is reached. Reads for which
    /// `is_gone` is true are removed first.
    pub(super) fn push(&mut self, unit: Unit, read: T, is_gone: impl Fn(&T) -> bool) -> bool {
        let Waiting {
            per_agent,
            per_customer,
        } = self.limits;
        let customer = self.customers.queue(unit.customer);
        if customer.waiting >= per_customer {
            for queue in customer.agents.queues.values_mut() {
                queue.retain(|read| !is_gone(read));
            }
            customer.agents.queues.retain(|_, queue| !queue.is_empty());
            let queues = &customer.agents.queues;
            customer.agents.order.retain(|key| queues.contains_key(key));
            customer.waiting = queues.values().map(VecDeque::len).sum();
        }
        let is_full = customer.waiting >= per_customer;
        if !is_full {
            let queue = customer.agents.queue(unit.agent);
            let before = queue.len();
            if before >= per_agent {
                queue.retain(|read| !is_gone(read));
            }
            customer.waiting -= before - queue.len();
            if queue.len() < per_agent {
                queue.push_back(read);
                customer.waiting += 1;
                return true;
            }
        }
        false
    }

    /// Takes the next read of a customer for which `may` is true.
    pub(super) fn pop(&mut self, may: impl Fn(Who) -> bool) -> Option<(Who, T)> {
        self.customers.next(may, |customer| {
            let taken = customer.agents.next(
                |_| true,
                |queue| {
                    let read = queue.pop_front();
                    (read, queue.is_empty())
                },
            );
            customer.waiting -= usize::from(taken.is_some());
            (taken.map(|(_, read)| read), customer.waiting == 0)
        })
    }
}

#[cfg(test)]
mod tests {
    use talk_domain::testing::{actor, agent_id};
    use uuid::Uuid;

    use super::*;

    const MANY: Waiting = Waiting {
        per_agent: 100,
        per_customer: 100,
    };

    fn customer(n: u128) -> CustomerId {
        CustomerId(Uuid::from_u128(n))
    }

    fn by(of: u128, agent: u128) -> Unit {
        let mut actor = actor(agent_id(agent));
        actor.customer = customer(of);
        Unit::by(actor, "read")
    }

    fn filled(reads: &[(u128, u128)]) -> Turns<(u128, u128, usize)> {
        let mut turns = Turns::new(MANY);
        for (n, (of, agent)) in reads.iter().enumerate() {
            assert!(turns.push(by(*of, *agent), (*of, *agent, n), |_| false));
        }
        turns
    }

    #[test]
    fn customers_come_in_turns_and_so_do_their_agents() {
        let reads = [(1, 1), (1, 1), (1, 1), (1, 2), (2, 5), (2, 5), (3, 9)];
        let mut turns = filled(&reads);
        let order: Vec<_> = std::iter::from_fn(|| turns.pop(|_| true))
            .map(|(_, read)| read)
            .collect();
        let expected = [
            (1, 1, 0),
            (2, 5, 4),
            (3, 9, 6),
            (1, 2, 3),
            (2, 5, 5),
            (1, 1, 1),
            (1, 1, 2),
        ];
        assert_eq!(order, expected);
    }

    #[test]
    fn a_customer_that_may_not_be_served_keeps_its_turn() {
        let mut turns = filled(&[(1, 1), (2, 2), (1, 1)]);
        let not_one = |who: Who| who != Some(customer(1));
        assert_eq!(turns.pop(not_one).unwrap().1, (2, 2, 1));
        assert_eq!(turns.pop(not_one), None);
        assert_eq!(turns.pop(|_| true).unwrap().1, (1, 1, 0));
        assert_eq!(turns.pop(|_| true).unwrap().1, (1, 1, 2));
        assert_eq!(turns.pop(|_| true), None);
        assert!(turns.customers.queues.is_empty() && turns.customers.order.is_empty());
    }

    #[test]
    fn so_many_wait_of_an_agent_and_of_a_customer_and_no_more() {
        let mut turns = Turns::new(Waiting {
            per_agent: 2,
            per_customer: 3,
        });
        let mut push = |of, agent| turns.push(by(of, agent), (), |()| false);
        assert!(push(1, 1) && push(1, 1));
        assert!(!push(1, 1));
        assert!(push(1, 2));
        assert!(!push(1, 2) && !push(1, 3));
        assert!(push(2, 1) && push(2, 1));
        assert!(!push(2, 1));
        assert_eq!(std::iter::from_fn(|| turns.pop(|_| true)).count(), 5);
    }

    #[test]
    fn those_whose_caller_has_left_give_up_their_place() {
        let mut turns = Turns::new(Waiting {
            per_agent: 2,
            per_customer: 3,
        });
        let gone = |n: &i32| *n < 0;
        assert!(turns.push(by(1, 1), -1, gone) && turns.push(by(1, 1), -2, gone));
        assert!(turns.push(by(1, 1), 3, gone));
        assert!(turns.push(by(1, 2), -4, gone) && turns.push(by(1, 3), -5, gone));
        assert!(turns.push(by(1, 3), 6, gone));
        let left: Vec<i32> = std::iter::from_fn(|| turns.pop(|_| true))
            .map(|(_, read)| read)
            .collect();
        assert_eq!(left, [3, 6]);
        assert!(turns.customers.queues.is_empty() && turns.customers.order.is_empty());
    }
}
