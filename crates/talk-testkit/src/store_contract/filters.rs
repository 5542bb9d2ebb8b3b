//! Filters of lists and searches, and round trips of every field.

use talk_domain::kernel::id::{ChatId, MessageId};
use talk_domain::kernel::page::{Order, PageRequest};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::Tick;
use talk_domain::talk::chat::close::close_chat;
use talk_domain::talk::model::chat::{Chat, ChatFilter, ChatKind, ChatStatus, DirectPair};
use talk_domain::talk::model::media::{Address, Media};
use talk_domain::talk::model::message::{Author, Message, MessageFilter};
use talk_domain::talk::model::note::{SystemKind, SystemNote};
use talk_domain::testing::{a_chat, a_message, agent_id, at, chat_id, message_id};

use super::Factory;
use super::paging::first;
use super::world::World;

/// Chats of an agent by type and status; others' chats and deleted ones never.
pub async fn chats_are_filtered_by_type_and_status(factory: Factory) {
    let world = World::open(factory).await;
    let group = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let direct = world.chat(ChatKind::Direct, 1, &[2]).await.id;
    let closed = world.chat(ChatKind::Group, 1, &[2]).await.id;
    world.chat(ChatKind::Group, 3, &[2]).await;
    let cx = world.cx(1);
    world
        .write(move |uow| close_chat(uow, &cx, closed))
        .await
        .unwrap();
    for (kind, status, expected) in [
        (None, None, vec![closed, direct, group]),
        (Some(ChatKind::Group), None, vec![closed, group]),
        (Some(ChatKind::Talk), None, vec![]),
        (None, Some(ChatStatus::Closed), vec![closed]),
        (Some(ChatKind::Group), Some(ChatStatus::Active), vec![group]),
    ] {
        let filter = ChatFilter { kind, status };
        let page = world
            .read(move |snapshot| {
                let chats = snapshot.chats();
                chats.of_agent(agent_id(1), filter, first(50))
            })
            .await;
        let found: Vec<ChatId> = page.rows.iter().map(|chat| chat.id).collect();
        assert_eq!(found, expected, "{filter:?}");
    }
}

async fn search(world: &World, search: &'static str) -> Vec<ChatId> {
    let page = world
        .read(move |snapshot| snapshot.chats().channels(search, first(50)))
        .await;
    page.rows.iter().map(|chat| chat.id).collect()
}

/// Channels by name and detail, in any script; other chats and deleted channels never.
pub async fn channels_are_found_without_case_and_accents(factory: Factory) {
    let world = World::open(factory).await;
    let cafe = world.channel("Café Münster", "Kaffee & Kuchen").await.id;
    let moscow = world.channel("МОСКВА", "метро").await.id;
    let korean = world.channel("공지사항", "전체").await.id;
    world.chat(ChatKind::Group, 1, &[2]).await;
    for (words, expected) in [
        ("", vec![korean, moscow, cafe]),
        ("CAFE", vec![cafe]),
        ("münster", vec![cafe]),
        ("kuchen", vec![cafe]),
        ("москва", vec![moscow]),
        ("공지", vec![korean]),
        ("project", vec![]),
    ] {
        assert_eq!(search(&world, words).await, expected, "{words}");
    }
    let cx = world.cx(1);
    let command = talk_domain::talk::chat::update::UpdateChat {
        chat: cafe,
        name: Some("Teehaus".into()),
        detail: None,
    };
    world
        .write(move |uow| talk_domain::talk::chat::update::update_chat(uow, &cx, &command))
        .await
        .unwrap();
    assert_eq!(search(&world, "cafe").await, []);
    assert_eq!(search(&world, "TEEHAUS").await, [cafe]);
    let cx = world.cx(1);
    world
        .write(move |uow| talk_domain::talk::chat::delete::delete_chat(uow, &cx, cafe))
        .await
        .unwrap();
    assert_eq!(search(&world, "").await, [korean, moscow]);
}

/// `%`, `_` and `\` mean themselves.
pub async fn wildcards_are_searched_for_literally(factory: Factory) {
    let world = World::open(factory).await;
    let percent = world.channel("100% sure", "").await.id;
    let underscore = world.channel("snake_case", "").await.id;
    let backslash = world.channel("C:\\talk", "").await.id;
    for (words, expected) in [
        ("%", vec![percent]),
        ("_", vec![underscore]),
        ("\\", vec![backslash]),
        ("0%s", vec![]),
        ("e_c", vec![underscore]),
        ("exc", vec![]),
    ] {
        assert_eq!(search(&world, words).await, expected, "{words}");
    }
}

async fn listed(world: &World, chat: ChatId, filter: MessageFilter) -> Vec<MessageId> {
    let request = PageRequest {
        order: Order::Ascending,
        ..first(100)
    };
    let page = world
        .read(move |snapshot| snapshot.messages().in_chat(chat, filter, request))
        .await;
    page.rows.iter().map(|message| message.id).collect()
}

