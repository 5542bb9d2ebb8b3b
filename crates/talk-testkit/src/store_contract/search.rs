//! Searches find exactly the messages that contain the needle, in any script, right after every
//! change.

use std::time::Duration;

use talk_domain::kernel::id::ChatId;
use talk_domain::kernel::needle::Needle;
use talk_domain::kernel::page::{Order, PageRequest};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::chat::delete::delete_chat;
use talk_domain::talk::message::delete::delete_message;
use talk_domain::talk::message::edit::{EditMessage, edit_message};
use talk_domain::talk::model::chat::ChatKind;
use talk_domain::talk::model::message::{Author, Message};
use talk_domain::talk::model::needle::MessageSearch;
use talk_domain::talk::participant::remove::{RemoveParticipant, remove_participant};
use talk_domain::testing::{a_message, agent_id};

use super::Factory;
use super::paging::first;
use super::world::{World, other_customer};

/// A search for `text` without filters.
#[must_use]
pub fn everything(text: &str) -> MessageSearch {
    MessageSearch {
        needle: Needle::parse("q", text).unwrap(),
        chat: None,
        author: None,
        after: None,
        before: None,
    }
}

/// The texts that agent `n` finds, newest first.
async fn found(world: &World, n: u128, search: MessageSearch) -> Vec<String> {
    let page = world
        .read(move |snapshot| snapshot.messages().search(agent_id(n), &search, first(100)))
        .await;
    page.rows.into_iter().map(|message| message.text).collect()
}

async fn texts(world: &World, n: u128, text: &str) -> Vec<String> {
    found(world, n, everything(text)).await
}

/// One character is enough, and so is the middle of a word.
pub async fn every_script_is_searched_by_substrings(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    for (text, queries) in [
        ("Straße nach Ångström", &["STRASSE", "gstr", "å", "ss"][..]),
        ("Совещание в полдень", &["СОВЕЩ", "щ", "ие в"]),
        ("회의록을 확인해 주세요", &["회", "의록", "확인해 주", "인"]),
        ("明日の会議はｶﾅです", &["会", "明日", "日の会", "カナ"]),
        ("ประชุมวันนี้", &["ประ", "วัน", "ม"]),
        ("اجتماعُ الغَدِ", &["اجتماع", "غد", "ل"]),
        ("done 👍🏽 100% \\ _", &["👍", "👍🏽", "% \\", "_"]),
    ] {
        world.post(1, chat, text).await;
        for query in queries {
            let found = texts(&world, 2, query).await;
            assert!(found.contains(&text.to_owned()), "{query}: {found:?}");
        }
    }
    for (query, expected) in [("회의", 1), ("가", 0), ("e", 2), ("%", 1), ("ангстром", 0)]
    {
        assert_eq!(texts(&world, 2, query).await.len(), expected, "{query}");
    }
}

/// A search sees an edit and a deletion at once.
pub async fn what_is_no_longer_said_is_not_found(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let message = world.post(1, chat, "the first word").await;
    let (id, cx) = (message.id, world.cx(1));
    world
        .write(move |uow| {
            let text = Some("the second word".into());
            let medias = None;
            edit_message(
                uow,
                &cx,
                &EditMessage {
                    message: id,
                    text,
                    medias,
                },
            )
        })
        .await
        .unwrap();
    assert!(texts(&world, 2, "first").await.is_empty());
    assert_eq!(texts(&world, 2, "SECOND").await, ["the second word"]);
    let cx = world.cx(1);
    world
        .write(move |uow| delete_message(uow, &cx, id))
        .await
        .unwrap();
    for gone in ["first", "second", "word", "w"] {
        assert!(texts(&world, 2, gone).await.is_empty(), "{gone}");
    }
}

/// Messages of a left or deleted chat are not found, and system messages never are.
pub async fn only_ones_own_chats_are_searched(factory: Factory) {
    let world = World::open(factory).await;
    let [kept, left, deleted] = [
        world.chat(ChatKind::Group, 1, &[2]).await.id,
        world.chat(ChatKind::Group, 1, &[2]).await.id,
        world.chat(ChatKind::Group, 1, &[2]).await.id,
    ];
    let foreign = world.chat(ChatKind::Group, 1, &[3]).await.id;
    let channel = world.channel("open", "to all").await.id;
    for chat in [kept, left, deleted, foreign, channel] {
        world.post(1, chat, "conversation").await;
    }
    assert_eq!(texts(&world, 2, "conversation").await.len(), 3);
    let cx = world.cx(2);
    world
        .write(move |uow| {
            let member = uow.participants().find(left, agent_id(2))?.unwrap();
            let (chat, participant) = (left, member.id);
            remove_participant(uow, &cx, &RemoveParticipant { chat, participant })
        })
        .await
        .unwrap();
    let cx = world.cx(1);
    world
        .write(move |uow| delete_chat(uow, &cx, deleted))
        .await
        .unwrap();
    assert_eq!(texts(&world, 2, "conversation").await, ["conversation"]);
    assert_eq!(texts(&world, 1, "conversation").await.len(), 4);
    assert!(texts(&world, 1, "left the").await.is_empty());
    for (chat, expected) in [(kept, 1), (left, 0), (deleted, 0), (foreign, 0)] {
        let chat = Some(chat);
        let search = MessageSearch {
            chat,
            ..everything("conv")
        };
        assert_eq!(found(&world, 2, search).await.len(), expected);
    }
}

