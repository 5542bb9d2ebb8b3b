//! Answers of idempotency keys.

use talk_domain::kernel::idempotency::{Answer, StoredAnswer};
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::testing::{agent_id, at, chat_id, message_id};
use uuid::Uuid;

use super::Factory;
use super::world::{World, other_customer};

/// An idempotency key has one answer, in every form, until that is deleted or purged.
pub async fn an_answer_is_kept_forgotten_and_purged(factory: Factory) {
    let world = World::open(factory).await;
    let answers = [
        Answer::Body("{\"a\":1}".into()),
        Answer::Event(chat_id(1).into(), 9),
        Answer::Message(message_id(1)),
        Answer::Held(Uuid::from_u128(7).into()),
        Answer::Released(Uuid::from_u128(7).into(), message_id(1)),
        Answer::Blocked(Uuid::from_u128(7).into(), String::new()),
    ];
    let find = || world.write(|uow| uow.idempotency().find(agent_id(1), "Key-0001"));
    assert_eq!(find().await.unwrap(), None);
    for (n, answer) in (10..).zip(answers) {
        let answered = StoredAnswer {
            agent: agent_id(1),
            key: "Key-0001".into(),
            fingerprint: [3; 32],
            answer,
            at: at(n),
        };
        let put = answered.clone();
        world
            .write(move |uow| uow.idempotency().insert(&put))
            .await
            .unwrap();
        assert_eq!(find().await.unwrap(), Some(answered.clone()));
        let again = world.write(move |uow| uow.idempotency().insert(&answered));
        assert!(matches!(again.await, Err(StoreError::Corrupt(_))));
        let foreign = world.write_as(other_customer(), |uow| {
            uow.idempotency().delete(agent_id(1), "Key-0001")
        });
        foreign.await.unwrap();
        assert!(find().await.unwrap().is_some());
        if n < 15 {
            let forget = world.write(|uow| uow.idempotency().delete(agent_id(1), "Key-0001"));
            forget.await.unwrap();
            assert_eq!(find().await.unwrap(), None);
        }
    }
    let other_case = world.write(|uow| uow.idempotency().find(agent_id(1), "key-0001"));
    assert_eq!(other_case.await.unwrap(), None);
    let other_agent = world.write(|uow| uow.idempotency().find(agent_id(2), "Key-0001"));
    assert_eq!(other_agent.await.unwrap(), None);
    for (before, kept) in [(15, true), (16, false)] {
        world
            .store
            .write(Unit::installation("purge"), move |uow| {
                uow.idempotency().purge(at(before), 100)
            })
            .await
            .unwrap();
        assert_eq!(find().await.unwrap().is_some(), kept);
    }
}
