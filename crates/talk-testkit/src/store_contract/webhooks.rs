//! Webhooks: the feed of events, and the deliveries made of them.

use std::sync::Arc;

use talk_domain::hooks::delivery::Delivery;
use talk_domain::hooks::feed::Chunk;
use talk_domain::hooks::take::{Batch, Happened, take_chunk};
use talk_domain::kernel::cleanup::Bound;
use talk_domain::kernel::context::IdSource;
use talk_domain::kernel::id::ChatId;
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::model::chat::ChatKind;
use talk_domain::testing::{a_webhook, customer_id, stream_id};

use super::Factory;
use super::world::World;

const INSTALLATION: Unit = Unit::installation("contract");

const BOUND: Bound = Bound {
    rows: 100,
    bytes: 1_000_000,
};

async fn add_endpoint(world: &World) {
    let added = world.write(|uow| uow.webhooks().insert(&a_webhook()));
    added.await.unwrap();
}

async fn after(world: &World, place: u64) -> Chunk {
    let read = world.store.read(INSTALLATION, move |snapshot| {
        snapshot.feed().after(place, BOUND)
    });
    read.await.unwrap()
}

async fn place(world: &World) -> u64 {
    let read = world
        .store
        .read(INSTALLATION, |snapshot| snapshot.feed().place());
    read.await.unwrap()
}

async fn due(world: &World) -> Vec<Delivery> {
    let now = world.cx(1).now;
    world
        .read(move |snapshot| snapshot.deliveries().due(a_webhook().id, now, 10))
        .await
}

async fn chat(world: &Arc<World>) -> ChatId {
    world.chat(ChatKind::Group, 1, &[2]).await.id
}

/// HOOK-02: a new endpoint gets no events of before, and without endpoints nothing is read.
pub async fn the_feed_skips_events_while_nobody_has_an_endpoint(factory: Factory) {
    let world = World::open(factory).await;
    let chat = chat(&world).await;
    world.post(1, chat, "before").await;
    let skipped = after(&world, 0).await;
    assert!(skipped.events.is_empty() && skipped.end > 0, "{skipped:?}");
    add_endpoint(&world).await;
    assert!(after(&world, skipped.end).await.events.is_empty());
    let end = world.write(|uow| uow.feed().end()).await.unwrap();
    assert_eq!(end, skipped.end);
    let before = world.log(chat).await.len();
    world.post(1, chat, "after").await;
    let read = after(&world, skipped.end).await;
    let events: Vec<_> = read
        .events
        .iter()
        .map(|(_, event)| Arc::clone(event))
        .collect();
    assert_eq!(events, world.log(chat).await[before..]);
    assert!(read.events.iter().all(|(place, _)| *place > end));
    assert!(read.end > skipped.end && read.customers.contains(&customer_id()));
}

fn batches(world: &World, events: u64) -> Vec<(Batch, Vec<Happened>)> {
    let cx = world.cx(1);
    let batch = Batch {
        customer: customer_id(),
        now: cx.now,
        ids: IdSource::new(cx.now, 7),
    };
    let happened = |seq| Happened {
        // After the place of the endpoint, 0.
        place: seq,
        stream: stream_id(1),
        seq,
        kind: "happened".into(),
        event: format!("evt_{seq}"),
    };
    vec![(batch, (1..=events).map(happened).collect())]
}

/// HOOK-07: a crash between the deliveries and their place neither loses nor repeats an event.
pub async fn deliveries_and_their_place_are_stored_together_or_not_at_all(factory: Factory) {
    let world = World::open(factory).await;
    add_endpoint(&world).await;
    let before = place(&world).await;
    for fails in [true, false] {
        let batches = batches(&world, 1);
        let taken = world.store.write(INSTALLATION, move |uow| {
            take_chunk(uow, &batches, before + 7)?;
            if fails {
                return Err(StoreError::Corrupt("on purpose".into()));
            }
            Ok(())
        });
        assert_eq!(taken.await.is_err(), fails);
        let expected = if fails { (before, 0) } else { (before + 7, 1) };
        assert_eq!((place(&world).await, due(&world).await.len()), expected);
    }
}

/// HOOK-07: the events of a stream are due one after the other.
pub async fn of_a_stream_only_the_first_delivery_is_due(factory: Factory) {
    let world = World::open(factory).await;
    add_endpoint(&world).await;
    let batches = batches(&world, 3);
    let taken = world
        .store
        .write(INSTALLATION, move |uow| take_chunk(uow, &batches, 9));
    assert_eq!(taken.await.unwrap(), 3);
    let due = due(&world).await;
    assert_eq!(due.iter().map(|one| one.seq).collect::<Vec<_>>(), [1]);
}
