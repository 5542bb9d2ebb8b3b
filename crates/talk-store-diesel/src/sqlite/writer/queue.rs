//! The fair queue before the writer: a pure data structure, without threads and clocks.
//!
//! Shares are counted in the measured cost of the units, first among customers, then among the
//! agents of a customer. Units of the server itself are a customer of their own.

mod shares;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};

use talk_domain::kernel::id::{AgentId, CustomerId};
use talk_domain::kernel::store::Unit;

use shares::Shares;

/// Maximum of agents with a stored expected cost; beyond it, all are dropped.
const REMEMBERED: usize = 4_096;

/// Costs below this are not stored, in nanoseconds.
const LIGHT: u64 = 250_000;

/// The customer and agent that a unit of work is charged to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Owner {
    /// `None` is the server itself.
    pub(crate) customer: Option<CustomerId>,
    /// `None` is work for a customer without an agent.
    pub(crate) agent: Option<AgentId>,
}

impl From<Unit> for Owner {
    fn from(unit: Unit) -> Self {
        Self {
            customer: unit.customer,
            agent: unit.agent,
        }
    }
}

/// The result of queueing a unit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pushed<T> {
    /// The unit waits.
    Queued,
    /// The unit waits, and this one was dropped: the newest of the owner with the most waiting
    /// units.
    Instead(T),
    /// The queue is full, and the unit's owner has the most waiting units.
    Refused(T),
}

/// A bounded queue that is fair by measured cost. Units of one owner are served in their order.
pub(crate) struct FairQueue<T> {
    limit: usize,
    len: usize,
    customers: Shares<Option<CustomerId>>,
    lanes: HashMap<Option<CustomerId>, Lane<T>>,
    /// Expected cost of the next unit of owners whose units were not light.
    expected: HashMap<Owner, u64>,
}

/// The waiting units or reads of one customer.
struct Lane<T> {
    len: usize,
    agents: Shares<Option<AgentId>>,
    units: HashMap<Option<AgentId>, VecDeque<T>>,
}

impl<T> Default for Lane<T> {
    fn default() -> Self {
        Self {
            len: 0,
            agents: Shares::default(),
            units: HashMap::new(),
        }
    }
}