/// By chat, by author, and between two instants, both of them excluded.
pub async fn searches_are_narrowed(factory: Factory) {
    let world = World::open(factory).await;
    let chats: [ChatId; 2] = [
        world.chat(ChatKind::Group, 1, &[2]).await.id,
        world.chat(ChatKind::Group, 1, &[2]).await.id,
    ];
    let mut said: Vec<Message> = vec![];
    for n in 0..12 {
        let (author, chat) = (1 + n % 3 % 2, chats[usize::try_from(n % 2).unwrap()]);
        said.push(world.post(author, chat, &format!("number {n}")).await);
    }
    for chat in [None, Some(chats[0])] {
        for author in [None, Some(agent_id(2)), Some(agent_id(9))] {
            for (after, before) in [
                (None, None),
                (Some(2), None),
                (None, Some(9)),
                (Some(3), Some(8)),
            ] {
                let [after, before] =
                    [after, before].map(|n: Option<usize>| n.map(|n| said[n].created));
                let search = MessageSearch {
                    chat,
                    author,
                    after,
                    before,
                    ..everything("number")
                };
                let is_wanted = |message: &&Message| {
                    chat.is_none_or(|chat| message.chat == chat)
                        && author.is_none_or(|a| message.author == Author::Agent(a))
                        && after.is_none_or(|after| message.created > after)
                        && before.is_none_or(|before| message.created < before)
                };
                let expected = said.iter().rev().filter(is_wanted);
                let expected: Vec<String> = expected.map(|m| m.text.clone()).collect();
                assert_eq!(
                    found(&world, 1, search.clone()).await,
                    expected,
                    "{search:?}"
                );
            }
        }
    }
}

/// Another customer finds nothing, even asking as an agent of this one.
pub async fn searches_stay_in_their_customer(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    world.post(1, chat, "secret").await;
    for chat in [None, Some(chat)] {
        let search = MessageSearch {
            chat,
            ..everything("secret")
        };
        let found = world
            .read_as(other_customer(), move |snapshot| {
                snapshot.messages().search(agent_id(1), &search, first(10))
            })
            .await;
        assert_eq!(found.rows, []);
    }
    let refused = world
        .write_as(other_customer(), |uow| {
            let stranger = Message {
                text: "other".into(),
                ..a_message(1)
            };
            uow.messages().update(&stranger)
        })
        .await;
    assert!(matches!(refused, Err(StoreError::Corrupt(_))));
    assert_eq!(texts(&world, 2, "secret").await, ["secret"]);
}

/// Case 76. Keyboards and languages write the same in several ways, in messages and channels.
pub async fn what_is_typed_otherwise_is_found(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    for (text, query) in [
        ("we don’t know", "don't"),
        ("the last word", "word "),
        ("محـــمد", "محمد"),
        ("کتاب‌های فارسی", "كتابهاي"),
        ("إلى موسى", "موسي"),
        ("hy\u{ad}phen\u{180e}ated", "hyphenated"),
        ("ज़मीन", "जमीन"),
        ("1914–1918", "1914-1918"),
    ] {
        let channel = world.channel(text, "").await.id;
        world.post(1, chat, text).await;
        for query in [query, text] {
            assert_eq!(texts(&world, 2, query).await, [text], "{query}");
            let query = query.to_owned();
            let page = world
                .read(move |snapshot| snapshot.chats().channels(&query, first(50)))
                .await;
            let found: Vec<ChatId> = page.rows.iter().map(|chat| chat.id).collect();
            assert_eq!(found, [channel], "{text}");
        }
    }
}

/// Every page of a search in this order.
async fn pages(world: &World, text: &str, order: Order) -> Vec<Vec<String>> {
    let mut request = PageRequest {
        order,
        ..first(100)
    };
    let mut pages = vec![];
    loop {
        let search = everything(text);
        let page = world
            .read(move |snapshot| snapshot.messages().search(agent_id(2), &search, request))
            .await;
        pages.push(page.rows.into_iter().map(|message| message.text).collect());
        if page.next.is_none() {
            return pages;
        }
        assert_ne!(page.next, request.after, "a page that goes nowhere");
        request.after = page.next;
    }
}

/// Case 40. All runs of three characters of the needle are in every text, the needle in two of
/// them: each page compares a part of the texts, and the next one continues.
pub async fn a_needle_that_is_nowhere_is_answered_page_by_page(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let hay = "aabaa ".repeat(2_600);
    world.post(1, chat, "first aabaab").await;
    for _ in 0..600 {
        world.post(1, chat, &hay).await;
    }
    world.post(1, chat, "last aabaab").await;
    let found = pages(&world, "aabaab", Order::Descending).await;
    assert_eq!(found.concat(), ["last aabaab", "first aabaab"]);
    assert!(found.len() > 1, "9 MB were compared for one page");
    let found = pages(&world, "AABAAB", Order::Ascending).await;
    assert_eq!(found.concat(), ["first aabaab", "last aabaab"]);
}

/// A search that reaches its deadline answers what it has found, and a cursor to continue from.
pub async fn a_search_without_time_goes_on_with_the_next_page(factory: Factory) {
    let world = World::with_read_timeout(factory, Duration::from_nanos(1)).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let mut said = vec![];
    for n in 0..400 {
        let text = format!("number {n}");
        world.post(1, chat, &text).await;
        said.push(text);
    }
    let found = pages(&world, "number", Order::Ascending).await;
    assert_eq!(found.concat(), said);
    for n in 0..200 {
        world.channel(&format!("channel {n}"), "").await;
    }
    let (mut request, mut channels, mut pages) = (first(100), vec![], 0);
    loop {
        let page = world
            .read(move |snapshot| snapshot.chats().channels("7", request))
            .await;
        channels.extend(page.rows.into_iter().map(|channel| channel.name));
        pages += 1;
        if page.next.is_none() {
            break;
        }
        request.after = page.next;
    }
    let expected = (0..200).rev().map(|n| format!("channel {n}"));
    let expected: Vec<String> = expected.filter(|name| name.contains('7')).collect();
    assert_eq!(channels, expected);
    assert!(pages > 1);
}
