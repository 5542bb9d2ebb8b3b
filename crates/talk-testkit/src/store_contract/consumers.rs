//! Consumers of the event log: each event once and in order, whatever happens meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use talk_domain::identity::customer::Customer;
use talk_domain::identity::customer::delete::delete_customer;
use talk_domain::kernel::cleanup::Bound;
use talk_domain::kernel::log::Logged;
use talk_domain::kernel::positions::{LogChunk, Position, Registered};
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::chat::create::{CreateChat, create_chat};
use talk_domain::talk::cleanup::run_step::run_step;
use talk_domain::talk::message::delete::delete_message;
use talk_domain::talk::model::chat::ChatKind;
use talk_domain::testing::{at, customer_id};

use super::Factory;
use super::retention::change_much;
use super::world::{World, other_customer};

pub(super) const UNIT: Unit = Unit::installation("consume");

const BOUND: Bound = Bound {
    rows: 256,
    bytes: 1_048_576,
};

/// Registers a consumer at the end of the log.
pub(super) async fn begin(world: &World, consumer: &'static str) {
    let registered = world.store.write(UNIT, move |uow| {
        let end = uow.log().end()?;
        uow.consumers().put(consumer, end)
    });
    registered.await.unwrap();
}

/// The next events of a consumer.
pub(super) async fn peek(world: &World, consumer: &'static str) -> LogChunk {
    let next = world.store.read(UNIT, move |snapshot| {
        let position = snapshot.log().position(consumer)?.unwrap();
        snapshot.log().since(position, BOUND)
    });
    next.await.unwrap()
}

pub(super) async fn advance(world: &World, consumer: &'static str, to: Position) {
    let stored = world
        .store
        .write(UNIT, move |uow| uow.consumers().put(consumer, to));
    stored.await.unwrap();
}

/// The events of a chunk without their positions.
pub(super) fn events(chunk: &LogChunk) -> Vec<Arc<Logged>> {
    let events = chunk.events.iter();
    events.map(|(_, event)| Arc::clone(event)).collect()
}

/// Takes everything up to the end of the log.
pub(super) async fn take_all(world: &World, consumer: &'static str) -> Vec<Arc<Logged>> {
    let mut taken = Vec::new();
    loop {
        let chunk = peek(world, consumer).await;
        taken.extend(events(&chunk));
        advance(world, consumer, chunk.end).await;
        if chunk.is_end {
            return taken;
        }
    }
}

async fn registered(world: &World) -> Vec<Registered> {
    let consumers = world
        .store
        .read(UNIT, |snapshot| snapshot.log().consumers());
    consumers.await.unwrap()
}

/// LOG-07: units that commit at the same time are taken completely, and each stream in order, by two
/// consumers of different speed.
pub async fn every_event_of_concurrent_units_is_taken_in_order(factory: Factory) {
    let world = World::open(factory).await;
    let mut chats = Vec::new();
    for _ in 0..4 {
        chats.push(world.chat(ChatKind::Group, 1, &[2, 3, 4, 5, 6]).await.id);
    }
    begin(&world, "slow").await;
    begin(&world, "fast").await;
    let is_done = Arc::new(AtomicBool::new(false));
    let reading = {
        let (world, is_done) = (Arc::clone(&world), Arc::clone(&is_done));
        tokio::spawn(async move {
            let mut taken = Vec::new();
            while !is_done.load(Ordering::Acquire) {
                taken.extend(take_all(&world, "fast").await);
            }
            taken.extend(take_all(&world, "fast").await);
            taken
        })
    };
    let posting: Vec<_> = (0..48_usize)
        .map(|n| {
            let (world, chat) = (Arc::clone(&world), chats[n % 4]);
            tokio::spawn(async move {
                for m in 0..10 {
                    world
                        .post(1 + n as u128 % 6, chat, &format!("{n} {m}"))
                        .await;
                }
            })
        })
        .collect();
    for posted in posting {
        posted.await.unwrap();
    }
    is_done.store(true, Ordering::Release);
    let fast = reading.await.unwrap();
    assert_eq!(fast.len(), 480);
    let slow = take_all(&world, "slow").await;
    assert_eq!(slow, fast);
    let mut of_streams: BTreeMap<String, Vec<Arc<Logged>>> = BTreeMap::new();
    for event in fast {
        let stream = event.stream.to_string();
        of_streams.entry(stream).or_default().push(event);
    }
    for chat in chats {
        let log = world.log(chat).await;
        let taken = of_streams.remove(&chat.to_string()).unwrap();
        assert_eq!(taken, log[log.len() - taken.len()..]);
    }
    assert!(of_streams.is_empty());
}

