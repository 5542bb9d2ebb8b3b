//! Webhooks: the deliveries made of events.

use std::collections::BTreeSet;

use talk_domain::hooks::delivery::Delivery;
use talk_domain::hooks::take::{Batch, CONSUMER, Happened, take_chunk};
use talk_domain::hooks::webhook::{Disabled, Webhook};
use talk_domain::kernel::context::IdSource;
use talk_domain::kernel::positions::Position;
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::testing::{a_webhook, customer_id, stream_id};

use super::Factory;
use super::world::World;

const INSTALLATION: Unit = Unit::installation("contract");

async fn add_endpoint(world: &World) {
    let added = world.write(|uow| uow.webhooks().insert(&a_webhook()));
    added.await.unwrap();
}

async fn position(world: &World) -> Option<Position> {
    let read = world
        .store
        .read(INSTALLATION, |snapshot| snapshot.log().position(CONSUMER));
    read.await.unwrap()
}

async fn due(world: &World) -> Vec<Delivery> {
    let now = world.cx(1).now;
    world
        .read(move |snapshot| snapshot.deliveries().due(a_webhook().id, now, 10))
        .await
}

/// HOOK-02: events are read for customers with an enabled endpoint only.
pub async fn customers_with_enabled_endpoints_are_found(factory: Factory) {
    let world = World::open(factory).await;
    let found = async || {
        let read = world
            .store
            .read(INSTALLATION, |snapshot| snapshot.webhooks().customers());
        read.await.unwrap()
    };
    assert_eq!(found().await, BTreeSet::new());
    add_endpoint(&world).await;
    assert_eq!(found().await, BTreeSet::from([customer_id()]));
    let disabled = Webhook {
        disabled: Some(Disabled::Gone),
        ..a_webhook()
    };
    let changed = world.write(move |uow| uow.webhooks().update(&disabled));
    changed.await.unwrap();
    assert_eq!(found().await, BTreeSet::new());
}

fn batches(world: &World, events: u64) -> Vec<(Batch, Vec<Happened>)> {
    let cx = world.cx(1);
    let batch = Batch {
        customer: customer_id(),
        now: cx.now,
        ids: IdSource::new(cx.now, 7),
    };
    let happened = |seq| Happened {
        position: Position::new(seq),
        stream: stream_id(1),
        seq,
        kind: "happened".into(),
        event: format!("evt_{seq}"),
    };
    vec![(batch, (1..=events).map(happened).collect())]
}

/// HOOK-07: a crash between the deliveries and their position neither loses nor repeats an event.
pub async fn deliveries_and_their_position_are_stored_together_or_not_at_all(factory: Factory) {
    let world = World::open(factory).await;
    add_endpoint(&world).await;
    for fails in [true, false] {
        let batches = batches(&world, 1);
        let taken = world.store.write(INSTALLATION, move |uow| {
            take_chunk(uow, &batches, Position::new(7))?;
            if fails {
                return Err(StoreError::Corrupt("on purpose".into()));
            }
            Ok(())
        });
        assert_eq!(taken.await.is_err(), fails);
        let expected = if fails {
            (None, 0)
        } else {
            (Some(Position::new(7)), 1)
        };
        assert_eq!((position(&world).await, due(&world).await.len()), expected);
    }
}

/// HOOK-07: the events of a stream are due one after the other.
pub async fn of_a_stream_only_the_first_delivery_is_due(factory: Factory) {
    let world = World::open(factory).await;
    add_endpoint(&world).await;
    let batches = batches(&world, 3);
    let taken = world.store.write(INSTALLATION, move |uow| {
        take_chunk(uow, &batches, Position::new(9))
    });
    assert_eq!(taken.await.unwrap(), 3);
    let due = due(&world).await;
    assert_eq!(due.iter().map(|one| one.seq).collect::<Vec<_>>(), [1]);
}
