//! Large deletions: complete for readers at once, cleaned up in the background, also across a
//! crash.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use talk_testkit::harness::client::{message, path};
use talk_testkit::harness::{Client, Server};

/// How many deletions are still to be cleaned up.
fn left(server: &Server) -> u64 {
    let url = format!("sqlite:{}", server.data().join("talk.db").display());
    talk_store_diesel::cleanup_backlog(&url).expect("a database")
}

async fn cleaned_up(server: &Server) {
    while left(server) > 0 {
        let health = reqwest::get(format!("{}/healthz", server.url)).await;
        assert!(health.expect("an answer").status().is_success());
    }
}

/// Checks that nobody is shown the deleted message's text, and returns the chat's events.
async fn without_secret(alice: &Client, chat: &Value, said: &Value) -> Vec<Value> {
    let events = alice.events(chat).await;
    for event in &events {
        assert!(!event.to_string().contains("secret"), "{event}");
    }
    let versions = alice.get(&message(said, "/revisions")).await;
    assert_eq!(versions.rows(), [] as [Value; 0]);
    let now = alice.get(&message(said, "")).await.ok();
    assert_eq!(now["text"], "");
    events
}

/// Case 42.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_while_cleaning_up_shows_nothing_and_loses_nothing() {
    let mut server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let said = alice.say(&chat, "secret").await;
    let mut edits = JoinSet::new();
    for n in 0..200 {
        let (alice, path) = (alice.on_its_own(), message(&said, ""));
        let text = format!("secret {n} {}", "x".repeat(3_000));
        edits.spawn(async move { alice.put(&path, json!({"text": text})).await.ok() });
    }
    edits.join_all().await;
    let before = alice.events(&chat).await;
    let key = "the-key-of-the-delete";
    let reacted = bob
        .post_once(key, &message(&said, "/reactions"), &json!({"emoji": "👍"}))
        .await;
    assert!(reacted.body.contains("secret"));
    alice.delete(&message(&said, "")).await.ok();
    let shown = without_secret(&bob, &chat, &said).await;
    assert_eq!(shown.len(), before.len() + 2);
    let mut was_left = left(&server);
    loop {
        server.kill_and_restart().await;
        let bob = server.with_token(bob.token());
        assert_eq!(without_secret(&bob, &chat, &said).await, shown);
        let replayed = bob
            .post_once(key, &message(&said, "/reactions"), &json!({"emoji": "👍"}))
            .await;
        assert!(!replayed.body.contains("secret"), "{replayed:?}");
        if was_left == 0 {
            break;
        }
        was_left = left(&server);
    }
    server.operate(&["doctor"]);
}

/// Case 42.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_of_many_chats_is_deleted_at_once_and_leaves_each_with_its_events() {
    let mut server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let mut chats = Vec::new();
    for _ in 0..70 {
        chats.push(alice.chat("group", &[&bob]).await);
    }
    let admin = server.admin().await;
    admin.delete(&format!("/v1.0/agents/{}", bob.id)).await.ok();
    let list = "/v1.0/service_agents/talk_chats";
    assert_eq!(bob.get(list).await.status, 401);
    server.kill_and_restart().await;
    let alice = server.with_token(alice.token());
    cleaned_up(&server).await;
    for chat in &chats {
        assert_eq!(alice.get(&path(chat, "")).await.ok()["member_count"], 1);
        let events = alice.events(chat).await;
        let left: Vec<_> = events
            .iter()
            .filter(|event| event["type"] == "chatparticipant_removed")
            .collect();
        assert_eq!(left.len(), 1, "{left:?}");
        assert_eq!(left[0]["data"]["owner_id"], bob.id.as_str());
        let said = &events[events.len() - 1]["data"];
        assert_eq!(said["text"], "bob left the conversation.");
        assert_eq!(said["metadata"]["system"]["actor_id"], admin.id.as_str());
    }
    server.operate(&["doctor"]);
}

/// Case 42.
#[tokio::test(flavor = "multi_thread")]
async fn a_chat_of_many_is_gone_for_all_of_them_at_once() {
    let server = Server::start().await;
    let names: [String; 40] = std::array::from_fn(|n| format!("member-{n}"));
    let members = server.agents(names.each_ref().map(String::as_str)).await;
    let others: Vec<&Client> = members.iter().skip(1).collect();
    let chat = members[0].chat("group", &others).await;
    members[0].delete(&path(&chat, "")).await.ok();
    let list = "/v1.0/service_agents/talk_chats";
    for _ in 0..2 {
        for member in &members {
            assert_eq!(member.get(list).await.rows(), [] as [Value; 0]);
            let gone = member.get(&path(&chat, "")).await;
            gone.refused(404, "CHAT_NOT_FOUND");
            let messages = member.get("/v1.0/service_agents/talk_messages").await;
            assert_eq!(messages.rows(), [] as [Value; 0]);
        }
        cleaned_up(&server).await;
    }
    server.operate(&["doctor"]);
}
