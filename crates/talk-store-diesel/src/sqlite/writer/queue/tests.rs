use std::collections::HashMap;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn owner(customer: u128, agent: u128) -> Owner {
    Owner {
        customer: (customer > 0).then(|| CustomerId(Uuid::from_u128(customer))),
        agent: (agent > 0).then(|| AgentId(Uuid::from_u128(agent))),
    }
}

/// A unit: the order in which it was queued, and what it will cost.
type Queued = (Owner, u64, u64);

#[derive(Clone, Copy, Debug)]
enum Step {
    Push(Owner, u64),
    Serve,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let push = (0..4_u128, 0..4_u128, 1..1_000_u64)
        .prop_map(|(customer, agent, cost)| Step::Push(owner(customer, agent), cost));
    prop::collection::vec(prop_oneof![3 => push, 2 => Just(Step::Serve)], 1..300)
}

/// Serves the next unit and charges it.
fn serve(queue: &mut FairQueue<Queued>) -> Option<Queued> {
    let (owner, unit) = queue.pop()?;
    assert_eq!(owner, unit.0);
    queue.charge(owner, unit.2);
    Some(unit)
}

/// Lets the owners keep `each` units waiting, with these costs, until `rounds` units were served.
/// Returns what each was charged.
fn compete(owners: &[(Owner, u64)], each: usize, rounds: usize) -> HashMap<Owner, u64> {
    let mut queue = FairQueue::new(10_000);
    let mut charged = HashMap::new();
    for (owner, cost) in owners {
        for _ in 0..each {
            assert_eq!(queue.push(*owner, (*owner, 0, *cost)), Pushed::Queued);
        }
    }
    for _ in 0..rounds {
        let (owner, place, cost) = serve(&mut queue).unwrap();
        *charged.entry(owner).or_default() += cost;
        assert_eq!(queue.push(owner, (owner, place, cost)), Pushed::Queued);
    }
    charged
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Work-conserving, bounded, in order within an owner; nothing is lost or served twice.
    #[test]
    fn any_history_is_served_whole_and_in_order(steps in steps(), limit in 1..40_usize) {
        let mut queue = FairQueue::new(limit);
        let mut waiting: Vec<Queued> = Vec::new();
        for (place, step) in (0..).zip(steps) {
            match step {
                Step::Push(owner, cost) => {
                    let unit = (owner, place, cost);
                    let most = |of: &dyn Fn(&Queued) -> bool| waiting.iter().filter(|unit| of(unit)).count();
                    let own = most(&|unit| unit.0.customer == owner.customer);
                    match queue.push(owner, unit) {
                        Pushed::Queued => waiting.push(unit),
                        Pushed::Instead(evicted) => {
                            prop_assert_eq!(waiting.len(), limit);
                            let theirs = most(&|unit| unit.0.customer == evicted.0.customer);
                            if evicted.0.customer == owner.customer {
                                let theirs = most(&|unit| unit.0 == evicted.0);
                                prop_assert!(theirs > most(&|unit| unit.0 == owner) + 1);
                            } else {
                                prop_assert!(theirs > own + 1);
                            }
                            let newest = waiting.iter().rposition(|unit| unit.0 == evicted.0);
                            prop_assert_eq!(waiting.remove(newest.unwrap()), evicted);
                            waiting.push(unit);
                        }
                        Pushed::Refused(refused) => {
                            prop_assert_eq!(refused, unit);
                            prop_assert_eq!(waiting.len(), limit);
                        }
                    }
                }
                Step::Serve => {
                    let served = serve(&mut queue);
                    prop_assert_eq!(served.is_some(), !waiting.is_empty());
                    if let Some(served) = served {
                        let oldest = waiting.iter().position(|unit| unit.0 == served.0);
                        prop_assert_eq!(waiting.remove(oldest.unwrap()), served);
                    }
                }
            }
            prop_assert_eq!(queue.len(), waiting.len());
        }
        let mut left = queue.drain();
        left.sort_unstable();
        waiting.sort_unstable();
        prop_assert_eq!(left, waiting);
        prop_assert_eq!(serve(&mut queue), None);
    }

    /// Two owners that always wait are charged the same, up to one unit each.
    #[test]
    fn two_customers_have_the_same_share(a in 1..1_000_u64, b in 1..1_000_u64, each in 1..50_usize) {
        let (one, two) = (owner(1, 1), owner(2, 1));
        let charged = compete(&[(one, a), (two, b)], each, 500);
        let by = |owner| charged.get(&owner).copied().unwrap_or_default();
        prop_assert!(by(one).abs_diff(by(two)) <= a + b);
    }

    /// The share is the customer's, however many agents it has, and within it each agent's.
    #[test]
    fn many_agents_have_the_share_of_one_customer(agents in 2..20_u128, cost in 1..1_000_u64) {
        let mut owners: Vec<_> = (1..=agents).map(|agent| (owner(1, agent), cost)).collect();
        owners.push((owner(2, 1), cost));
        let charged = compete(&owners, 3, 1_000);
        let by = |owner| charged.get(&owner).copied().unwrap_or_default();
        let alone = by(owner(2, 1));
        let all: u64 = (1..=agents).map(|agent| by(owner(1, agent))).sum();
        prop_assert!(all.abs_diff(alone) <= 2 * cost);
        let most = (1..=agents).map(|agent| by(owner(1, agent))).max().unwrap();
        let least = (1..=agents).map(|agent| by(owner(1, agent))).min().unwrap();
        prop_assert!(most - least <= 2 * cost);
    }

    /// A newcomer is served after at most one unit of each waiting owner, however many they have
    /// queued.
    #[test]
    fn nobody_starves(customers in 1..10_u128, each in 1..100_usize, cost in 1..1_000_u64, served in 0..50_usize) {
        let mut queue = FairQueue::new(10_000);
        for customer in 1..=customers {
            for _ in 0..each {
                let owner = owner(customer, 1);
                queue.push(owner, (owner, 0, cost));
            }
        }
        for _ in 0..served.min(queue.len() - 1) {
            serve(&mut queue);
        }
        for newcomer in [owner(0, 0), owner(99, 1)] {
            let waiting = queue.customers.waiting();
            queue.push(newcomer, (newcomer, 0, 1));
            let turn = (0..1_000).find(|_| serve(&mut queue).unwrap().0 == newcomer).unwrap();
            prop_assert!(turn <= waiting, "{turn} of {waiting}");
        }
    }
}

