//! A fetched state plus the events after it equals the state fetched later, over random stories of
//! all commands.

mod act;
mod fold;
mod story;

use std::sync::Arc;

use fold::Folded;
use story::{Random, World};
use tokio::task::JoinSet;

/// The number of stories, and of concurrent workers.
const STORIES: u64 = 10_000;
const TELLERS: u64 = 50;

/// Runs stories. Each chat is rebuilt from the events of the bell, from the log, and from a fetched
/// state and the log after it.
async fn tell(world: Arc<World>, teller: u64, stories: u64) -> usize {
    let mut random = Random(teller.wrapping_mul(7_919) + 1);
    let customer = world.customer(teller).await;
    let mut differences = 0;
    for _ in 0..stories {
        let Some(chat) = world.create(&customer, &mut random).await else {
            continue;
        };
        let steps = 4 + random.below(12);
        let midway = random.below(steps);
        let mut fetched = None;
        for step in 0..steps {
            world.step(&customer, chat, &mut random).await;
            if step == midway {
                fetched = Some(world.fetch(&customer, chat).await);
            }
        }
        let now = world.fetch(&customer, chat).await;
        let rung = Folded::nothing().after(&world.rung(chat), 0);
        let logged = world.logged(&customer, chat).await;
        let replayed = Folded::nothing().after(&logged, 0);
        let resumed = fetched.map(|before: Folded| {
            let seq = before.seq();
            before.after(&logged, seq)
        });
        for folded in [Some(rung), Some(replayed), resumed].into_iter().flatten() {
            if folded != now {
                eprintln!("chat {chat}:\n{folded:#?}\nbut is\n{now:#?}");
                differences += 1;
            }
        }
    }
    differences
}

/// WS-09 and case 25.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_fetched_and_what_happened_since_is_what_is_fetched() {
    let world = Arc::new(World::open());
    let mut tellers = JoinSet::new();
    for teller in 0..TELLERS {
        tellers.spawn(tell(Arc::clone(&world), teller, STORIES / TELLERS));
    }
    let differences: usize = tellers.join_all().await.into_iter().sum();
    assert_eq!(differences, 0);
    assert!(world.events() > 50_000, "{} events", world.events());
}

/// The mechanism switched off: without one of its events a story mostly ends otherwise (a later
/// event may make up for a lost one).
#[tokio::test(flavor = "multi_thread")]
async fn a_story_that_lacks_an_event_ends_otherwise() {
    let world = World::open();
    let customer = world.customer(1).await;
    let mut random = Random(5);
    let (mut tried, mut noticed) = (0, 0);
    while tried < 500 {
        let Some(chat) = world.create(&customer, &mut random).await else {
            continue;
        };
        for _ in 0..12 {
            world.step(&customer, chat, &mut random).await;
        }
        let now = world.fetch(&customer, chat).await;
        let events = world.rung(chat);
        for lost in 0..events.len() {
            let mut rest = events.clone();
            rest.remove(lost);
            noticed += usize::from(Folded::nothing().after(&rest, 0) != now);
            tried += 1;
        }
    }
    assert!(noticed * 4 > tried * 3, "{noticed} of {tried}");
}
