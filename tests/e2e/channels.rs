//! Channels: found and joined by every agent of the customer.

use std::fmt::Write;
use std::slice::from_ref;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use talk_testkit::harness::client::{message, path};
use talk_testkit::harness::{Answer, Client, Server};

const B: &str = "/v1.0/service_agents";
const CHANNELS: &str = "/v1.0/service_agents/talk_channels";

async fn channel(by: &Client, name: &str, detail: &str) -> Value {
    let body = json!({"type": "talk", "name": name, "detail": detail});
    by.post(&format!("{B}/talk_chats"), body).await.ok()
}

async fn join(by: &Client, chat: &Value) -> Answer {
    by.post(&path(chat, "/join"), json!({})).await
}

async fn card(by: &Client, chat: &Value) -> Value {
    by.get(&path(chat, "")).await.ok()
}

/// Status and number of participants.
fn state(chat: &Value) -> Value {
    json!([chat["status"], chat["member_count"]])
}

async fn found(by: &Client, words: &str) -> Vec<Value> {
    let mut query = format!("{CHANNELS}?search=");
    for byte in words.bytes() {
        write!(query, "%{byte:02X}").expect("a string takes everything");
    }
    by.get(&query).await.rows()
}

///
#[tokio::test(flavor = "multi_thread")]
async fn everybody_of_the_customer_sees_a_channel_and_nobody_else() {
    let server = Server::start().await;
    let [alice, bob, carol] = server.agents(["alice", "bob", "carol"]).await;
    let (_, [eve]) = server.customer("acme", ["eve"]).await;
    let chat = channel(&alice, "News", "of the house").await;
    assert_eq!(state(&chat), json!(["active", 1]));
    alice.chat("group", &[&bob, &carol]).await;
    alice.chat("direct", &[&bob]).await;
    for agent in [&alice, &bob, &carol, &server.admin().await] {
        assert_eq!(agent.get(CHANNELS).await.rows(), *from_ref(&chat));
        assert_eq!(card(agent, &chat).await, chat);
        assert_eq!(found(agent, "news").await, *from_ref(&chat));
        assert!(agent.participant(&chat, &alice).await.is_some());
    }
    assert!(eve.get(CHANNELS).await.rows().is_empty());
    assert!(found(&eve, "news").await.is_empty());
    join(&eve, &chat).await.refused(404, "CHAT_NOT_FOUND");
    assert_eq!(card(&alice, &chat).await, chat);
}

///
#[tokio::test(flavor = "multi_thread")]
async fn who_has_not_joined_reads_the_card_alone() {
    let server = Server::start().await;
    let [alice, bob, carol] = server.agents(["alice", "bob", "carol"]).await;
    let chat = channel(&alice, "News", "").await;
    let said = alice.say(&chat, "for members").await;
    let before = alice.events(&chat).await;
    let id = chat["id"].as_str().expect("an id");
    for outsider in [&bob, &server.admin().await] {
        for refused in [
            outsider.try_say(&chat, "me too").await,
            outsider
                .get(&format!("{B}/talk_messages?chat_id={id}"))
                .await,
            outsider.get(&format!("{B}/talk_events?chat_id={id}")).await,
            outsider.get(&message(&said, "")).await,
            outsider.get(&message(&said, "/revisions")).await,
            outsider.reply(&said, "me too").await,
            outsider.react(&said, "👍").await,
            outsider.put(&path(&chat, ""), json!({"name": "N"})).await,
            outsider.post(&path(&chat, "/close"), json!({})).await,
            outsider.post(&path(&chat, "/reopen"), json!({})).await,
            outsider.delete(&path(&chat, "")).await,
            outsider.add(&chat, &carol).await,
        ] {
            refused.refused(403, "PERMISSION_DENIED");
        }
        for list in ["talk_chats", "talk_messages"] {
            let rows = outsider.get(&format!("{B}/{list}")).await.rows();
            assert!(rows.is_empty(), "{rows:?}");
        }
    }
    assert_eq!(alice.events(&chat).await, before);
}

/// CHAT-11 and X-17.
#[tokio::test(flavor = "multi_thread")]
async fn who_joins_is_a_participant_once_and_reads_everything() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = channel(&alice, "News", "").await;
    let said = alice.say(&chat, "earlier").await;
    let joined = join(&bob, &chat).await.ok();
    assert_eq!(joined["chat_id"], chat["id"]);
    assert_eq!(alice.participant(&chat, &bob).await, Some(joined.clone()));
    let events = alice.events(&chat).await;
    assert_eq!(join(&bob, &chat).await.ok(), joined);
    assert_eq!(alice.events(&chat).await, events, "no change, no event");
    assert_eq!(bob.get(&message(&said, "")).await.ok(), said);
    bob.say(&chat, "hello").await;
    let chats = bob.get(&format!("{B}/talk_chats?type=talk")).await.rows();
    assert_eq!(chats, [card(&bob, &chat).await]);
    bob.remove(&chat, &joined).await.ok();
    let again = join(&bob, &chat).await.ok();
    assert_ne!(again["id"], joined["id"], "a new membership");
}

