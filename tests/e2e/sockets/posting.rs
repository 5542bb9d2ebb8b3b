//! Posting over the socket is posting over HTTP.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{id, logged, parsed};
use talk_testkit::harness::client::{message, path};
use talk_testkit::harness::{Client, Server, Socket};

const MESSAGES: &str = "/v1.0/service_agents/talk_messages";
const NOWHERE: &str = "01890000-0000-7000-8000-000000000000";

fn hello(chat: &Value) -> Value {
    json!({"chat_id": chat["id"], "text": "hello"})
}

fn post(id: &str, message: &Value) -> Value {
    json!({"type": "post", "id": id, "message": message})
}

/// The message that was posted under this id.
async fn posted(socket: &mut Socket, id: &str, message: &Value) -> Value {
    socket.send(post(id, message)).await;
    let answer = socket.answer("posted").await;
    assert_eq!(answer["id"], id);
    assert_eq!(answer.as_object().expect("an object").len(), 3);
    answer["data"].clone()
}

/// The messages of a chat that are not deleted.
async fn said(by: &Client, chat: &Value) -> Vec<Value> {
    let list = format!("{MESSAGES}?chat_id={}&page_size=100", id(chat));
    by.get(&list).await.rows()
}

/// WS-13.
#[tokio::test(flavor = "multi_thread")]
async fn a_post_is_answered_with_the_message_as_it_is_read() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let mut socket = Socket::open(&alice).await;
    let first = posted(&mut socket, "key-00001", &hello(&chat)).await;
    let link = json!({"type": "link", "link_url": "https://example.com/"});
    let reply = json!({"chat_id": chat["id"], "parent_id": first["id"], "medias": [link]});
    let reply = posted(&mut socket, "key-00002", &reply).await;
    assert_eq!(
        (&reply["medias"], &reply["depth"]),
        (&json!([link]), &json!(1))
    );
    let first = alice.get(&message(&first, "")).await.ok();
    assert_eq!(
        (&first["reply_count"], &first["text"]),
        (&json!(1), &json!("hello"))
    );
    assert_eq!(said(&bob, &chat).await, [reply.clone(), first]);
    assert_eq!(bob.get(&message(&reply, "")).await.ok(), reply);
    socket.nothing_else().await;
}

/// WS-13.
#[tokio::test(flavor = "multi_thread")]
async fn many_posts_are_under_way_at_once_and_each_gets_its_answer() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    let mut socket = Socket::open(&alice).await;
    for n in 0..64 {
        let message = json!({"chat_id": chat["id"], "text": format!("message {n}")});
        socket.send(post(&format!("key-{n:05}"), &message)).await;
    }
    let mut answers = BTreeMap::new();
    for _ in 0..64 {
        let answer = socket.answer("posted").await;
        let key = answer["id"].as_str().expect("text").to_owned();
        answers.insert(key, answer["data"].clone());
    }
    socket.nothing_else().await;
    let expected: Vec<_> = (0..64).map(|n| format!("message {n}")).collect();
    let texts: Vec<_> = answers.values().map(|said| said["text"].clone()).collect();
    assert_eq!(texts, expected);
    let ids = |rows: &mut dyn Iterator<Item = &Value>| -> BTreeSet<_> {
        rows.map(|said| id(said).to_owned()).collect()
    };
    let stored = said(&alice, &chat).await;
    assert_eq!(stored.len(), 64);
    assert_eq!(ids(&mut stored.iter()), ids(&mut answers.values()));
}

/// WS-03.
#[tokio::test(flavor = "multi_thread")]
async fn the_author_of_a_post_receives_its_event_too() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let mut posting = Socket::subscribed(&alice).await;
    let mut others = [
        Socket::subscribed(&alice).await,
        Socket::subscribed(&bob).await,
    ];
    posting.send(post("key-00001", &hello(&chat))).await;
    let frames = posting.texts(2).await;
    let (answers, events): (Vec<_>, Vec<_>) = frames
        .into_iter()
        .partition(|frame| parsed(frame)["type"] == "posted");
    let log = logged(&alice, &chat).await;
    assert_eq!(events, log[3..]);
    assert_eq!(parsed(&answers[0])["data"], parsed(&events[0])["data"]);
    posting.nothing_else().await;
    for socket in &mut others {
        assert_eq!(socket.next_text().await, events[0]);
        socket.nothing_else().await;
    }
}

/// Case 35.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_post_again_is_one_message_over_the_socket_and_over_http() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let body = hello(&chat);
    let mut socket = Socket::open(&alice).await;
    for _ in 0..20 {
        socket.send(post("key-00001", &body)).await;
    }
    let first = socket.answer("posted").await;
    for _ in 1..20 {
        assert_eq!(socket.answer("posted").await, first);
    }
    let mut again = Socket::open(&alice).await;
    let data = posted(&mut again, "key-00001", &body).await;
    assert_eq!(data, first["data"]);
    let over_http = alice.post_once("key-00001", MESSAGES, &body).await;
    assert_eq!(over_http.header("idempotent-replayed"), Some("true"));
    assert_eq!(over_http.ok(), data);
    assert_eq!(said(&alice, &chat).await.len(), 1);
    let by_http = alice.post_once("key-00002", MESSAGES, &body).await.ok();
    assert_eq!(posted(&mut again, "key-00002", &body).await, by_http);
    let mut of_bob = Socket::open(&bob).await;
    let by_bob = posted(&mut of_bob, "key-00001", &body).await;
    assert_eq!(by_bob["owner_id"], bob.id);
    assert_eq!(said(&alice, &chat).await, [by_bob, by_http, data]);
}

