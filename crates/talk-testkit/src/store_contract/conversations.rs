//! Conversations with people outside: rooms, their race, and what stays in its customer.

pub(super) mod steps;

use std::collections::BTreeSet;
use std::sync::Arc;

use conversation_domain::conversation::claim::{ClaimError, claim_conversation};
use conversation_domain::message::receive::{ReceiveError, Received};
use conversation_domain::message::send::{SendMessage, send_message};
use conversation_domain::message::visit::{Visitor, mark_visited, visit};
use conversation_domain::model::conversation::{ConversationFilter, OwnerFilter};
use conversation_domain::model::message::Delivery;
use conversation_domain::testing::visitor;
use talk_domain::kernel::id::CustomerId;
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::testing::{admin_context, agent_id, customer_id};

use self::steps::{FIRST, account, kinds, one, page, receive, unit};
use super::Factory;
use super::world::{World, other_customer};

/// CONV-01 and CONV-05: 64 first messages of a person at once make one room, one conversation and one
/// event of its creation, at each of two accounts; every message is there once.
pub async fn first_messages_at_once_make_one_room(factory: Factory) {
    let world = World::open(factory).await;
    let accounts = [account(&world).await, account(&world).await];
    let mut running = Vec::new();
    for n in 0..64_u128 {
        for account in &accounts {
            for peer in 1..=3 {
                let (world, account) = (Arc::clone(&world), account.clone());
                let event = format!("{peer}-{n}");
                running.push(tokio::spawn(async move {
                    one(&world, &account, peer, &event).await.conversation
                }));
            }
        }
    }
    let mut found = BTreeSet::new();
    for run in running {
        found.insert(run.await.unwrap());
    }
    let listed = page(&world, ConversationFilter::default()).await.rows;
    let listed: BTreeSet<_> = listed.iter().map(|row| row.id).collect();
    assert_eq!((found.len(), &found), (6, &listed));
    for id in found {
        let kinds = kinds(&world, id).await;
        let places: Vec<_> = kinds.iter().map(|(seq, _)| *seq).collect();
        assert_eq!(places, (1..=65).collect::<Vec<_>>());
        let created = kinds.iter().filter(|(_, kind)| kind == "created");
        assert_eq!(created.count(), 1);
    }
}

/// CONV-04: 20 arrivals of one event at once are one message.
pub async fn an_event_that_arrives_often_is_one_message(factory: Factory) {
    let world = World::open(factory).await;
    let account = account(&world).await;
    let mut running = Vec::new();
    for _ in 0..20 {
        let (world, account) = (Arc::clone(&world), account.clone());
        running.push(tokio::spawn(async move {
            receive(&world, &account, (1, "event".into()))
                .await
                .unwrap()
        }));
    }
    let (mut new, mut ids) = (0, BTreeSet::new());
    for run in running {
        let received = run.await.unwrap();
        new += usize::from(matches!(received, Received::New(_)));
        ids.insert(received.into_message().id);
    }
    assert_eq!((new, ids.len()), (1, 1));
    let stranger = receive(&world, &account, (2, "event".into())).await;
    assert!(matches!(stranger, Err(ReceiveError::Reused)));
    // The stranger made no room.
    assert_eq!(
        page(&world, ConversationFilter::default()).await.rows.len(),
        1
    );
}

/// CONV-07: of 12 agents who claim a conversation at once, one gets it.
pub async fn one_of_many_claims_succeeds(factory: Factory) {
    let world = World::open(factory).await;
    let account = account(&world).await;
    let id = one(&world, &account, 1, "event").await.conversation;
    let mut running = Vec::new();
    for agent in 1..=12 {
        let world = Arc::clone(&world);
        running.push(tokio::spawn(async move {
            let cx = world.cx(agent);
            let claim = world
                .conversations
                .write(unit(), move |uow| claim_conversation(uow, &cx, id, None));
            claim.await
        }));
    }
    let mut owners = Vec::new();
    for run in running {
        match run.await.unwrap() {
            Ok(claimed) => owners.push(claimed.owner.unwrap()),
            Err(refused) => assert!(matches!(refused, ClaimError::OwnerChanged)),
        }
    }
    assert_eq!(owners.len(), 1);
    let own = ConversationFilter {
        owner: Some(OwnerFilter::Agent(owners[0])),
        ..ConversationFilter::default()
    };
    assert_eq!(page(&world, own).await.rows.len(), 1);
    let free = ConversationFilter {
        owner: Some(OwnerFilter::Nobody),
        ..ConversationFilter::default()
    };
    assert_eq!(page(&world, free).await.rows, []);
}

