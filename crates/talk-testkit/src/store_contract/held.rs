//! Retention waits for consumers of the log and for enabled endpoints.

use talk_domain::hooks::delivery::{Delivery, Status};
use talk_domain::hooks::webhook::{Disabled, Webhook};
use talk_domain::kernel::id::ChatId;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::chat::delete::delete_chat;
use talk_domain::talk::chat::remove::remove_chat;
use talk_domain::talk::model::chat::ChatKind;
use talk_domain::talk::model::retention::{Expiry, Step};
use talk_domain::talk::retention::trim::trim_log;
use talk_domain::testing::{a_delivery, a_webhook, at};

use super::Factory;
use super::consumers::{UNIT, advance, begin, clean_up, events, peek, take_all};
use super::world::World;

async fn trim(world: &World, chat: ChatId) -> Step {
    let expiry = Expiry {
        messages: None,
        deleted_chats: None,
        log: Some(at(i64::MAX / 1_000_000)),
        log_events: 1,
    };
    let trimmed = world.write(move |uow| trim_log(uow, &expiry, chat));
    trimmed.await.unwrap()
}

/// Trims the log of a chat as far as possible. Returns its start.
async fn trimmed(world: &World, chat: ChatId) -> u64 {
    while trim(world, chat).await.is_more {}
    world.stored(chat).await.log_start
}

/// LOG-08: retention deletes no event that a registered consumer has not taken, whether the log of a
/// chat expires or a deleted chat is removed. Nothing is kept for a forgotten consumer.
pub async fn retention_waits_for_registered_consumers(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let last = world.post(1, chat, "taken").await.seq;
    begin(&world, "one").await;
    begin(&world, "two").await;
    for n in 0..3 {
        world.post(1, chat, &format!("{n}")).await;
    }
    let expected = world.log(chat).await[usize::try_from(last).unwrap()..].to_vec();
    assert_eq!(trimmed(&world, chat).await, last);
    assert_eq!(take_all(&world, "one").await, expected);
    assert_eq!(trimmed(&world, chat).await, last, "one has not taken them");

    let cx = world.cx(1);
    let deleted = world.write(move |uow| delete_chat(uow, &cx, chat));
    deleted.await.unwrap();
    clean_up(&world).await;
    let remove = async || {
        let removed = world.write(move |uow| remove_chat(uow, chat));
        removed.await.unwrap()
    };
    assert!(remove().await.is_held);
    let chunk = peek(&world, "two").await;
    assert_eq!(events(&chunk)[..3], expected);
    assert_eq!(chunk.events.len(), 4, "and the deletion");
    advance(&world, "two", chunk.end).await;
    assert!(remove().await.is_held, "now the other one has not taken it");
    let forgotten = world.store.write(UNIT, |uow| uow.consumers().remove("one"));
    assert!(forgotten.await.unwrap());
    assert_eq!(remove().await.rows, 1);
    assert_eq!(world.log(chat).await, []);
}

/// LOG-08, HOOK-07: retention deletes no event that an enabled endpoint has not got yet; a disabled
/// endpoint keeps nothing.
pub async fn retention_waits_for_enabled_endpoints(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let delivery = move |seq| Delivery {
        stream: chat.into(),
        ..a_delivery(u128::from(seq), seq)
    };
    let added = world.write(move |uow| {
        uow.webhooks().insert(&a_webhook())?;
        for seq in [2, 3] {
            uow.deliveries().insert(&delivery(seq))?;
        }
        Ok::<_, StoreError>(())
    });
    added.await.unwrap();
    let last = world.post(1, chat, "expired").await.seq;
    let change = async |status: Status, seq: u64| {
        let mut delivery = delivery(seq);
        (delivery.status, delivery.due) = (status, None);
        let changed = world.write(move |uow| uow.deliveries().update(&delivery));
        changed.await.unwrap();
    };
    assert_eq!(trimmed(&world, chat).await, 1, "the second is pending");
    change(Status::Failed, 2).await;
    assert_eq!(trimmed(&world, chat).await, 1, "it waits for its next try");
    change(Status::Delivered, 2).await;
    assert_eq!(trimmed(&world, chat).await, 2);
    let disabled = Webhook {
        disabled: Some(Disabled::Manually),
        ..a_webhook()
    };
    change_endpoint(&world, disabled).await;
    assert_eq!(trimmed(&world, chat).await, last - 1, "the head stays");
}

async fn change_endpoint(world: &World, webhook: Webhook) {
    let changed = world.write(move |uow| uow.webhooks().update(&webhook));
    changed.await.unwrap();
}

/// HOOK-20: an endpoint that is enabled again holds what it missed, and one that is disabled learns that
/// retention has removed some of it.
pub async fn missed_events_are_held_or_noted_as_a_gap(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let first = world.post(1, chat, "before").await.seq;
    let end = world.write(|uow| uow.log().end()).await.unwrap();
    let added = world.write(|uow| uow.webhooks().insert(&a_webhook()));
    added.await.unwrap();
    for n in 0..4 {
        world.post(1, chat, &format!("{n}")).await;
    }
    let missing = Webhook {
        missed: Some(end),
        ..a_webhook()
    };
    change_endpoint(&world, missing.clone()).await;
    let enabled = world
        .store
        .read(UNIT, |snapshot| snapshot.webhooks().missing());
    assert_eq!(
        enabled.await.unwrap(),
        [(a_webhook().customer, a_webhook().id)]
    );
    assert_eq!(trimmed(&world, chat).await, first);

    let disabled = Webhook {
        disabled: Some(Disabled::Manually),
        ..missing
    };
    let elsewhere = Webhook {
        id: uuid::Uuid::from_u128(0xE1).into(),
        stream: Some(uuid::Uuid::from_u128(1)),
        ..disabled.clone()
    };
    let other = elsewhere.clone();
    let added = world.write(move |uow| uow.webhooks().insert(&other));
    added.await.unwrap();
    change_endpoint(&world, disabled).await;
    let has_gap = async |id| {
        let found = world
            .read(move |snapshot| snapshot.webhooks().get(id))
            .await;
        found.unwrap().has_gap
    };
    assert!(!has_gap(a_webhook().id).await);
    assert_eq!(trimmed(&world, chat).await, first + 3);
    assert!(has_gap(a_webhook().id).await);
    assert!(!has_gap(elsewhere.id).await, "it wants another chat only");
}