/// LOG-07: events come again until the position behind them is stored, and a forgotten consumer has
/// none.
pub async fn events_come_again_until_the_position_is_stored(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    begin(&world, "mail").await;
    world.post(1, chat, "one").await;
    let first = peek(&world, "mail").await;
    world.post(1, chat, "two").await;
    let both = peek(&world, "mail").await;
    assert_eq!((first.events.len(), both.events.len()), (1, 2));
    assert_eq!(both.events[..1], first.events);
    assert!(both.is_end && both.end > first.end);
    let lag = registered(&world).await;
    assert_eq!((lag[0].name.as_str(), lag[0].lag), ("mail", 2));
    assert!(lag[0].oldest.is_some());
    advance(&world, "mail", first.end).await;
    assert_eq!(peek(&world, "mail").await.events, both.events[1..]);
    advance(&world, "mail", both.end).await;
    let lag = registered(&world).await;
    assert_eq!((lag[0].lag, lag[0].oldest), (0, None));
    for is_there in [true, false] {
        let removed = world
            .store
            .write(UNIT, |uow| uow.consumers().remove("mail"));
        assert_eq!(removed.await.unwrap(), is_there);
    }
    assert_eq!(registered(&world).await, []);
}

/// A chunk ends with the event that fills it, and has one at least.
pub async fn the_whole_log_is_read_in_chunks(factory: Factory) {
    let world = World::open(factory).await;
    begin(&world, "all").await;
    let start = peek(&world, "all").await.end;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    for n in 0..7 {
        world.post(1, chat, &format!("{n}")).await;
    }
    let all = world.log(chat).await;
    let read = async |from: Position, rows, bytes| {
        let chunk = world.store.read(UNIT, move |snapshot| {
            snapshot.log().since(from, Bound { rows, bytes })
        });
        chunk.await.unwrap()
    };
    for (rows, bytes, expected) in [(3, 1_000, 3), (100, 0, 1), (100, 1, 1), (10, 1_000, 10)] {
        let chunk = read(start, rows, bytes).await;
        assert_eq!(events(&chunk), all[..expected], "{rows} {bytes}");
        assert!(!chunk.is_end);
        let rest = read(chunk.end, 100, 1_000_000).await;
        assert_eq!((&*events(&rest), rest.is_end), (&all[expected..], true));
    }
}

/// LOG-09: a consumer sees no content of deleted messages, also before a cleanup has rewritten their
/// events, and no event of a deleted customer.
pub async fn deleted_content_is_taken_by_no_consumer(factory: Factory) {
    let world = World::open(factory).await;
    let other = Customer {
        id: customer_id(),
        name: "C".into(),
        created: at(1),
        updated: at(1),
    };
    let created = world
        .store
        .write(UNIT, move |uow| uow.customers().insert(&other));
    created.await.unwrap();
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    begin(&world, "all").await;
    let message = world.post(1, chat, "secret").await.id;
    change_much(&world, message).await;
    let cx = world.cx(1);
    let deleted = world.write(move |uow| delete_message(uow, &cx, message));
    deleted.await.unwrap();
    let left = world.read(|snapshot| snapshot.cleanups().after(None)).await;
    assert!(left.is_some(), "some of its events are not rewritten yet");
    let seen = events(&peek(&world, "all").await);
    assert_eq!(seen, world.log(chat).await[3..]);
    assert!(seen.iter().all(|event| !event.payload.contains("secret")));

    let cx = world.strangers_cx();
    let command = CreateChat {
        kind: ChatKind::Group,
        name: "Elsewhere".into(),
        detail: String::new(),
        others: vec![],
    };
    let strangers = world.write_as(other_customer(), move |uow| create_chat(uow, &cx, &command));
    let strangers = strangers.await.unwrap().id;
    let gone = world.write(|uow| delete_customer(uow, customer_id()));
    gone.await.unwrap();
    let of_others = |chunk: &LogChunk| {
        let events = events(chunk);
        let stream = strangers.to_string();
        !events.is_empty()
            && events
                .iter()
                .all(|event| event.stream.to_string() == stream)
    };
    assert!(of_others(&peek(&world, "all").await));
    clean_up(&world).await;
    let chunk = peek(&world, "all").await;
    assert!(of_others(&chunk) && chunk.is_end);
}

/// Runs all cleanups.
pub(super) async fn clean_up(world: &World) {
    loop {
        let next = world.read(|snapshot| snapshot.cleanups().after(None));
        let Some(cleanup) = next.await else { return };
        let cx = world.cx(1);
        let cleaned = world.write(move |uow| run_step(uow, &cx, &cleanup));
        cleaned.await.unwrap();
    }
}

/// A customer's unit reads no log but its own, and stays in its customer.
pub async fn only_the_installation_reads_the_whole_log(factory: Factory) {
    let world = World::open(factory).await;
    begin(&world, "all").await;
    let refused = world
        .store
        .read(Unit::of(customer_id(), "contract"), move |snapshot| {
            let log = snapshot.log();
            let any = [
                log.since(Position::default(), Bound::STEP).is_err(),
                log.consumers().is_err(),
            ];
            Ok::<_, StoreError>(any)
        });
    assert_eq!(refused.await.unwrap(), [true; 2]);
    let refused = world.write(|uow| {
        let any = [
            uow.consumers().enter(other_customer()).is_err(),
            uow.consumers().put("all", Position::default()).is_err(),
            uow.consumers().remove("all").is_err(),
        ];
        Ok::<_, StoreError>(any)
    });
    assert_eq!(refused.await.unwrap(), [true; 3]);
    assert_eq!(registered(&world).await.len(), 1);
}