/// CONV-08 and CONV-12: the visitor reads the answer, which is then read; another one reads nothing.
pub async fn an_answer_reaches_its_visitor_and_is_read(factory: Factory) {
    let world = World::open(factory).await;
    let account = account(&world).await;
    let id = one(&world, &account, 1, "event").await.conversation;
    let mut cx = world.cx(1);
    cx.actor = admin_context(agent_id(1)).actor;
    let command = SendMessage {
        conversation: id,
        text: "Hello".into(),
        files: Vec::new(),
    };
    let sent = world
        .conversations
        .write(unit(), move |uow| send_message(uow, &cx, &command))
        .await
        .unwrap();
    let visitor = |n| Visitor {
        account: account.id,
        peer: visitor(n),
    };
    let read = |n, since| {
        let (world, visitor) = (Arc::clone(&world), visitor(n));
        async move {
            let read = world
                .conversations
                .read(unit(), move |snapshot| visit(snapshot, &visitor, since));
            read.await.unwrap().map(|visited| visited.messages)
        }
    };
    let all = read(1, 0).await.unwrap();
    let texts: Vec<_> = all.iter().map(|message| &*message.text).collect();
    assert_eq!(texts, ["text of event", "Hello"]);
    assert_eq!(read(1, 2).await.unwrap(), [sent.message]);
    assert_eq!(read(2, 0).await, None);
    for (seq, delivery) in [
        (2, Delivery::Accepted),
        (3, Delivery::Read),
        (3, Delivery::Read),
    ] {
        let (visitor, now) = (visitor(1), world.cx(1).now);
        let marked = world
            .conversations
            .write(unit(), move |uow| mark_visited(uow, &visitor, seq, now));
        assert!(!marked.await.unwrap());
        let shown = read(1, 2).await.unwrap();
        assert_eq!(shown[0].delivery, delivery);
    }
    let kinds: Vec<_> = kinds(&world, id)
        .await
        .into_iter()
        .map(|one| one.1)
        .collect();
    let expected = [
        "created",
        "message_created",
        "message_created",
        "message_updated",
    ];
    assert_eq!(kinds, expected);
}

/// Invariant: a unit of another customer sees and changes nothing.
pub async fn conversations_stay_in_their_customer(factory: Factory) {
    let world = World::open(factory).await;
    let account = account(&world).await;
    let message = one(&world, &account, 1, "event").await;
    let other = Unit::of(other_customer(), "contract");
    let (account_id, conversation, message_id) = (account.id, message.conversation, message.id);
    let seen = world
        .conversations
        .read::<_, StoreError>(other, move |snapshot| {
            Ok((
                snapshot.accounts().get(account_id)?.is_some(),
                snapshot.conversations().get(conversation)?.is_some(),
                snapshot.conversation_messages().get(message_id)?.is_some(),
                snapshot
                    .conversation_messages()
                    .after(conversation, 0, 9)?
                    .len(),
                snapshot
                    .conversation_messages()
                    .deleted_before(conversation, 9, 9)?
                    .len(),
                snapshot.accounts().page(FIRST)?.rows.len(),
            ))
        });
    assert_eq!(seen.await.unwrap(), (false, false, false, 0, 0, 0));
    let foreign = account.clone();
    let written = world.conversations.write(other, move |uow| {
        assert_eq!(uow.inbox().find(account_id, "event")?, None);
        assert_eq!(uow.conversations().lock(conversation)?, None);
        uow.accounts().insert(&foreign)
    });
    assert!(matches!(written.await, Err(StoreError::Corrupt(_))));
}

/// Rows of a deleted customer are removed in bounded steps, and those of others stay.
pub async fn conversations_of_a_deleted_customer_are_removed(factory: Factory) {
    let world = World::open(factory).await;
    let account = account(&world).await;
    let mut last = None;
    for n in 1..=3 {
        for event in 0..40 {
            last = Some(one(&world, &account, n, &format!("{n}-{event}")).await);
        }
    }
    let conversation = last.unwrap().conversation;
    let remove = |customer: CustomerId| {
        let (world, cx) = (Arc::clone(&world), world.cx(1));
        async move {
            let unit = Unit::of(customer, "contract");
            let removed = world
                .conversations
                .write::<_, StoreError>(unit, move |uow| uow.products().remove_customer_rows(&cx));
            removed.await.unwrap()
        }
    };
    assert!(!remove(other_customer()).await);
    assert_eq!(
        page(&world, ConversationFilter::default()).await.rows.len(),
        3
    );
    let mut steps = 0;
    while remove(customer_id()).await {
        steps += 1;
        assert!(steps < 100, "it comes to an end");
    }
    assert!(steps > 5, "{steps}");
    assert_eq!(page(&world, ConversationFilter::default()).await.rows, []);
    assert_eq!(kinds(&world, conversation).await, []);
}