/// CHAT-11 and case 2.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_joins_at_once_make_one_participant_each() {
    let server = Server::start().await;
    let [alice, bob, carol, dan] = server.agents(["alice", "bob", "carol", "dan"]).await;
    let chat = channel(&alice, "News", "").await;
    let crowd = [&bob, &carol, &dan];
    let joins: JoinSet<_> = (0..50)
        .map(|n| (crowd[n % 3].on_its_own(), chat.clone()))
        .map(|(client, chat)| async move { join(&client, &chat).await.ok() })
        .collect();
    let members = joins.join_all().await;
    assert_eq!(card(&alice, &chat).await["member_count"], 4);
    for client in crowd {
        let own = alice.participant(&chat, client).await.expect("a member");
        let answers = members.iter().filter(|row| row["owner_id"] == client.id);
        assert!(answers.clone().count() >= 16);
        assert!(answers.into_iter().all(|row| *row == own), "{members:?}");
    }
    // Each joined once and was announced once.
    assert_eq!(alice.events(&chat).await.len(), 2 + 3 * 2);
}

/// CHAT-11.
#[tokio::test(flavor = "multi_thread")]
async fn only_channels_are_joined() {
    let server = Server::start().await;
    let [alice, bob, eve] = server.agents(["alice", "bob", "eve"]).await;
    for kind in ["group", "direct"] {
        let chat = alice.chat(kind, &[&bob]).await;
        let before = alice.events(&chat).await;
        for member in [&alice, &bob] {
            join(member, &chat).await.refused(400, "CHAT_NOT_JOINABLE");
        }
        join(&eve, &chat).await.refused(403, "PERMISSION_DENIED");
        let added = eve.add(&chat, &eve).await;
        added.refused(403, "PERMISSION_DENIED");
        assert_eq!(alice.events(&chat).await, before);
    }
}

/// CHAT-14.
#[tokio::test(flavor = "multi_thread")]
async fn one_adds_oneself_to_a_channel_and_others_once_inside() {
    let server = Server::start().await;
    let [alice, bob, carol] = server.agents(["alice", "bob", "carol"]).await;
    let chat = channel(&alice, "News", "").await;
    let added = bob.add(&chat, &bob).await.ok();
    assert_eq!(added["owner_id"], bob.id.as_str());
    let again = bob.add(&chat, &bob).await;
    again.refused(409, "PARTICIPANT_ALREADY_EXISTS");
    assert_eq!(join(&bob, &chat).await.ok(), added);
    let third = bob.add(&chat, &carol).await.ok();
    assert_eq!(join(&carol, &chat).await.ok(), third);
    assert_eq!(card(&carol, &chat).await["member_count"], 3);
}

/// S-110.
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_channel_is_found_and_not_joined() {
    let server = Server::start().await;
    let [alice, bob, carol] = server.agents(["alice", "bob", "carol"]).await;
    let chat = channel(&alice, "News", "").await;
    let member = join(&bob, &chat).await.ok();
    alice.post(&path(&chat, "/close"), json!({})).await.ok();
    let before = alice.events(&chat).await;
    let closed = card(&carol, &chat).await;
    assert_eq!(state(&closed), json!(["closed", 2]));
    assert_eq!(found(&carol, "news").await, [closed]);
    join(&carol, &chat).await.refused(409, "CHAT_CLOSED");
    let added = carol.add(&chat, &carol).await;
    added.refused(409, "CHAT_CLOSED");
    assert_eq!(join(&bob, &chat).await.ok(), member, "in it already");
    let refused = carol.post(&path(&chat, "/reopen"), json!({})).await;
    refused.refused(403, "PERMISSION_DENIED");
    assert_eq!(alice.events(&chat).await, before);
    bob.post(&path(&chat, "/reopen"), json!({})).await.ok();
    join(&carol, &chat).await.ok();
}

