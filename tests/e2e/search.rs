//! Searching messages.

use std::fmt::Write;

use reqwest::Method;
use serde_json::{Value, json};
use talk_client::Search;

use talk_testkit::harness::client::{message, path};
use talk_testkit::harness::{Answer, Client, Server};

const SEARCH: &str = "/v1.0/service_agents/talk_search";

async fn search(by: &Client, words: &str, rest: &str) -> Answer {
    let mut query = format!("{SEARCH}?q=");
    for byte in words.bytes() {
        write!(query, "%{byte:02X}").expect("a string takes everything");
    }
    by.get(&format!("{query}{rest}")).await
}

/// The texts found, newest first.
async fn found(by: &Client, words: &str) -> Vec<String> {
    texts(&search(by, words, "").await.rows())
}

fn texts(rows: &[Value]) -> Vec<String> {
    let text = |row: &Value| row["text"].as_str().expect("a text").to_owned();
    rows.iter().map(text).collect()
}

fn id(of: &Value) -> &str {
    of["id"].as_str().expect("an id")
}

/// MSG-16.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_found_by_any_part_of_it_and_shown_as_it_is() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let said = alice.say(&chat, "Größe der 회의실 会議 👍🏽").await;
    bob.react(&said, "👍").await.ok();
    bob.say(&chat, "something else").await;
    let shown = bob.get(&message(&said, "")).await.ok();
    for words in ["GROSSE", "ö", "회", "의실", "会議", "👍🏽", "e der 회의실 会"] {
        let rows = search(&bob, words, "").await.rows();
        assert!(rows.contains(&shown), "{words}");
    }
    let client = talk_client::Client::with_token(bob.url(), bob.token()).expect("a client");
    for pages in [
        client.search("GRÖSSE"),
        client.search_in(id(&chat), "grosse"),
    ] {
        let rows = pages.all().await.expect("messages");
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].id, id(&said));
    }
    let by_bob = Search::text("grosse").chat(id(&chat)).by(&*bob.id);
    assert!(
        client
            .search(by_bob)
            .all()
            .await
            .expect("messages")
            .is_empty()
    );
    let time = said["tm_create"].as_str().expect("a time");
    let later = Search::text("grosse").after(time);
    assert!(
        client
            .search(later)
            .all()
            .await
            .expect("messages")
            .is_empty()
    );
    let at_all = Search::text("grosse")
        .by(&*alice.id)
        .before("2999-01-01T00:00:00Z");
    assert_eq!(
        client.search(at_all).all().await.expect("messages").len(),
        1
    );
    assert!(found(&bob, "회식").await.is_empty());
    assert!(found(&bob, "joined").await.is_empty());
}

/// MSG-16 and case 76.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_without_strokes_and_unseen_characters_finds_what_has_them() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    for (text, words) in [
        ("Đà Nẵng", "da nang"),
        ("Łódź", "lodz"),
        ("Ørsted", "orsted"),
        ("Æsir", "aesir"),
        ("multi\u{200b}zero soft\u{ad}hyphen", "multizero softhyphen"),
    ] {
        alice.say(&chat, text).await;
        assert_eq!(found(&alice, words).await, [text]);
        assert_eq!(found(&alice, text).await, [text]);
    }
}

