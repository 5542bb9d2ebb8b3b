//! Isolation of customers in every repository.

use std::collections::BTreeSet;

use talk_domain::identity::access_key::AccessKey;
use talk_domain::kernel::cleanup::Bound;
use talk_domain::kernel::id::{AccessKeyId, CustomerId};
use talk_domain::kernel::idempotency::{Answer, StoredAnswer};
use talk_domain::kernel::log::Portion;
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::Tick;
use talk_domain::talk::model::chat::{ChatFilter, ChatKind, DirectPair};
use talk_domain::talk::model::emoji::Emoji;
use talk_domain::talk::model::event::Event;
use talk_domain::talk::model::message::MessageFilter;
use talk_domain::talk::model::reaction::Reaction;
use talk_domain::talk::unit::TalkUnit;
use talk_domain::testing::{a_chat, a_message, agent_id, at, customer_id, message_id};
use uuid::Uuid;

use super::Factory;
use super::paging::first;
use super::world::{World, other_customer};

type Done = Result<(), StoreError>;

/// Runs `check` as the other customer and as no customer.
async fn as_strangers(world: &World, check: fn(&mut dyn TalkUnit) -> Done) {
    world.write_as(other_customer(), check).await.unwrap();
    let nobody = Unit::installation("contract");
    world.store.write(nobody, check).await.unwrap();
}

/// Chats, channels and pairs.
pub async fn chats_stay_in_their_customer(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.channel("Secret", "").await.id;
    world.chat(ChatKind::Direct, 1, &[2]).await;
    let found = world
        .write_as(other_customer(), move |uow| {
            let pair = DirectPair::new(agent_id(1), agent_id(2));
            let chats = uow.chats();
            Ok::<_, StoreError>((chats.lock(chat)?, chats.lock_direct(pair)?))
        })
        .await
        .unwrap();
    assert_eq!(found, (None, None));
    let (one, own, channels) = world
        .read_as(other_customer(), move |snapshot| {
            let chats = snapshot.chats();
            let filter = ChatFilter::default();
            Ok((
                chats.get(chat)?,
                chats.of_agent(agent_id(1), filter, first(10))?,
                chats.channels("", first(10))?,
            ))
        })
        .await;
    assert_eq!((one, own.rows, channels.rows), (None, vec![], vec![]));
}

/// Members, former members, and what they are members of.
pub async fn memberships_stay_in_their_customer(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let member = world
        .read(move |snapshot| snapshot.participants().find(chat, agent_id(2)))
        .await
        .unwrap();
    let at_once = world
        .write_as(other_customer(), move |uow| {
            let members = uow.participants();
            let tick = Tick { seq: 9, at: at(1) };
            assert!(!members.remove(&member, tick)?);
            assert!(!members.remove_some(chat, tick, 10)?);
            Ok::<_, StoreError>((
                members.find(chat, agent_id(2))?,
                members.get(chat, member.id)?,
                members.left(chat, agent_id(2))?,
                members.some_chats_of(agent_id(2), 10)?,
            ))
        })
        .await
        .unwrap();
    assert_eq!(at_once, (None, None, None, vec![]));
    let (one, page, heads) = world
        .read_as(other_customer(), move |snapshot| {
            let members = snapshot.participants();
            Ok((
                members.find(chat, agent_id(2))?,
                members.page(chat, first(10))?,
                members.logs(agent_id(2))?,
            ))
        })
        .await;
    assert_eq!((one, page.rows, heads), (None, vec![], vec![]));
    assert_eq!(world.members(chat).await.len(), 2);
}