/// An owner saves no credit during a pause: it shares from then on.
#[test]
fn a_pause_is_no_credit() {
    let (busy, late) = (owner(1, 1), owner(2, 1));
    let mut queue = FairQueue::new(1_000);
    queue.push(late, (late, 0, 10));
    for _ in 0..300 {
        queue.push(busy, (busy, 0, 10));
    }
    for _ in 0..101 {
        serve(&mut queue);
    }
    for _ in 0..100 {
        queue.push(late, (late, 0, 10));
    }
    let mut late_units = 0;
    for _ in 0..100 {
        late_units += u32::from(serve(&mut queue).unwrap().0 == late);
    }
    assert!((49..=51).contains(&late_units), "{late_units}");
}

/// A heavy unit is charged also to an owner that pauses after it.
#[test]
fn a_debt_outlasts_a_pause() {
    let (heavy, light) = (owner(1, 1), owner(2, 1));
    let mut queue = FairQueue::new(1_000);
    queue.push(heavy, (heavy, 0, 100));
    for _ in 0..50 {
        queue.push(light, (light, 0, 10));
    }
    assert_eq!(serve(&mut queue).unwrap().0, heavy);
    queue.push(heavy, (heavy, 0, 100));
    for _ in 0..10 {
        assert_eq!(serve(&mut queue).unwrap().0, light);
    }
}

/// In a full queue the owner with the most units loses its newest one.
#[test]
fn the_longest_queue_makes_place() {
    let (flood, second, guest) = (owner(1, 1), owner(1, 2), owner(2, 1));
    let mut queue = FairQueue::new(4);
    for place in 0..4 {
        queue.push(flood, (flood, place, 1));
    }
    assert_eq!(
        queue.push(guest, (guest, 4, 1)),
        Pushed::Instead((flood, 3, 1))
    );
    assert_eq!(
        queue.push(second, (second, 5, 1)),
        Pushed::Instead((flood, 2, 1))
    );
    let more = (flood, 6, 1);
    assert_eq!(queue.push(flood, more), Pushed::Refused(more));
    assert_eq!(queue.len(), 4);
}

/// Expected costs are per owner, decay, and are dropped when they are light.
#[test]
fn what_was_heavy_is_expected_to_be_heavy() {
    let (heavy, light) = (owner(1, 1), owner(2, 1));
    let mut queue = FairQueue::new(4);
    queue.expect(light, LIGHT - 1);
    queue.expect(heavy, 8 * LIGHT);
    queue.push(light, (light, 0, 1));
    assert_eq!(queue.next(), Some((light, 0)));
    serve(&mut queue);
    queue.push(heavy, (heavy, 0, 1));
    assert_eq!(queue.next(), Some((heavy, 8 * LIGHT)));
    queue.expect(heavy, 1);
    assert_eq!(queue.next(), Some((heavy, 7 * LIGHT)));
    for _ in 0..20 {
        queue.expect(heavy, 1);
    }
    assert_eq!(queue.next(), Some((heavy, 0)));
    assert!(queue.expected.is_empty());
}