/// Direct replies are those of one message; a thread is all below its root; a chat is everything.
pub async fn replies_and_threads_are_listed_by_parent_and_root(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let other = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let root = world.post(1, chat, "root").await;
    let child = world.reply(2, chat, "child", Some(&root)).await;
    let beside = world.post(1, chat, "beside").await;
    let grandchild = world.reply(1, chat, "grandchild", Some(&child)).await;
    let second = world.reply(1, chat, "second child", Some(&root)).await;
    let of = |parent: Option<&Message>, root: Option<&Message>| MessageFilter {
        parent: parent.map(|message| message.id),
        root: root.map(|message| message.id),
        since_seq: None,
    };
    let all = [root.id, child.id, beside.id, grandchild.id, second.id];
    assert_eq!(listed(&world, chat, of(None, None)).await, all);
    let replies = listed(&world, chat, of(Some(&root), None)).await;
    assert_eq!(replies, [child.id, second.id]);
    let thread = listed(&world, chat, of(None, Some(&root))).await;
    assert_eq!(thread, [root.id, child.id, grandchild.id, second.id]);
    let both = listed(&world, chat, of(Some(&child), Some(&root))).await;
    assert_eq!(both, [grandchild.id]);
    assert_eq!(listed(&world, chat, of(Some(&beside), None)).await, []);
    assert_eq!(listed(&world, other, of(Some(&root), None)).await, []);
    assert_eq!(listed(&world, other, of(None, Some(&root))).await, []);
    let stored = world
        .read(move |snapshot| snapshot.messages().get(root.id))
        .await
        .unwrap();
    assert_eq!((stored.reply_count, stored.root), (2, root.id));
    assert_eq!((grandchild.depth, grandchild.root), (2, root.id));
}

/// Messages since an event, whether or not that event created a message or is in the log.
pub async fn messages_since_an_event_are_found_with_and_without_the_event(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let mut posted = vec![];
    for n in 0..6 {
        posted.push(world.post(1, chat, &format!("{n}")).await);
    }
    let reply = world.reply(1, chat, "reply", Some(&posted[0])).await;
    posted.push(reply);
    for since in 0..=posted[6].seq + 1 {
        let filter = MessageFilter {
            since_seq: Some(since),
            ..MessageFilter::default()
        };
        let later = posted.iter().filter(|message| message.seq > since);
        let expected: Vec<MessageId> = later.map(|message| message.id).collect();
        assert_eq!(listed(&world, chat, filter).await, expected, "{since}");
        let filter = MessageFilter {
            root: Some(posted[0].id),
            ..filter
        };
        let later = [&posted[0], &posted[6]].into_iter();
        let expected: Vec<MessageId> = later
            .filter(|message| message.seq > since)
            .map(|message| message.id)
            .collect();
        assert_eq!(listed(&world, chat, filter).await, expected, "{since}");
    }
}

/// A message is read as it was written, whatever its author and content.
pub async fn every_field_of_a_message_survives(factory: Factory) {
    let world = World::open(factory).await;
    let full = Message {
        text: "Zeile\n\"zwei\" 👍 ' \\ %".into(),
        medias: vec![
            Media::Link("https://example.org".into()),
            Media::Agent(agent_id(2)),
            Media::Address(Address {
                kind: "tel".into(),
                target: "+82".into(),
                ..Address::default()
            }),
        ],
        parent: Some(message_id(7)),
        root: message_id(6),
        depth: 3,
        reply_count: 4,
        edited: Some(at(-6)),
        deleted: Some(at(7)),
        ..a_message(1)
    };
    let system = |n, kind| Message {
        author: Author::System(SystemNote {
            kind,
            actor: agent_id(2),
        }),
        created: at(5 + i64::try_from(n).unwrap()),
        ..a_message(n)
    };
    for message in [
        full,
        a_message(2),
        system(3, SystemKind::ParticipantJoined(agent_id(3))),
        system(4, SystemKind::ParticipantLeft(agent_id(3))),
        system(5, SystemKind::ChatRenamed),
    ] {
        let id = message.id;
        let written = message.clone();
        world
            .write(move |uow| uow.messages().insert(&written))
            .await
            .unwrap();
        let stored = world
            .read(move |snapshot| snapshot.messages().get(id))
            .await;
        assert_eq!(stored, Some(message));
    }
}

/// A chat is read as it was written, and as it was changed.
pub async fn every_field_of_a_chat_survives(factory: Factory) {
    let world = World::open(factory).await;
    let pair = DirectPair::new(agent_id(2), agent_id(1));
    let changed = Chat {
        name: "Ändert".into(),
        detail: "sich".into(),
        status: ChatStatus::Closed,
        member_count: 77,
        last: Tick {
            seq: u64::from(u32::MAX) + 1,
            at: at(99),
        },
        log_start: 55,
        updated: at(98),
        ..a_chat()
    };
    let direct = Chat {
        id: chat_id(2),
        kind: ChatKind::Direct,
        pair: Some(pair),
        ..a_chat()
    };
    let (first, second, third) = (a_chat(), changed.clone(), direct.clone());
    let seen = world
        .write(move |uow| {
            let chats = uow.chats();
            assert!(chats.insert(&first)? && chats.insert(&third)?);
            let before = chats.lock(first.id)?;
            chats.update(&second)?;
            let after = chats.lock(first.id)?;
            Ok::<_, StoreError>((before, after, chats.lock_direct(pair)?))
        })
        .await
        .unwrap();
    let stored = world.stored(changed.id).await;
    assert_eq!(stored, changed, "read back by another transaction");
    assert_eq!(seen, (Some(a_chat()), Some(changed), Some(direct)));
}