/// Messages, threads, versions and reactions.
pub async fn messages_stay_in_their_customer(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let message = world.post(1, chat, "secret").await;
    world.reply(1, chat, "too", Some(&message)).await;
    let id = message.id;
    let pages = world
        .read_as(other_customer(), move |snapshot| {
            let messages = snapshot.messages();
            assert_eq!(messages.get(id)?, None);
            assert_eq!(messages.revisions(id, first(10))?.rows, []);
            let mut found = messages.of_agent(agent_id(1), first(10))?.rows;
            for (parent, root) in [(None, None), (Some(id), None), (None, Some(id))] {
                let filter = MessageFilter {
                    parent,
                    root,
                    since_seq: None,
                };
                found.extend(messages.in_chat(chat, filter, first(10))?.rows);
            }
            Ok(found)
        })
        .await;
    assert_eq!(pages, []);
    let reaction = Reaction {
        emoji: Emoji::parse("👍", 64).unwrap(),
        agent: agent_id(21),
        created: at(1),
    };
    world
        .write_as(other_customer(), move |uow| {
            assert_eq!(uow.messages().get(id)?, None);
            assert_eq!(uow.messages().chat_of(id)?, None);
            assert!(!uow.messages().drop_revisions(id, Bound::STEP)?);
            uow.reactions().clear(id)?;
            assert!(uow.reactions().insert(id, &reaction).is_err());
            assert!(uow.messages().set_reply_count(id, 9).is_err());
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    let stored = world
        .read(move |snapshot| snapshot.messages().get(id))
        .await
        .unwrap();
    assert_eq!((stored.reply_count, stored.reactions), (1, vec![]));
}

/// Entries, and writing them.
pub async fn the_log_stays_in_its_customer(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await;
    let id = chat.id;
    let (all, one) = world
        .read_as(other_customer(), move |snapshot| {
            let events = snapshot.events();
            let page = events.after(id.into(), Portion::new(0, 10))?;
            Ok((page.events, events.get(id.into(), 1)?))
        })
        .await;
    assert_eq!((all, one), (vec![], None));
    let refused = world
        .write_as(other_customer(), move |uow| {
            let (tick, actor) = (chat.clone().tick(at(9)), agent_id(21));
            let entry = Event::ChatUpdated(&chat).entry("".into());
            uow.events().append(id.into(), tick, Some(actor), entry)
        })
        .await;
    assert!(matches!(refused, Err(StoreError::Corrupt(_))));
    assert_eq!(world.log(id).await.len(), 3);
}

fn a_key(customer: CustomerId) -> AccessKey {
    AccessKey {
        id: AccessKeyId(Uuid::from_u128(1)),
        customer,
        agent: agent_id(1),
        name: "key".into(),
        detail: String::new(),
        hash: [7; 32],
        prefix: "vb_".into(),
        is_derived: false,
        expires: None,
        created: at(0),
        updated: at(0),
        deleted: None,
    }
}

/// Agents and their keys; the directory alone knows them all.
pub async fn agents_and_keys_stay_in_their_customer(factory: Factory) {
    let world = World::open(factory).await;
    world
        .write(|uow| uow.keys().insert(&a_key(customer_id())))
        .await
        .unwrap();
    as_strangers(&world, |uow| {
        assert_eq!(uow.agents().get(agent_id(1))?, None);
        assert_eq!(uow.agents().password(agent_id(1))?, None);
        assert_eq!(uow.keys().get(AccessKeyId(Uuid::from_u128(1)))?, None);
        assert!(uow.keys().update(&a_key(customer_id())).is_err());
        assert!(uow.directory().agent(agent_id(1))?.is_some());
        assert!(uow.directory().key(&[7; 32])?.is_some());
        Ok(())
    })
    .await;
    let (agent, agents, keys) = world
        .read_as(other_customer(), |snapshot| {
            Ok((
                snapshot.agents().get(agent_id(1))?,
                snapshot.agents().page(first(100))?,
                snapshot.keys().page(agent_id(1), first(10))?,
            ))
        })
        .await;
    let ids: Vec<_> = agents.rows.iter().map(|agent| agent.id).collect();
    assert_eq!((agent, ids, keys.rows), (None, vec![agent_id(21)], vec![]));
}

/// Answers to requests.
pub async fn answers_stay_in_their_customer(factory: Factory) {
    let world = World::open(factory).await;
    world
        .write(|uow| {
            uow.idempotency().insert(&StoredAnswer {
                agent: agent_id(1),
                key: "key-0001".into(),
                fingerprint: [1; 32],
                answer: Answer::Body("{}".into()),
                at: at(1),
            })
        })
        .await
        .unwrap();
    as_strangers(&world, |uow| {
        assert_eq!(uow.idempotency().find(agent_id(1), "key-0001")?, None);
        Ok(())
    })
    .await;
    world
        .write_as(other_customer(), |uow| uow.idempotency().purge(at(99), 100))
        .await
        .unwrap();
    let kept = world.write(|uow| uow.idempotency().find(agent_id(1), "key-0001"));
    assert!(kept.await.unwrap().is_some());
}

/// Without a customer there are no rows, but for the directory.
pub async fn a_unit_above_customers_sees_only_the_directory(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.channel("Secret", "").await.id;
    let message = world.post(1, chat, "secret").await.id;
    let nobody = Unit::installation("contract");
    world
        .store
        .read(nobody, move |snapshot| {
            assert_eq!(snapshot.chats().get(chat)?, None);
            assert_eq!(snapshot.chats().channels("", first(10))?.rows, []);
            assert_eq!(snapshot.messages().get(message)?, None);
            assert_eq!(
                snapshot.messages().of_agent(agent_id(1), first(10))?.rows,
                []
            );
            assert_eq!(snapshot.participants().page(chat, first(10))?.rows, []);
            assert_eq!(snapshot.agents().page(first(10))?.rows, []);
            let page = snapshot.events().after(chat.into(), Portion::new(0, 10))?;
            assert_eq!(page.events, []);
            assert!(snapshot.directory().has_agents()?);
            assert!(snapshot.directory().login("agent-1")?.is_some());
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
}

/// A unit that would write another customer's row fails instead.
pub async fn nobody_writes_rows_of_another_customer(factory: Factory) {
    let world = World::open(factory).await;
    let writes: [fn(&mut dyn TalkUnit) -> Done; 5] = [
        |uow| uow.chats().insert(&a_chat()).map(drop),
        |uow| uow.messages().insert(&a_message(1)),
        |uow| uow.keys().insert(&a_key(customer_id())),
        |uow| uow.chat_log().redact(&a_message(1), Bound::STEP).map(drop),
        |uow| uow.mentions().replace(&a_message(1), &BTreeSet::new()),
    ];
    for write in writes {
        let refused = world.write_as(other_customer(), write).await;
        assert!(matches!(refused, Err(StoreError::Corrupt(_))));
    }
    let stored = world
        .read(|snapshot| snapshot.messages().get(message_id(1)))
        .await;
    assert_eq!(stored, None);
}
