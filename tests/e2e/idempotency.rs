//! Requests that are sent twice.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use talk_testkit::harness::client::{message, path};
use talk_testkit::harness::{Client, Server};

const MESSAGES: &str = "/v1.0/service_agents/talk_messages";
const KEYS: &str = "/v1.0/accesskeys";
const REPLAYED: &str = "idempotent-replayed";

fn hello(chat: &Value) -> Value {
    json!({"chat_id": chat["id"], "text": "hello"})
}

async fn said(by: &Client, chat: &Value) -> Vec<Value> {
    let id = chat["id"].as_str().expect("an id");
    by.get(&format!("{MESSAGES}?chat_id={id}")).await.rows()
}

/// API-17 and case 35.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_again_is_answered_again_and_done_once() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let body = hello(&chat);
    let first = alice.post_once("key-00001", MESSAGES, &body).await;
    assert_eq!((first.status, first.header(REPLAYED)), (200, None));
    for _ in 0..2 {
        let again = alice.post_once("key-00001", MESSAGES, &body).await;
        assert_eq!(again.header(REPLAYED), Some("true"));
        assert_eq!((again.status, &again.body), (200, &first.body));
    }
    assert_eq!(said(&alice, &chat).await, [first.ok()]);
    let of_bob = bob.post_once("key-00001", MESSAGES, &body).await;
    assert_eq!((of_bob.status, of_bob.header(REPLAYED)), (200, None));
    assert_eq!(of_bob.ok()["owner_id"], bob.id);
    assert_eq!(said(&alice, &chat).await, [of_bob.ok(), first.ok()]);
}

/// API-17.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_for_one_request_only() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let first = alice
        .post_once("key-00001", MESSAGES, &hello(&chat))
        .await
        .ok();
    let other = json!({"chat_id": chat["id"], "text": "other"});
    for (to, body) in [
        (MESSAGES.to_owned(), &other),
        (KEYS.to_owned(), &hello(&chat)),
        (path(&chat, "/close"), &hello(&chat)),
    ] {
        let refused = alice.post_once("key-00001", &to, body).await;
        refused.refused(422, "IDEMPOTENCY_KEY_REUSED");
    }
    assert_eq!(said(&alice, &chat).await, [first]);
    for length in [7, 256] {
        let key = "k".repeat(length);
        let refused = alice.post_once(&key, MESSAGES, &other).await;
        refused.refused(400, "IDEMPOTENCY_KEY_INVALID");
    }
    for length in [8, 255] {
        let key = "k".repeat(length);
        alice.post_once(&key, MESSAGES, &other).await.ok();
    }
}

/// API-17.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_not_remembered() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    alice.post(&path(&chat, "/close"), json!({})).await.ok();
    let refused = bob.post_once("key-00001", MESSAGES, &hello(&chat)).await;
    refused.refused(409, "CHAT_CLOSED");
    alice.post(&path(&chat, "/reopen"), json!({})).await.ok();
    let done = bob.post_once("key-00001", MESSAGES, &hello(&chat)).await;
    assert_eq!((done.status, done.header(REPLAYED)), (200, None));
    let invalid = json!({"chat_id": chat["id"], "text": ""});
    let refused = bob.post_once("key-00002", MESSAGES, &invalid).await;
    refused.refused(400, "MESSAGE_EMPTY");
    let done = bob.post_once("key-00002", MESSAGES, &hello(&chat)).await;
    assert_eq!((done.status, done.header(REPLAYED)), (200, None));
}

/// API-17 and case 35.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_at_once_are_one_message_and_all_get_it() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    let mut posts = JoinSet::new();
    for _ in 0..50 {
        let (alice, body) = (alice.on_its_own(), hello(&chat));
        posts.spawn(async move { alice.post_once("key-00001", MESSAGES, &body).await });
    }
    let answers = posts.join_all().await;
    let said = said(&alice, &chat).await;
    assert_eq!(said.len(), 1);
    for answer in &answers {
        assert_eq!(
            (answer.ok(), &answer.body),
            (said[0].clone(), &answers[0].body)
        );
    }
    let first = |answer: &&talk_testkit::harness::Answer| answer.header(REPLAYED).is_none();
    assert_eq!(answers.iter().filter(first).count(), 1);
    assert_eq!(alice.events(&chat).await.len(), 3);
}

