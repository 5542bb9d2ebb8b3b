//! Lists of messages and of their versions.

use std::sync::atomic::{AtomicI64, Ordering};

use talk_domain::kernel::page::{Order, Page, PageRequest};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;
use talk_domain::talk::model::chat::ChatKind;
use talk_domain::talk::model::message::{Message, MessageFilter, Revision};
use talk_domain::talk::unit::TalkSnapshot;
use talk_domain::testing::{a_message, agent_id, at, chat_id, message_id};
use uuid::Uuid;

use super::chats::{add_chat, some_chat};
use super::{fresh, instant, passed, walk, walks_exactly};
use crate::store_contract::Factory;
use crate::store_contract::search::everything;
use crate::store_contract::world::World;

/// Yields times that a walk has already passed, each once.
struct Late(AtomicI64);

impl Late {
    fn next(&self, order: Order) -> Timestamp {
        let n = self.0.fetch_add(1, Ordering::Relaxed);
        let passed = passed(order).as_micros();
        at(passed + passed.signum() * n)
    }
}

async fn add_message(world: &World, message: Message) {
    world
        .write(move |uow| uow.messages().insert(&message))
        .await
        .unwrap();
}

/// See the module. Messages of one chat never tie.
pub async fn messages_of_a_chat_page_exactly(factory: Factory) {
    let world = &World::open(factory).await;
    let message = |n: u128, created| Message {
        id: message_id(100 - n),
        root: message_id(100 - n),
        created,
        updated: created,
        ..a_message(1)
    };
    let rows: Vec<Message> = (0..11).map(|n| message(n, instant(3 * n))).collect();
    for row in &rows {
        add_message(world, row.clone()).await;
    }
    let page = |request| {
        world.read(move |snapshot| {
            let filter = MessageFilter::default();
            snapshot.messages().in_chat(chat_id(1), filter, request)
        })
    };
    let late = &Late(AtomicI64::new(1));
    let insert = |order| async move {
        let id = fresh().into();
        let created = late.next(order);
        let root = id;
        let late = Message {
            id,
            root,
            ..message(0, created)
        };
        add_message(world, late).await;
    };
    walks_exactly(rows, |m| (m.created, m.id.0), page, insert).await;
}

/// See the module. Messages of several chats do tie, and other agents' chats are not there.
pub async fn messages_of_an_agent_page_exactly(factory: Factory) {
    let list = |snapshot: &mut dyn TalkSnapshot, request| {
        let messages = snapshot.messages();
        messages.of_agent(agent_id(1), request)
    };
    walks_across_chats(factory, list).await;
}

/// See the module, for a search.
pub async fn messages_found_page_exactly(factory: Factory) {
    let list = |snapshot: &mut dyn TalkSnapshot, request| {
        let messages = snapshot.messages();
        messages.search(agent_id(1), &everything("ELL"), request)
    };
    walks_across_chats(factory, list).await;
}

async fn walks_across_chats(
    factory: Factory,
    list: fn(&mut dyn TalkSnapshot, PageRequest) -> Result<Page<Message>, StoreError>,
) {
    let world = &World::open(factory).await;
    for n in 1..=6 {
        add_chat(world, some_chat(chat_id(n), at(0), ChatKind::Group)).await;
    }
    let message = |n: u128, chat: u128, created| Message {
        id: message_id(n),
        root: message_id(n),
        chat: chat_id(chat),
        created,
        updated: created,
        ..a_message(1)
    };
    let mut rows = vec![];
    for n in 0..36_u128 {
        // Three chats share every instant, a fourth is busy alone, two more stay silent.
        let (chat, created) = match n % 4 {
            3 => (4, at(i64::try_from(n).unwrap() * 10 + 5)),
            tied => (1 + tied, at(i64::try_from(n / 4).unwrap() * 40)),
        };
        rows.push(message((n * 7919) % 997, chat, created));
    }
    for row in &rows {
        add_message(world, row.clone()).await;
    }
    add_message(world, message(5_000, 99, at(5))).await;
    let page = |request| world.read(move |snapshot| list(snapshot, request));
    let late = &Late(AtomicI64::new(1));
    let insert = |order| async move {
        let id = fresh().into();
        let created = late.next(order);
        let late = Message {
            id,
            root: id,
            ..message(0, 2, created)
        };
        add_message(world, late).await;
    };
    walks_exactly(rows, |m| (m.created, m.id.0), page, insert).await;
}

/// See the module. Versions of one message never tie.
pub async fn revisions_page_exactly(factory: Factory) {
    let world = &World::open(factory).await;
    add_message(world, a_message(1)).await;
    let version = |written| Revision {
        message: message_id(1),
        text: format!("{written:?}"),
        medias: vec![],
        written,
    };
    let add = |revision: Revision| world.write(move |uow| uow.messages().add_revision(&revision));
    let rows: Vec<Revision> = (0..11).map(|n| version(instant(3 * n))).collect();
    for row in &rows {
        add(row.clone()).await.unwrap();
    }
    let page =
        |request| world.read(move |snapshot| snapshot.messages().revisions(message_id(1), request));
    let late = &Late(AtomicI64::new(1));
    let insert = |order| async move {
        let written = late.next(order);
        add(version(written)).await.unwrap();
    };
    walks_exactly(rows, |version| (version.written, Uuid::nil()), page, insert).await;
}

/// A thread pages with its root, which is its oldest.
pub async fn threads_page_exactly(factory: Factory) {
    let world = &World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let root = world.post(1, chat, "root").await;
    let mut last = root.clone();
    let mut thread = vec![];
    for n in 0..10 {
        world.post(1, chat, "beside").await;
        last = world.reply(2, chat, &format!("{n}"), Some(&last)).await;
        thread.push(last.id);
    }
    thread.insert(0, root.id);
    let rows = thread;
    let filter = MessageFilter {
        root: Some(root.id),
        ..MessageFilter::default()
    };
    let page = |request| world.read(move |s| s.messages().in_chat(chat, filter, request));
    for (order, size) in [1_u16, 2, 3, 10, 11, 12]
        .into_iter()
        .flat_map(|size| [(Order::Ascending, size), (Order::Descending, size)])
    {
        let seen: Vec<Message> = walk(&page, size, order).await;
        let mut seen: Vec<_> = seen.iter().map(|message| message.id).collect();
        if order == Order::Descending {
            seen.reverse();
        }
        assert_eq!(seen, rows, "{order:?}, pages of {size}");
    }
}