/// CHAT-12.
#[tokio::test(flavor = "multi_thread")]
async fn an_empty_channel_stays_open_to_join() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = channel(&alice, "News", "").await;
    let own = alice.participant(&chat, &alice).await.expect("a member");
    alice.remove(&chat, &own).await.ok();
    assert_eq!(state(&card(&alice, &chat).await), json!(["active", 0]));
    assert_eq!(found(&bob, "news").await, [card(&bob, &chat).await]);
    join(&bob, &chat).await.ok();
    assert_eq!(state(&card(&bob, &chat).await), json!(["active", 1]));
}

/// CHAT-10.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_channel_is_gone_for_everybody() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let kept = channel(&alice, "News of today", "").await;
    let chat = channel(&alice, "News", "").await;
    alice.delete(&path(&chat, "")).await.ok();
    for agent in [&alice, &bob] {
        assert_eq!(agent.get(CHANNELS).await.rows(), *from_ref(&kept));
        assert_eq!(found(agent, "news").await, *from_ref(&kept));
        let card = agent.get(&path(&chat, "")).await;
        card.refused(404, "CHAT_NOT_FOUND");
        join(agent, &chat).await.refused(404, "CHAT_NOT_FOUND");
    }
}

/// CHAT-07.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_ignores_case_and_accents_in_any_script() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let everywhere = [
        ("Équipe", "brûlée", "EQUIPE équipe e\u{301}q brulee"),
        ("Straße", "Grüße", "straße STRAẞE GRUßE"),
        ("공지사항", "전체", "공지 전 \u{1100}\u{1169}\u{11bc}"),
        ("お知らせ", "東京ガイド", "知らせ 東京 ｶﾞｲﾄﾞ"),
        ("ประกาศ", "ที่นี่", "ประ กาศ ที่นี่"),
        ("МОСКВА", "Ёлка", "москва Москва ЕЛКА ёлка"),
        ("İzmir", "BALIK", "izmir İZMİR balik"),
        ("Tiếng Việt", "", "tieng VIỆT"),
        ("Κόσμε", "", "ΚΌΣΜΕ κοσμε"),
        ("🎉 Party", "", "🎉 party"),
    ];
    for (name, detail, searches) in everywhere {
        let chat = channel(&alice, name, detail).await;
        for words in searches.split(' ') {
            assert_eq!(found(&bob, words).await, *from_ref(&chat), "{words}");
        }
    }
    assert!(found(&bob, "İI").await.is_empty());
    assert_eq!(found(&bob, "").await.len(), everywhere.len());
    let long = format!("{CHANNELS}?search={}", "x".repeat(256));
    bob.get(&long).await.refused(400, "LIMIT_EXCEEDED");
}

/// CHAT-07.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_takes_wildcards_literally_and_follows_changes() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    for (name, searches) in [
        ("100% sure", ["0%", "%"]),
        ("snake_case", ["e_c", "_"]),
        ("C:\\talk", [":\\t", "\\"]),
    ] {
        let chat = channel(&alice, name, "").await;
        for words in searches {
            assert_eq!(found(&bob, words).await, *from_ref(&chat), "{words}");
        }
    }
    for words in ["1%e", "snake%", "s__ke", "%%", "\\%", "\\_", "'", "\""] {
        assert!(found(&bob, words).await.is_empty(), "{words}");
    }
    let chat = channel(&alice, "Café", "cakes").await;
    let changed = json!({"name": "Teehaus", "detail": "biscuits"});
    let chat = alice.put(&path(&chat, ""), changed).await.ok();
    assert_eq!(found(&bob, "TEE").await, *from_ref(&chat));
    assert_eq!(found(&bob, "Biscuits").await, [chat]);
    assert!(found(&bob, "cafe").await.is_empty());
    assert!(found(&bob, "cakes").await.is_empty());
}

/// API-06.
#[tokio::test(flavor = "multi_thread")]
async fn channels_page_through_while_more_are_made() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let mut made = Vec::new();
    for n in 0..7 {
        made.push(channel(&alice, &format!("News {n}"), "").await);
        channel(&alice, "Other", "").await;
    }
    for order in ["asc", "desc"] {
        let (mut all, mut token) = (Vec::new(), String::new());
        for size in [3, 3, 1] {
            let query = format!("?search=news&order={order}&page_size=3&page_token={token}");
            let page = bob.get(&format!("{CHANNELS}{query}")).await;
            assert_eq!(page.rows().len(), size);
            all.extend(page.rows());
            let next = page.ok()["next_page_token"].clone();
            token = next.as_str().expect("a token").to_owned();
            channel(&alice, if order == "asc" { "Other" } else { "News" }, "").await;
        }
        assert_eq!((&*token, &all), ("", &made));
        made.reverse();
    }
}