/// MSG-09 and case 13.
#[tokio::test(flavor = "multi_thread")]
async fn a_replay_never_shows_what_was_deleted_since() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    let posted = alice
        .post_once("key-00001", MESSAGES, &hello(&chat))
        .await
        .ok();
    let reaction = json!({"emoji": "👍"});
    let reactions = message(&posted, "/reactions");
    alice
        .post_once("key-00002", &reactions, &reaction)
        .await
        .ok();
    let tombstone = alice.delete(&message(&posted, "")).await;
    let events = alice.events(&chat).await;
    for again in [
        alice.post_once("key-00001", MESSAGES, &hello(&chat)).await,
        alice.post_once("key-00002", &reactions, &reaction).await,
    ] {
        assert_eq!((again.status, &again.body), (200, &tombstone.body));
        assert_eq!(again.header(REPLAYED), Some("true"));
    }
    assert_eq!(alice.events(&chat).await, events);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_access_key_is_answered_again_after_a_lost_answer() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let body = json!({"name": "bot"});
    let first = alice.post_once("key-00001", KEYS, &body).await;
    let again = alice.post_once("key-00001", KEYS, &body).await;
    assert_eq!(
        (again.header(REPLAYED), &again.body),
        (Some("true"), &first.body)
    );
    let token = again.ok()["token"].as_str().expect("a token").to_owned();
    let me = server
        .with_token(&token)
        .get("/v1.0/service_agents/me")
        .await;
    assert_eq!(me.ok()["id"], alice.id);
    assert_eq!(alice.get(KEYS).await.rows().len(), 1);
}

/// API-17.
#[tokio::test(flavor = "multi_thread")]
async fn chats_members_and_reactions_are_made_once_too() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chats = "/v1.0/service_agents/talk_chats".to_owned();
    let body = json!({"type": "group", "name": "Project"});
    let chat = alice.post_once("key-chat", &chats, &body).await.ok();
    let members = path(&chat, "/participants");
    let member = alice
        .post_once("key-member", &members, &bob.as_owner())
        .await;
    let said = alice.say(&chat, "hello").await;
    let (reactions, emoji) = (message(&said, "/reactions"), json!({"emoji": "👍"}));
    let reacted = bob.post_once("key-reaction", &reactions, &emoji).await;
    bob.delete(&message(&said, "/reactions?emoji=%2B1"))
        .await
        .ok();
    let events = alice.events(&chat).await;
    let again = alice.post_once("key-chat", &chats, &body).await;
    assert_eq!(
        (again.header(REPLAYED), again.ok()),
        (Some("true"), chat.clone())
    );
    let again = alice
        .post_once("key-member", &members, &bob.as_owner())
        .await;
    assert_eq!(
        (again.header(REPLAYED), &again.body),
        (Some("true"), &member.body)
    );
    let again = bob.post_once("key-reaction", &reactions, &emoji).await;
    assert_eq!(
        (again.header(REPLAYED), &again.body),
        (Some("true"), &reacted.body)
    );
    assert_eq!(alice.get(&chats).await.rows().len(), 1);
    assert_eq!(alice.events(&chat).await, events);
}

/// A repeated reaction is answered with the current message, so visibility is checked again.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_removed_learns_nothing_by_repeating_a_request() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let said = alice.say(&chat, "hello").await;
    bob.react(&said, "👍").await.ok();
    let reactions = message(&said, "/reactions");
    let body = json!({"emoji": "👍"});
    bob.post_once("the-key-1", &reactions, &body).await.ok();
    let member = alice.participant(&chat, &bob).await.expect("a member");
    alice.remove(&chat, &member).await.ok();
    let secret = json!({"text": "a secret"});
    alice.put(&message(&said, ""), secret).await.ok();
    let again = bob.post_once("the-key-1", &reactions, &body).await;
    again.refused(403, "PERMISSION_DENIED");
}
