//! One effect, also when 50 clients do it at the same instant.

use std::collections::HashSet;
use std::future::Future;

use serde_json::json;
use tokio::task::JoinSet;

use talk_testkit::harness::client::path;
use talk_testkit::harness::{Answer, Client, Server};

const CLIENTS: usize = 50;

/// The answers of 50 clients that do the same at once.
async fn at_once<F>(act: impl Fn(usize) -> F) -> Vec<Answer>
where
    F: Future<Output = Answer> + Send + 'static,
{
    (0..CLIENTS)
        .map(act)
        .collect::<JoinSet<_>>()
        .join_all()
        .await
}

fn with_status(answers: &[Answer], status: u16) -> usize {
    answers
        .iter()
        .filter(|answer| answer.status == status)
        .count()
}

/// Case 1.
#[tokio::test(flavor = "multi_thread")]
async fn a_pair_has_one_direct_chat_for_both_agents_and_all_requests() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let answers = at_once(|n| {
        let (one, other) = (alice.on_its_own(), bob.on_its_own());
        async move {
            let (asks, with) = if n % 2 == 0 {
                (one, other)
            } else {
                (other, one)
            };
            asks.try_chat("direct", &[&with]).await
        }
    })
    .await;
    let ids: HashSet<_> = answers
        .iter()
        .map(|answer| answer.ok()["id"].to_string())
        .collect();
    assert_eq!(ids.len(), 1);
    let chat = answers[0].ok();
    assert_eq!(alice.get(&path(&chat, "")).await.ok()["member_count"], 2);
    assert_eq!(
        alice.events(&chat).await.len(),
        3,
        "the chat and its two participants"
    );
}

/// CHAT-16, cases 2 and 3 and 8.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_added_once_and_removed_once() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[]).await;
    let adds = at_once(|_| {
        let (alice, bob, chat) = (alice.on_its_own(), bob.clone(), chat.clone());
        async move { alice.add(&chat, &bob).await }
    })
    .await;
    assert_eq!(
        (with_status(&adds, 200), with_status(&adds, 409)),
        (1, CLIENTS - 1)
    );
    let bobs = alice.participant(&chat, &bob).await.expect("bob is in");
    let removals = at_once(|_| {
        let (alice, bobs, chat) = (alice.on_its_own(), bobs.clone(), chat.clone());
        async move { alice.remove(&chat, &bobs).await }
    })
    .await;
    assert_eq!(
        (with_status(&removals, 200), with_status(&removals, 404)),
        (1, CLIENTS - 1)
    );
    let events = alice.events(&chat).await;
    let left = events
        .iter()
        .filter(|event| event["type"] == "chatparticipant_removed")
        .count();
    assert_eq!(left, 1);
    assert_eq!(alice.get(&path(&chat, "")).await.ok()["member_count"], 1);
}

/// Case 14.
#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_reaction_is_there_once() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let message = alice.say(&chat, "vote").await;
    let answers = at_once(|n| {
        let by = if n % 25 < 13 { &alice } else { &bob };
        let (by, message) = (by.on_its_own(), message.clone());
        async move { by.react(&message, &format!("option_{}", n % 25)).await }
    })
    .await;
    assert_eq!(with_status(&answers, 200), CLIENTS);
    let id = message["id"].as_str().expect("an id");
    let now = alice
        .get(&format!("/v1.0/service_agents/talk_messages/{id}"))
        .await
        .ok();
    let reactions = now["metadata"]["reactions"]
        .as_array()
        .expect("a list")
        .clone();
    let emoji: HashSet<_> = reactions.iter().map(|r| r["emoji"].to_string()).collect();
    assert_eq!((reactions.len(), emoji.len()), (25, 25));
}

/// LOG-01 and MSG-15.
#[tokio::test(flavor = "multi_thread")]
async fn messages_of_a_crowd_are_in_one_order_without_gaps() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("talk", &[]).await;
    at_once(|n| {
        let (alice, chat): (Client, _) = (alice.on_its_own(), chat.clone());
        async move { alice.try_say(&chat, &format!("message {n}")).await }
    })
    .await;
    let events = alice.events(&chat).await;
    let seqs: Vec<_> = events.iter().map(|event| event["seq"].clone()).collect();
    assert_eq!(
        seqs,
        (1..=CLIENTS + 2).map(|seq| json!(seq)).collect::<Vec<_>>()
    );
    let times: Vec<_> = events[2..]
        .iter()
        .map(|e| e["data"]["tm_create"].to_string())
        .collect();
    assert!(
        times.is_sorted_by(|a, b| a < b),
        "time rises strictly inside a chat"
    );
}
