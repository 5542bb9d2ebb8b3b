//! Bounds the work that shares one commit.

use std::time::Duration;

use crate::sqlite::writer::batch::Job;
use crate::sqlite::writer::pacing::Standing;
use crate::sqlite::writer::queue::Owner;

/// Least time of one share of a batch, however fast commits are.
const SHARE: Duration = Duration::from_millis(1);

/// Maximum of shares of a batch, and the number for a batch with a single owner.
const SHARES: usize = 16;

/// Bounds batches in time, relative to the recent duration of commits.
///
/// Every unit in a batch waits until the whole batch has run, and so does every unit queued meanwhile. A batch
/// that is shared by few is therefore short, and so is one of a single customer while others are
/// active: one that creates large chats must not keep a single message waiting. One that is shared
/// by many, or whose customer is alone, is long, so that few commits carry much work.
pub(crate) struct Budget {
    group: usize,
    commit: Duration,
    is_single: bool,
}

impl Budget {
    /// At most `group` units in a batch.
    pub(crate) fn new(group: usize) -> Self {
        Self {
            group: group.max(1),
            commit: SHARE,
            is_single: false,
        }
    }

    /// Gives each unit a commit of its own, so that one for which there is no space fails alone.
    pub(crate) const fn set_single(&mut self, is_single: bool) {
        self.is_single = is_single;
    }

    /// Records how long a commit took. The estimate follows short commits quickly and long ones slowly:
    /// a commit that is long because of its own changes must not make the next batch longer.
    pub(crate) fn committed(&mut self, took: Duration) {
        let weight = if took < self.commit { 4 } else { 64 };
        self.commit = (self.commit * (weight - 1) + took) / weight;
    }

    fn share(&self) -> Duration {
        self.commit.max(SHARE)
    }
}

/// The units and expected time of a batch that is being filled.
#[derive(Default)]
pub(crate) struct Filling {
    units: usize,
    spent: Duration,
    /// Owners, up to [`SHARES`]: more make no difference.
    owners: Vec<Owner>,
    customers: usize,
}

impl Filling {
    /// Creates the state of a batch with these units, which are still to run.
    pub(crate) fn of(jobs: &[Job]) -> Self {
        let mut filling = Self::default();
        for job in jobs {
            filling.join(Owner::from(job.unit));
        }
        filling
    }

    /// Adds a unit of `owner`.
    pub(crate) fn join(&mut self, owner: Owner) {
        self.units += 1;
        if self.is_new(owner) && self.owners.len() < SHARES {
            let is_new = |other: &Owner| other.customer != owner.customer;
            self.customers += usize::from(self.owners.iter().all(is_new));
            self.owners.push(owner);
        }
    }

    /// Records that a unit has run.
    pub(crate) fn ran(&mut self, took: Duration) {
        self.spent += took;
    }

    /// Returns whether a unit of `owner` with this expected duration may join.
    pub(crate) fn has_room(
        &self,
        budget: &Budget,
        owner: Owner,
        expected: Duration,
        standing: Standing,
    ) -> bool {
        if budget.is_single || self.units >= budget.group {
            return false;
        }
        if self.is_new(owner) && self.owners.len() < SHARES && expected.is_zero() {
            return true;
        }
        self.spent + expected <= self.time(budget.share(), owner, standing)
    }

    /// Returns the maximum duration of the batch if a unit of `owner` joins it.
    fn time(&self, share: Duration, owner: Owner, standing: Standing) -> Duration {
        let is_other = |other: &Owner| other.customer != owner.customer;
        let customers = self.customers + usize::from(self.owners.iter().all(is_other));
        let owners = self.owners.len() + usize::from(self.is_new(owner));
        let shares = match standing {
            Standing::Alone if owners <= 1 => SHARES,
            Standing::Alone => owners,
            Standing::Shared => customers,
            Standing::Beyond => return share / 2,
        };
        share * u32::try_from(shares.clamp(1, SHARES)).unwrap_or(1)
    }

