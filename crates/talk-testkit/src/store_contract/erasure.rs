//! Erasure of agents: rows are replaced, found and removed in steps.

use talk_domain::identity::access_key::AccessKey;
use talk_domain::identity::agent::erase::{EraseAgent, erase_agent};
use talk_domain::identity::agent::{Agent, AgentStatus, PasswordHash};
use talk_domain::identity::customer::Customer;
use talk_domain::identity::customer::delete::delete_customer;
use talk_domain::kernel::cleanup::Deleted;
use talk_domain::kernel::id::{AccessKeyId, AgentId, MessageId};
use talk_domain::kernel::idempotency::{Answer, StoredAnswer};
use talk_domain::talk::chat::create::{CreateChat, CreateChatError, create_chat};
use talk_domain::talk::cleanup::run_step::run_step;
use talk_domain::talk::model::chat::ChatKind;
use talk_domain::talk::model::message::Authored;
use talk_domain::testing::{agent_id, an_agent, at, message_id};
use uuid::Uuid;

use super::Factory;
use super::world::{World, other_customer};

/// Name, username and password are replaced, and others may have the username.
pub async fn an_erased_agent_frees_its_username(factory: Factory) {
    let world = World::open(factory).await;
    let command = EraseAgent {
        agent: agent_id(2),
        alias: Uuid::from_u128(7),
        even_last_admin: false,
    };
    let erased = world.write(move |uow| erase_agent(uow, &command, at(50)));
    let erased = erased.await.unwrap();
    assert_eq!(erased.status, AgentStatus::Disabled);
    let new = erased.username.clone();
    let (by_id, by_new, by_old) = world
        .read(move |snapshot| {
            let directory = snapshot.directory();
            let by_id = directory.agent(agent_id(2))?;
            Ok((by_id, directory.named(&new)?, directory.named("agent-2")?))
        })
        .await;
    assert_eq!((by_id, by_new), (Some(erased.clone()), Some(erased)));
    assert_eq!(by_old, None);
    let password = world.write(|uow| uow.agents().password(agent_id(2)));
    assert_eq!(password.await.unwrap(), Some(PasswordHash(String::new())));
    let next = Agent {
        id: agent_id(77),
        ..an_agent(2)
    };
    let inserted = world.write(move |uow| uow.agents().insert(&next, &PasswordHash("x".into())));
    assert!(inserted.await.unwrap());
    let found = world.read(|snapshot| snapshot.directory().named("agent-2"));
    assert_eq!(found.await.map(|agent| agent.id), Some(agent_id(77)));
}

/// The messages of an agent in the order of their numbers, read three at a time.
async fn authored(world: &World, agent: AgentId) -> Vec<MessageId> {
    let (mut found, mut numbers, mut after) = (Vec::new(), Vec::new(), 0);
    loop {
        let part = world.write(move |uow| uow.messages().of_author(agent, after, 3));
        let part: Authored = part.await.unwrap();
        for (number, message) in part.messages {
            assert!(number > after && number <= part.position);
            numbers.push(number);
            found.push(message);
        }
        after = part.position;
        if part.is_end {
            break;
        }
    }
    // The list continues after any message.
    if let Some(first) = numbers.first().copied() {
        let rest = world.write(move |uow| uow.messages().of_author(agent, first, 100));
        let rest: Authored = rest.await.unwrap();
        let rest: Vec<_> = rest.messages.iter().map(|(_, message)| *message).collect();
        assert_eq!(rest, found[1..]);
    }
    found
}

/// Messages of an agent, and system messages that it caused or that are about it.
pub async fn messages_of_an_author_are_found_in_parts(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let mut own = Vec::new();
    for n in 0..8 {
        world.post(1, chat, "of another").await;
        own.push(world.post(2, chat, &format!("own {n}")).await.id);
    }
    let cx = world.cx(2);
    world
        .write(move |uow| talk_domain::talk::chat::close::close_chat(uow, &cx, chat))
        .await
        .unwrap();
    let found = authored(&world, agent_id(2)).await;
    assert_eq!(found[..8], own);
    assert_eq!(found.len(), 9, "the chat was closed by the agent");
    assert_eq!(authored(&world, agent_id(3)).await, []);
    let strangers = world.write_as(other_customer(), move |uow| {
        uow.messages().of_author(agent_id(2), 0, 100)
    });
    assert_eq!(strangers.await.unwrap().messages, []);
}