/// Case 13.
#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_post_never_answers_deleted_content() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    let mut socket = Socket::open(&alice).await;
    let data = posted(&mut socket, "key-00001", &hello(&chat)).await;
    let tombstone = alice.delete(&message(&data, "")).await.ok();
    let again = posted(&mut socket, "key-00001", &hello(&chat)).await;
    assert_eq!(again, tombstone);
}

/// Case 24 and WS-13.
#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledged_post_survives_a_kill_of_the_server() {
    let mut server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    let mut socket = Socket::open(&alice).await;
    let data = posted(&mut socket, "key-00001", &hello(&chat)).await;
    server.kill_and_restart().await;
    let alice = server.with_token(alice.token()).named(&alice.id);
    let mut socket = Socket::open(&alice).await;
    let again = posted(&mut socket, "key-00001", &hello(&chat)).await;
    assert_eq!(again, data);
    assert_eq!(said(&alice, &chat).await, [data]);
}

/// WS-13.
#[tokio::test(flavor = "multi_thread")]
async fn a_post_is_refused_as_over_http_and_the_socket_stays() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let (eve, []) = server.customer("acme", []).await;
    let chat = alice.chat("group", &[&bob]).await;
    let closed = alice.chat("group", &[&bob]).await;
    bob.post(&path(&closed, "/close"), json!({})).await.ok();
    let private = alice.chat("group", &[]).await;
    let foreign = eve.chat("group", &[]).await;
    let before = logged(&alice, &chat).await;
    let mut socket = Socket::open(&bob).await;
    let with = |field: &str, value: Value| {
        let mut body = hello(&chat);
        body[field] = value;
        body
    };
    for (body, reason) in [
        (hello(&closed), "CHAT_CLOSED"),
        (hello(&private), "PERMISSION_DENIED"),
        (hello(&foreign), "CHAT_NOT_FOUND"),
        (with("chat_id", json!(NOWHERE)), "CHAT_NOT_FOUND"),
        (with("chat_id", json!("x")), "INVALID_ID"),
        (with("text", json!("")), "MESSAGE_EMPTY"),
        (with("type", json!("system")), "SYSTEM_TYPE_RESERVED"),
        (with("parent_id", json!(NOWHERE)), "PARENT_NOT_FOUND"),
        (with("text", json!(1)), "INVALID_FIELD"),
        (json!([]), "INVALID_JSON_BODY"),
    ] {
        let over_http = bob.post_once("key-00001", MESSAGES, &body).await;
        assert_eq!(over_http.json()["error"]["reason"], reason, "{body}");
        socket.send(post("key-00001", &body)).await;
        let error = socket.answer("error").await;
        let expected = json!({"type": "error", "id": "key-00001", "reason": reason,
            "message": over_http.json()["error"]["message"]});
        assert_eq!(error, expected, "{body}");
    }
    assert_eq!(logged(&alice, &chat).await, before);
    let data = posted(&mut socket, "key-00001", &hello(&chat)).await;
    assert_eq!(said(&alice, &chat).await, [data]);
}

/// WS-13.
#[tokio::test(flavor = "multi_thread")]
async fn the_id_of_a_post_is_its_key_and_for_one_message_only() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    let mut socket = Socket::open(&alice).await;
    let data = posted(&mut socket, "key-00001", &hello(&chat)).await;
    let other = json!({"chat_id": chat["id"], "text": "other"});
    let long = "k".repeat(256);
    for (key, reason) in [
        ("key-00001", "IDEMPOTENCY_KEY_REUSED"),
        ("key-000", "IDEMPOTENCY_KEY_INVALID"),
        ("", "IDEMPOTENCY_KEY_INVALID"),
    ] {
        socket.send(post(key, &other)).await;
        let error = socket.answer("error").await;
        assert_eq!(
            (&error["id"], &error["reason"]),
            (&json!(key), &json!(reason))
        );
    }
    // What is that long is not repeated.
    socket.send(post(&long, &other)).await;
    let error = socket.answer("error").await;
    assert_eq!(
        (&error["id"], &error["reason"]),
        (&Value::Null, &json!("IDEMPOTENCY_KEY_INVALID"))
    );
    assert_eq!(said(&alice, &chat).await, [data]);
    for key in ["8-letter", &long[1..]] {
        posted(&mut socket, key, &other).await;
    }
}

/// As any other message that is refused: with its id, and not held against the connection.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_with_a_nul_is_refused_like_others() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    let mut socket = Socket::open(&alice).await;
    let message = json!({"chat_id": chat["id"], "text": "pasted\0text"});
    for _ in 0..5 {
        socket.send(post("key-00001", &message)).await;
        let error = socket.answer("error").await;
        assert_eq!(
            (&error["id"], &error["reason"]),
            (&json!("key-00001"), &json!("NUL_CHARACTER"))
        );
    }
    posted(&mut socket, "key-00001", &hello(&chat)).await;
    let typing = json!({"type": "typing", "id": "7", "chat_id": "\0"});
    socket.send(typing).await;
    let error = socket.answer("error").await;
    assert_eq!(
        (&error["id"], &error["reason"]),
        (&json!("7"), &json!("NUL_CHARACTER"))
    );
}