    fn is_new(&self, owner: Owner) -> bool {
        !self.owners.contains(&owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk_domain::kernel::id::{AgentId, CustomerId};
    use uuid::Uuid;

    const MS: Duration = Duration::from_millis(1);

    fn owner(customer: u128, agent: u128) -> Owner {
        Owner {
            customer: Some(CustomerId(Uuid::from_u128(customer))),
            agent: Some(AgentId(Uuid::from_u128(agent))),
        }
    }

    /// Returns whether a light unit of `owner` may join.
    fn joins(filling: &Filling, budget: &Budget, owner: Owner, standing: Standing) -> bool {
        filling.has_room(budget, owner, Duration::ZERO, standing)
    }

    fn batch(owners: &[Owner], spent: Duration) -> Filling {
        let mut filling = Filling::default();
        for owner in owners {
            filling.join(*owner);
        }
        filling.ran(spent);
        filling
    }

    #[test]
    fn a_batch_of_one_owner_that_is_alone_is_long() {
        let budget = Budget::new(256);
        let alone = owner(1, 1);
        assert!(joins(
            &batch(&[alone], 16 * MS),
            &budget,
            alone,
            Standing::Alone
        ));
        assert!(!joins(
            &batch(&[alone], 17 * MS),
            &budget,
            alone,
            Standing::Alone
        ));
        let heavy = 16 * MS;
        assert!(!batch(&[alone], MS).has_room(&budget, alone, heavy, Standing::Alone));
    }

    #[test]
    fn a_batch_of_few_is_short_and_one_of_many_is_long() {
        let budget = Budget::new(256);
        let (one, two) = (owner(1, 1), owner(2, 1));
        assert!(!batch(&[one], Duration::ZERO).has_room(&budget, two, 3 * MS, Standing::Shared));
        assert!(joins(
            &batch(&[one, two], MS),
            &budget,
            one,
            Standing::Shared
        ));
        assert!(!joins(
            &batch(&[one, two], 3 * MS),
            &budget,
            one,
            Standing::Shared
        ));
        let many: Vec<_> = (1..=16).map(|customer| owner(customer, 1)).collect();
        assert!(joins(
            &batch(&many, 15 * MS),
            &budget,
            one,
            Standing::Shared
        ));
        assert!(!joins(
            &batch(&many, 17 * MS),
            &budget,
            one,
            Standing::Shared
        ));
        let one_more = owner(17, 1);
        assert!(!joins(
            &batch(&many, 17 * MS),
            &budget,
            one_more,
            Standing::Shared
        ));
    }

    /// Case 43.
    #[test]
    fn a_batch_of_one_customer_is_short_while_others_are_active() {
        let budget = Budget::new(256);
        let (one, agent) = (owner(1, 1), owner(1, 2));
        let joins = |spent, standing| joins(&batch(&[one, agent], spent), &budget, one, standing);
        assert!(joins(2 * MS, Standing::Alone));
        assert!(joins(MS, Standing::Shared));
        assert!(!joins(2 * MS, Standing::Shared));
        assert!(joins(MS / 2, Standing::Beyond));
        assert!(!joins(MS, Standing::Beyond));
    }

    /// Many agents of one customer keep another customer waiting no longer than one agent does.
    #[test]
    fn agents_count_only_among_their_customer() {
        let budget = Budget::new(256);
        let agents: Vec<_> = (1..=10).map(|agent| owner(1, agent)).collect();
        assert!(joins(
            &batch(&agents, 9 * MS),
            &budget,
            agents[0],
            Standing::Alone
        ));
        let mixed = [&agents[..], &[owner(2, 1)]].concat();
        assert!(!joins(
            &batch(&mixed, 9 * MS),
            &budget,
            agents[0],
            Standing::Shared
        ));
    }

    /// A light unit that waited for a heavy one need not wait for a further commit.
    #[test]
    fn a_light_newcomer_joins_a_batch_that_is_full() {
        let budget = Budget::new(256);
        let heavy = batch(&[owner(1, 1)], 100 * MS);
        assert!(joins(&heavy, &budget, owner(2, 1), Standing::Shared));
        assert!(!heavy.has_room(&budget, owner(2, 1), MS, Standing::Shared));
    }

    #[test]
    fn slow_commits_carry_more() {
        let mut budget = Budget::new(256);
        for _ in 0..1_000 {
            budget.committed(20 * MS);
        }
        let alone = owner(1, 1);
        assert!(joins(
            &batch(&[alone], 300 * MS),
            &budget,
            alone,
            Standing::Alone
        ));
    }

    /// Otherwise long commits of large changes would allow even larger batches.
    #[test]
    fn commits_that_are_long_now_and_then_carry_no_more() {
        let mut budget = Budget::new(256);
        for n in 0..1_000 {
            budget.committed(if n % 4 == 0 { 20 * MS } else { MS });
        }
        assert!(budget.share() < 2 * MS, "{:?}", budget.share());
    }

    #[test]
    fn a_group_is_bounded_in_number_too() {
        let budget = Budget::new(2);
        let alone = owner(1, 1);
        assert!(joins(&batch(&[alone], MS), &budget, alone, Standing::Alone));
        assert!(!joins(
            &batch(&[alone; 2], MS),
            &budget,
            alone,
            Standing::Alone
        ));
    }
}