/// Answers to the agent, and those that show it as an agent, go; others stay.
pub async fn kept_answers_about_an_agent_are_forgotten_in_parts(factory: Factory) {
    let world = World::open(factory).await;
    let bob = agent_id(2);
    let answered = move |n: u8, agent: u128, answer: Answer| StoredAnswer {
        agent: agent_id(agent),
        key: format!("key-{n}"),
        fingerprint: [n; 32],
        answer,
        at: at(i64::from(n)),
    };
    let shows = format!(r#"{{"id":"{bob}","username":"agent-2"}}"#);
    let names = format!(r#"{{"owner_id":"{bob}"}}"#);
    let other = format!(r#"{{"id":"{}","username":"agent-3"}}"#, agent_id(3));
    let kept = [
        answered(1, 2, Answer::Message(message_id(1))),
        answered(2, 1, Answer::Body(shows)),
        answered(3, 1, Answer::Body(names)),
        answered(4, 1, Answer::Body(other)),
        answered(5, 2, Answer::Body("{}".into())),
    ];
    let put = kept.clone();
    world
        .write(move |uow| {
            put.iter()
                .try_for_each(|kept| uow.idempotency().insert(kept))
        })
        .await
        .unwrap();
    for (customer, left) in [
        (other_customer(), [true; 5]),
        (
            talk_domain::testing::customer_id(),
            [false, false, true, true, false],
        ),
    ] {
        let (mut after, mut parts) = (0, 0);
        loop {
            let part = world.write_as(customer, move |uow| {
                uow.idempotency().delete_about(bob, after, 2)
            });
            let Some(position) = part.await.unwrap() else {
                break;
            };
            assert!(position > after);
            (after, parts) = (position, parts + 1);
        }
        assert_eq!(parts, 3);
        for (kept, is_left) in kept.iter().zip(left) {
            let (agent, key) = (kept.agent, kept.key.clone());
            let found = world.write(move |uow| uow.idempotency().find(agent, &key));
            assert_eq!(found.await.unwrap().is_some(), is_left, "{kept:?}");
        }
    }
}

/// Keys go in parts, deleted ones too, and those of others stay.
pub async fn access_keys_of_an_agent_are_removed_in_parts(factory: Factory) {
    let world = World::open(factory).await;
    let key = |n: u8, agent: u128| AccessKey {
        id: AccessKeyId(Uuid::from_u128(n.into())),
        agent: agent_id(agent),
        hash: [n; 32],
        deleted: (n == 1).then(|| at(2)),
        ..a_key()
    };
    let keys = [key(1, 2), key(2, 2), key(3, 2), key(4, 3)];
    world
        .write(move |uow| keys.iter().try_for_each(|key| uow.keys().insert(key)))
        .await
        .unwrap();
    let remove = || world.write(|uow| uow.keys().remove_some(agent_id(2), 2));
    let foreign = world.write_as(other_customer(), |uow| {
        uow.keys().remove_some(agent_id(2), 9)
    });
    assert!(!foreign.await.unwrap());
    assert!(remove().await.unwrap());
    assert!(!remove().await.unwrap());
    let left = world
        .read(|snapshot| {
            let directory = snapshot.directory();
            let left = (1..=4).map(|n| directory.key(&[n; 32]));
            left.collect::<Result<Vec<_>, _>>()
        })
        .await;
    let left: Vec<_> = left.iter().map(Option::is_some).collect();
    assert_eq!(left, [false, false, false, true]);
}

/// All rows of a deleted customer are removed in bounded steps, its agents are not found from the
/// start, and rows of others stay.
pub async fn a_deleted_customer_leaves_nothing_and_takes_nothing_of_others(factory: Factory) {
    let world = World::open(factory).await;
    let kept = world.chat(ChatKind::Group, 1, &[2]).await.id;
    world.post(1, kept, "stays").await;
    let log = world.log(kept).await;
    delete_a_customer_with_a_chat_and_a_key(&world).await;
    let (by_id, by_name, own) = world
        .read(|snapshot| {
            let directory = snapshot.directory();
            let by_id = directory.agent(agent_id(21))?;
            Ok((
                by_id,
                directory.login("agent-21")?,
                directory.agent(agent_id(1))?,
            ))
        })
        .await;
    assert!(by_id.is_none() && by_name.is_none() && own.is_some());
    let steps = finish_deleting_a_customer(&world).await;
    assert!(steps >= 3, "sessions, chats, agents: {steps}");
    let (customers, named, key) = world
        .read(|snapshot| {
            let directory = snapshot.directory();
            let customers = directory.customers()?.len();
            Ok((
                customers,
                directory.named("agent-21")?,
                directory.key(&[9; 32])?,
            ))
        })
        .await;
    assert_eq!((customers, named, key), (0, None, None));
    assert_eq!(world.log(kept).await, log);
    assert_eq!(world.members(kept).await.len(), 2);
}

async fn delete_a_customer_with_a_chat_and_a_key(world: &World) {
    let cx = world.strangers_cx();
    let customer = Customer::new(other_customer(), "D", at(1)).unwrap();
    let key = AccessKey {
        agent: agent_id(21),
        customer: other_customer(),
        ..a_key()
    };
    let kind = ChatKind::Talk;
    let command = CreateChat {
        kind,
        name: "Channel".into(),
        detail: String::new(),
        others: vec![],
    };
    world
        .write_as(other_customer(), move |uow| {
            uow.customers().insert(&customer)?;
            uow.keys().insert(&key)?;
            create_chat(uow, &cx, &command)?;
            delete_customer(uow, other_customer()).unwrap();
            Ok::<_, CreateChatError>(())
        })
        .await
        .unwrap();
}

/// Runs steps until nothing is left, and returns their number.
async fn finish_deleting_a_customer(world: &World) -> usize {
    let deleted = Deleted::Customer(other_customer());
    let (mut steps, mut last) = (0, u64::MAX);
    while let Some(left) = world
        .read(move |snapshot| snapshot.cleanups().left(deleted))
        .await
    {
        assert!(left <= last);
        last = left;
        let cleanup = world
            .read(|snapshot| snapshot.cleanups().after(None))
            .await
            .unwrap();
        let cx = world.strangers_cx();
        world
            .write_as(other_customer(), move |uow| run_step(uow, &cx, &cleanup))
            .await
            .unwrap();
        steps += 1;
    }
    steps
}

fn a_key() -> AccessKey {
    AccessKey {
        id: AccessKeyId(Uuid::from_u128(9)),
        customer: talk_domain::testing::customer_id(),
        agent: agent_id(1),
        name: "key".into(),
        detail: String::new(),
        hash: [9; 32],
        prefix: "vb_abc".into(),
        is_derived: false,
        expires: None,
        created: at(1),
        updated: at(1),
        deleted: None,
    }
}
