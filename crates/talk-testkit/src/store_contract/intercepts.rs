//! Intercepts, their decisions and held messages.

use talk_domain::hooks::decision::{Decision, Verdict};
use talk_domain::hooks::intercept::Point;
use talk_domain::kernel::id::{ChatId, DecisionId};
use talk_domain::kernel::idempotency::IdempotencyKey;
use talk_domain::kernel::page::{Order, PageRequest};
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::chat::delete::delete_chat;
use talk_domain::talk::model::chat::ChatKind;
use talk_domain::talk::model::held::{HeldContent, HeldMessage};
use talk_domain::talk::unit::TalkUnit;
use talk_domain::testing::{a_decision, agent_id, an_intercept, at, customer_id};
use uuid::Uuid;

use super::Factory;
use super::paging::first;
use super::world::{World, other_customer};

fn id(n: u128) -> DecisionId {
    Uuid::from_u128(0xDEC0 + n).into()
}

/// The decision with number `n`, made in second `n` on a message of agent `author`.
fn decision(n: u128, author: u128) -> Decision {
    Decision {
        id: id(n),
        actor: agent_id(author),
        key: Some(IdempotencyKey {
            key: format!("key-{n}"),
            fingerprint: [7; 32],
        }),
        created: at(i64::try_from(n).unwrap()),
        ..a_decision(Verdict::Hold)
    }
}

/// A post of agent `author` that is held with that decision.
fn held(n: u128, author: u128, chat: ChatId) -> HeldMessage {
    HeldMessage {
        id: id(n),
        customer: customer_id(),
        author: agent_id(author),
        chat,
        content: HeldContent::Post {
            parent: None,
            text: format!("held {n}"),
            medias: Vec::new(),
        },
        reason: "because".into(),
        created: at(i64::try_from(n).unwrap()),
    }
}

/// Stores held messages, each with its decision.
async fn hold(world: &World, all: Vec<HeldMessage>) {
    let stored = world.write(move |uow| {
        for one in &all {
            uow.held().insert(one)?;
            let decision = Decision {
                id: one.id,
                actor: one.author,
                created: one.created,
                key: None,
                ..a_decision(Verdict::Hold)
            };
            uow.decisions().insert(&decision)?;
        }
        Ok::<_, StoreError>(())
    });
    stored.await.unwrap();
}

async fn held_ids(world: &World) -> Vec<DecisionId> {
    let request = PageRequest {
        order: Order::Ascending,
        ..first(100)
    };
    let page = world.read(move |snapshot| snapshot.held().page(request));
    page.await.rows.iter().map(|one| one.id).collect()
}

async fn decisions(world: &World) -> usize {
    let page = world.read(|snapshot| snapshot.decisions().page(Point::TalkMessage, first(100)));
    page.await.rows.len()
}

/// INT-06 and INT-12: a decision is found by its id and by its key, in its customer, and its key only
/// once.
pub async fn a_decision_is_found_by_its_id_and_by_its_key(factory: Factory) {
    let world = World::open(factory).await;
    let stored = world.write(|uow| uow.decisions().insert(&decision(1, 1)));
    stored.await.unwrap();
    let find = |uow: &mut dyn TalkUnit| {
        let by_key = uow.decisions().find(agent_id(1), "key-1")?;
        let other_agent = uow.decisions().find(agent_id(2), "key-1")?;
        let by_id = uow.decisions().get(id(1))?;
        Ok::<_, StoreError>((by_key, by_id, other_agent))
    };
    let found = world.write(find).await.unwrap();
    let expected = Some(decision(1, 1));
    assert_eq!(found, (expected.clone(), expected, None));
    let strangers = world.write_as(other_customer(), find).await.unwrap();
    assert_eq!(strangers, (None, None, None));
    let again = Decision {
        id: id(2),
        ..decision(1, 1)
    };
    let again = world.write(move |uow| uow.decisions().insert(&again));
    assert!(again.await.is_err());
    let changed = Decision {
        verdict: Verdict::Release,
        digest_after: "after".into(),
        decided_by: Some(agent_id(3)),
        key: None,
        ..decision(1, 1)
    };
    let (update, expected) = (changed.clone(), changed);
    let updated = world.write(move |uow| uow.decisions().update(&update));
    updated.await.unwrap();
    let found = world.write(find).await.unwrap();
    assert_eq!(found, (None, Some(expected), None));
}