impl<T> FairQueue<T> {
    /// Creates a queue for at most `limit` units.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit: limit.max(1),
            len: 0,
            customers: Shares::default(),
            lanes: HashMap::new(),
            expected: HashMap::new(),
        }
    }

    /// Returns the number of waiting units.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Returns whether all waiting units are of one customer.
    pub(crate) fn has_one_customer(&self) -> bool {
        self.customers.waiting() == 1
    }

    /// Queues `unit`. In a full queue it takes the place of the newest unit of the owner with the
    /// most waiting units, unless that would be its own owner.
    pub(crate) fn push(&mut self, owner: Owner, unit: T) -> Pushed<T> {
        if self.len < self.limit {
            self.add(owner, unit);
            return Pushed::Queued;
        }
        let Some(longest) = self.longest(owner) else {
            return Pushed::Refused(unit);
        };
        match self.remove_newest(longest) {
            Some(evicted) => {
                self.add(owner, unit);
                Pushed::Instead(evicted)
            }
            None => Pushed::Refused(unit),
        }
    }

    /// Returns the owner of the next unit and the unit's expected cost: 0 if its owner's units were
    /// light so far.
    pub(crate) fn next(&self) -> Option<(Owner, u64)> {
        let customer = self.customers.first()?;
        let agent = self.lanes.get(&customer)?.agents.first()?;
        let owner = Owner { customer, agent };
        let cost = self.expected.get(&owner).copied().unwrap_or_default();
        Some((owner, cost))
    }

    /// Takes the next unit. When the queue becomes empty, charges are dropped, since nobody waited.
    pub(crate) fn pop(&mut self) -> Option<(Owner, T)> {
        let Some((owner, _)) = self.next() else {
            self.customers = Shares::default();
            return None;
        };
        let lane = self.lanes.get_mut(&owner.customer)?;
        let units = lane.units.get_mut(&owner.agent)?;
        let unit = units.pop_front()?;
        let is_last = units.is_empty();
        lane.agents.serve(owner.agent);
        self.customers.serve(owner.customer);
        self.removed(owner, is_last);
        Some((owner, unit))
    }

    /// Charges `owner` with nanoseconds of the writer's time.
    pub(crate) fn charge(&mut self, owner: Owner, cost: u64) {
        self.customers.charge(owner.customer, cost);
        if let Some(lane) = self.lanes.get_mut(&owner.customer) {
            lane.agents.charge(owner.agent, cost);
        }
    }

    /// Records the cost of a unit of `owner`, for its expected cost: the largest recent one, which
    /// decays.
    pub(crate) fn expect(&mut self, owner: Owner, cost: u64) {
        if cost < LIGHT && self.expected.is_empty() {
            return;
        }
        let before = self.expected.remove(&owner).unwrap_or_default();
        let expected = cost.max(before - before / 8);
        if expected < LIGHT {
            return;
        }
        if self.expected.len() >= REMEMBERED {
            self.expected.clear();
        }
        self.expected.insert(owner, expected);
    }

    /// Removes all units, in no order.
    pub(crate) fn drain(&mut self) -> Vec<T> {
        let lanes = std::mem::take(&mut self.lanes).into_values();
        let units = lanes.flat_map(|lane| lane.units.into_values().flatten());
        self.customers = Shares::default();
        self.len = 0;
        units.collect()
    }

    fn add(&mut self, owner: Owner, unit: T) {
        let lane = self.lanes.entry(owner.customer).or_default();
        lane.units.entry(owner.agent).or_default().push_back(unit);
        lane.agents.wait(owner.agent);
        lane.len += 1;
        self.customers.wait(owner.customer);
        self.len += 1;
    }

    /// Returns the owner with the most waiting units, unless that would be `newcomer`: first the
    /// customer with the most, then its agent with the most.
    fn longest(&self, newcomer: Owner) -> Option<Owner> {
        let own = self.lanes.get(&newcomer.customer);
        let own_len = own.map_or(0, |lane| lane.len) + 1;
        // An owner with more than the average is refused without examining the others.
        let has_share = own_len * self.customers.waiting() <= self.len;
        let longest = has_share
            .then(|| self.lanes.iter().max_by_key(|(_, lane)| lane.len))
            .flatten()
            .filter(|(_, lane)| lane.len > own_len);
        if let Some((customer, lane)) = longest {
            let (agent, _) = lane.units.iter().max_by_key(|(_, units)| units.len())?;
            let (customer, agent) = (*customer, *agent);
            return Some(Owner { customer, agent });
        }
        let units = &own?.units;
        let agent_len = units.get(&newcomer.agent).map_or(0, VecDeque::len) + 1;
        let (agent, waiting) = units.iter().max_by_key(|(_, units)| units.len())?;
        (waiting.len() > agent_len).then_some(Owner {
            customer: newcomer.customer,
            agent: *agent,
        })
    }

    fn remove_newest(&mut self, owner: Owner) -> Option<T> {
        let lane = self.lanes.get_mut(&owner.customer)?;
        let units = lane.units.get_mut(&owner.agent)?;
        let unit = units.pop_back()?;
        let is_last = units.is_empty();
        self.removed(owner, is_last);
        Some(unit)
    }

    /// Updates the counts after a unit of `owner` left the queue. `is_last` says that no other unit of
    /// this owner waits.
    fn removed(&mut self, owner: Owner, is_last: bool) {
        self.len -= 1;
        let Some(lane) = self.lanes.get_mut(&owner.customer) else {
            return;
        };
        lane.len -= 1;
        if is_last {
            lane.units.remove(&owner.agent);
            lane.agents.rest(owner.agent);
        }
        if lane.len == 0 {
            self.lanes.remove(&owner.customer);
            self.customers.rest(owner.customer);
        }
    }
}