/// MSG-16.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_ends_with_the_membership() {
    let server = Server::start().await;
    let [alice, bob, carol] = server.agents(["alice", "bob", "carol"]).await;
    let (_, [eve]) = server.customer("acme", ["eve"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let other = alice.chat("group", &[&bob]).await;
    alice.say(&chat, "the plan").await;
    alice.say(&other, "another plan").await;
    let in_chat = format!("&chat_id={}", id(&chat));
    assert_eq!(found(&bob, "PLAN").await, ["another plan", "the plan"]);
    let answer = search(&bob, "plan", &in_chat).await;
    assert_eq!(texts(&answer.rows()), ["the plan"]);
    let listed = bob.get(&path(&chat, "")).await;
    assert_eq!(
        answer.header("talk-position"),
        listed.header("talk-position")
    );
    assert!(found(&carol, "plan").await.is_empty());
    assert!(found(&eve, "plan").await.is_empty());
    let refused = search(&carol, "plan", &in_chat).await;
    refused.refused(403, "PERMISSION_DENIED");
    let unknown = search(&eve, "plan", &in_chat).await;
    unknown.refused(404, "CHAT_NOT_FOUND");
    let none = format!("&chat_id={}", id(&listed.ok()).replace(|c| c != '-', "0"));
    let never = search(&eve, "plan", &none).await;
    assert_eq!(unknown.but_for_its_id(), never.but_for_its_id());
    let member = alice.participant(&chat, &bob).await.expect("a member");
    bob.remove(&chat, &member).await.ok();
    assert_eq!(found(&bob, "plan").await, ["another plan"]);
    alice.delete(&path(&other, "")).await.ok();
    assert!(found(&bob, "plan").await.is_empty());
    assert_eq!(found(&alice, "plan").await, ["the plan"]);
}

/// MSG-16 and case 13.
#[tokio::test(flavor = "multi_thread")]
async fn edits_deletions_and_crashes_are_seen_at_once() {
    let mut server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let [kept, gone] = [
        alice.say(&chat, "first").await,
        alice.say(&chat, "firsthand").await,
    ];
    let body = json!({"text": "second"});
    alice.put(&message(&kept, ""), body).await.ok();
    alice.delete(&message(&gone, "")).await.ok();
    for _ in 0..2 {
        assert!(found(&bob, "first").await.is_empty());
        assert_eq!(found(&bob, "econ").await, ["second"]);
        server.kill_and_restart().await;
    }
}

/// MSG-16 and API-06.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_pages_exactly_while_people_talk() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chats = [
        alice.chat("group", &[&bob]).await,
        alice.chat("direct", &[&bob]).await,
    ];
    let mut said = Vec::new();
    for n in 0..40 {
        said.push(id(&alice.say(&chats[n % 2], &format!("needle {n}")).await).to_owned());
        alice.say(&chats[n % 2], "hay").await;
    }
    for order in ["asc", "desc"] {
        if order == "desc" {
            said.reverse();
        }
        let (mut walked, mut token) = (Vec::new(), String::new());
        loop {
            let rest = format!("&order={order}&page_size=7&page_token={token}");
            let page = search(&bob, "Needle", &rest).await.ok();
            let rows = page["result"].as_array().expect("a list");
            walked.extend(rows.iter().map(|row| id(row).to_owned()));
            page["next_page_token"]
                .as_str()
                .expect("a token")
                .clone_into(&mut token);
            if token.is_empty() || walked.len() > said.len() {
                break;
            }
            alice.say(&chats[0], "needle meanwhile").await;
        }
        assert_eq!(walked[..said.len()], said, "{order}");
        if order == "asc" {
            said = walked;
        } else {
            assert_eq!(walked.len(), said.len());
        }
        said.extend(said_since(&bob, &said).await);
    }
}

/// The messages that were said since.
async fn said_since(by: &Client, known: &[String]) -> Vec<String> {
    let rows = search(by, "needle", "&order=asc&page_size=100")
        .await
        .rows();
    let ids = rows.iter().map(|row| id(row).to_owned());
    ids.filter(|id| !known.contains(id)).collect()
}

/// MSG-16.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_is_narrowed_by_author_and_time() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let said = [
        alice.say(&chat, "one word").await,
        bob.say(&chat, "two words").await,
        alice.say(&chat, "three words").await,
    ];
    let time = |n: usize| said[n]["tm_create"].as_str().expect("a time");
    for (rest, expected) in [
        (format!("&from={}", bob.id), &["two words"][..]),
        (format!("&from={}", id(&chat)), &[]),
        (format!("&after={}", time(0)), &["three words", "two words"]),
        (
            format!("&before={}Z", time(2).replace(' ', "T")),
            &["two words", "one word"],
        ),
        (
            format!("&after={}&before={}", time(0), time(2)),
            &["two words"],
        ),
        (format!("&after={}", time(2)), &[]),
    ] {
        let rows = search(&alice, "word", &rest).await.rows();
        assert_eq!(texts(&rows), expected, "{rest}");
    }
}

/// MSG-16.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_for_nothing_or_too_much_is_refused() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    for nothing in ["", "\u{301}"] {
        let refused = search(&alice, nothing, "").await;
        let error = refused.refused(400, "QUERY_REQUIRED");
        assert_eq!(error["details"][0]["field"], "q");
    }
    let long = search(&alice, &"é".repeat(256), "").await;
    let error = long.refused(400, "LIMIT_EXCEEDED");
    assert_eq!(error["details"][0]["limit"], 255);
    assert!(search(&alice, &"é".repeat(255), "").await.rows().is_empty());
    search(&alice, "\0", "").await.refused(400, "NUL_CHARACTER");
    for (rest, reason) in [
        ("&from=bob", "INVALID_ID"),
        ("&chat_id=1", "INVALID_ID"),
        ("&before=now", "TIME_INVALID"),
        ("&order=best", "ORDER_INVALID"),
        ("&page_token=x", "PAGE_TOKEN_INVALID"),
    ] {
        search(&alice, "x", rest).await.refused(400, reason);
    }
    let posted = alice.request(Method::POST, SEARCH);
    let answer = Answer::to(posted).await;
    answer.refused(405, "METHOD_NOT_ALLOWED");
    assert_eq!(answer.header("allow"), Some("GET"));
    let stranger = server.anonymous();
    search(&stranger, "x", "")
        .await
        .refused(401, "AUTHENTICATION_REQUIRED");
}