/// INT-08: held messages are counted by author and customer, and go with their author.
pub async fn held_messages_go_with_their_author(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let all = vec![held(1, 1, chat), held(2, 2, chat), held(3, 1, chat)];
    hold(&world, all).await;
    let counted = world.write(|uow| {
        let strangers = uow.held().count(agent_id(21))?;
        Ok::<_, StoreError>((uow.held().count(agent_id(1))?, strangers))
    });
    assert_eq!(counted.await.unwrap(), ((2, 3), (0, 3)));
    let cx = world.cx(9);
    let gone = world.write(move |uow| uow.products().agent_deleted(&cx, agent_id(1)));
    gone.await.unwrap();
    assert_eq!(held_ids(&world).await, [id(2)]);
    assert_eq!(decisions(&world).await, 3);
}

/// INT-08.
pub async fn held_messages_go_with_their_chat(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let other = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let all = vec![held(1, 1, chat), held(2, 2, chat), held(3, 1, other)];
    hold(&world, all).await;
    let cx = world.cx(1);
    let deleted = world.write(move |uow| delete_chat(uow, &cx, chat));
    deleted.await.unwrap();
    assert_eq!(held_ids(&world).await, [id(3)]);
    assert_eq!(decisions(&world).await, 3);
}

/// INT-08 and INT-12: held messages and decisions expire in steps, the oldest first.
pub async fn held_messages_and_decisions_expire_in_steps(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[]).await.id;
    hold(&world, (1..=5).map(|n| held(n, 1, chat)).collect()).await;
    let installation = Unit::installation("contract");
    let mut left = Vec::new();
    for _ in 0..3 {
        let expire = world.store.write(installation, |uow| {
            let is_more = uow.held().expire(at(4), 2)?;
            Ok::<_, StoreError>((is_more, uow.decisions().expire(at(4), 2)?))
        });
        let is_more = expire.await.unwrap();
        left.push((is_more, held_ids(&world).await, decisions(&world).await));
    }
    let (more, rest) = ((true, true), vec![id(4), id(5)]);
    let expected = [
        (more, vec![id(3), id(4), id(5)], 3),
        (more, rest.clone(), 2),
        ((false, false), rest, 2),
    ];
    assert_eq!(left, expected);
}

/// RUN-20: nothing of the intercepts of a deleted customer is left.
pub async fn a_deleted_customer_leaves_no_intercept(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[]).await.id;
    hold(&world, (1..=3).map(|n| held(n, 1, chat)).collect()).await;
    let set = world.write(|uow| uow.intercepts().put(&an_intercept()));
    set.await.unwrap();
    let enabled = async || {
        let read = world
            .store
            .read(Unit::installation("contract"), |snapshot| {
                snapshot.intercepts().enabled()
            });
        read.await.unwrap()
    };
    assert_eq!(enabled().await, [an_intercept()]);
    let strangers = world.strangers_cx();
    let mut steps = 0;
    while {
        let cx = strangers.clone();
        let step = world.write_as(other_customer(), move |uow| {
            uow.products().remove_customer_rows(&cx)
        });
        step.await.unwrap()
    } {
        steps += 1;
        assert!(steps < 100);
    }
    assert_eq!(
        (held_ids(&world).await.len(), enabled().await.len()),
        (3, 1)
    );
    while {
        let cx = world.cx(1);
        let step = world.write(move |uow| uow.products().remove_customer_rows(&cx));
        step.await.unwrap()
    } {
        steps += 1;
        assert!(steps < 100);
    }
    assert_eq!(held_ids(&world).await, []);
    assert_eq!((decisions(&world).await, enabled().await), (0, Vec::new()));
}
