//! Answers to subscriptions, and refused topics.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{all_of, id, one_of};
use talk_testkit::harness::{Client, Server, Socket};

const NOWHERE: &str = "01890000-0000-7000-8000-000000000000";

async fn customer(agent: &Client) -> String {
    let me = agent.get("/v1.0/service_agents/me").await.ok();
    me["customer_id"].as_str().expect("an id").to_owned()
}

/// Returns the reason of each refused topic of an answer.
fn refused(answer: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let refused = answer["refused"].as_array().expect("a list").iter();
    refused
        .map(|refused| (text(&refused["topic"]), text(&refused["reason"])))
        .collect()
}

/// Topics that are none of `bob`, each with the reason.
async fn wrong(bob: &Client, alice: &Client, chat: &Value) -> BTreeMap<String, String> {
    let (own, customer) = (&bob.id, customer(bob).await);
    let (own_but_one, customer_but_one) = (&own[..35], &customer[..35]);
    let (one, chat) = (one_of(bob, chat), id(chat));
    let malformed = [
        String::new(),
        ":".into(),
        "agent_id".into(),
        format!("agent_id:{own}"),
        format!("agent_id:{own}:"),
        format!("agent_id:{own}:cha"),
        format!("agent_id:{own}:chats"),
        format!("agent_id:{own}:queue"),
        format!("agent_id:{own}:chat:"),
        format!("agent_id:{own}:chat:*"),
        format!("{one}:"),
        format!("{one}:message"),
        one[..one.len() - 1].to_owned(),
        format!("{one}0"),
        format!("agent_id:{own_but_one}:chat"),
        format!("agent_id:{own}0:chat"),
        format!("customer_id:{customer_but_one}:chat"),
        format!("queue_id:{own}:chat"),
        format!("agent_id:{own}:chat:{chat} "),
        "*".into(),
    ];
    let foreign = [
        all_of(alice),
        format!("agent_id:{}:chat:{chat}", alice.id),
        format!("agent_id:{NOWHERE}:chat"),
        format!("agent_id:{customer}:chat"),
        format!("customer_id:{NOWHERE}:chat"),
        format!("customer_id:{NOWHERE}:chat:{chat}"),
        format!("customer_id:{own}:chat"),
    ];
    let malformed = malformed.map(|topic| (topic, "TOPIC_INVALID".to_owned()));
    let foreign = foreign.map(|topic| (topic, "PERMISSION_DENIED".to_owned()));
    malformed.into_iter().chain(foreign).collect()
}

/// WS-04.
#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_is_answered_with_where_each_chat_begins() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let [first, second] = [
        alice.chat("group", &[&bob]).await,
        alice.chat("group", &[&bob]).await,
    ];
    alice.say(&first, "hello").await;
    let events = format!("/v1.0/service_agents/talk_events?chat_id={}", id(&first));
    let epoch = bob.get(&events).await.ok()["epoch"].clone();
    let mut socket = Socket::open(&bob).await;
    let topics = [all_of(&bob), one_of(&bob, &second)];
    socket
        .send(json!({"type": "subscribe", "id": "any id", "topics": topics}))
        .await;
    let answer = socket.next().await;
    let expected = json!({
        "type": "subscribed", "id": "any id", "epoch": epoch, "refused": [],
        "chats": {id(&first): {"from": 5, "head": 4}, id(&second): {"from": 4, "head": 3}},
    });
    assert_eq!(answer, expected);
    let said = alice.say(&first, "the fifth").await;
    let next = socket.next().await;
    assert_eq!((&next["seq"], &next["data"]), (&json!(5), &said));
}

/// WS-05.
#[tokio::test(flavor = "multi_thread")]
async fn without_an_id_nothing_is_answered() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    let mut socket = Socket::open(&alice).await;
    let topics = json!([all_of(&alice)]);
    socket
        .send(json!({"type": "subscribe", "topics": topics}))
        .await;
    socket.nothing_else().await;
    let said = alice.say(&chat, "heard").await;
    assert_eq!(socket.next().await["data"], said);
    socket
        .send(json!({"type": "unsubscribe", "topics": topics}))
        .await;
    socket.nothing_else().await;
    alice.say(&chat, "not heard").await;
    socket.subscribe(&all_of(&alice)).await;
    let said = alice.say(&chat, "heard").await;
    assert_eq!(socket.next().await["data"], said);
}

/// Cases 23 and 29.
#[tokio::test(flavor = "multi_thread")]
async fn wrong_topics_are_refused_one_by_one_and_the_others_are_subscribed() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let wrong = wrong(&bob, &alice, &chat).await;
    let mut socket = Socket::open(&bob).await;
    let one = one_of(&bob, &chat);
    let topics: Vec<&str> = wrong.keys().map(String::as_str).chain([&*one]).collect();
    let answer = socket.subscribe_all(&topics).await;
    assert_eq!(refused(&answer), wrong);
    assert_eq!(answer["chats"].as_object().expect("an object").len(), 1);
    let said = alice.say(&chat, "heard").await;
    assert_eq!(socket.next().await["data"], said);
}

/// Cases 23 and 32.
#[tokio::test(flavor = "multi_thread")]
async fn a_chat_of_another_customer_is_refused_like_one_that_does_not_exist() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let (eve, [mallory]) = server.customer("acme", ["mallory"]).await;
    let private = alice.chat("group", &[]).await;
    let deleted = bob.chat("group", &[]).await;
    let path = talk_testkit::harness::client::path(&deleted, "");
    bob.delete(&path).await.ok();
    let [foreign, channel] = [
        eve.chat("group", &[&mallory]).await,
        eve.chat("talk", &[]).await,
    ];
    let of_customer = format!("customer_id:{}:chat", customer(&bob).await);
    let mut socket = Socket::open(&bob).await;
    let unknown = json!({"id": NOWHERE});
    for (chat, reason) in [
        (&private, "PERMISSION_DENIED"),
        (&deleted, "CHAT_NOT_FOUND"),
        (&foreign, "CHAT_NOT_FOUND"),
        (&channel, "CHAT_NOT_FOUND"),
        (&unknown, "CHAT_NOT_FOUND"),
    ] {
        for topic in [one_of(&bob, chat), format!("{of_customer}:{}", id(chat))] {
            let answer = socket.subscribe(&topic).await;
            let expected = [(topic, reason.to_owned())].into();
            assert_eq!(refused(&answer), expected);
            assert_eq!(answer["chats"], json!({}));
        }
    }
    let own = bob.chat("group", &[]).await;
    socket.subscribe(&all_of(&bob)).await;
    alice.say(&private, "not heard").await;
    mallory.say(&foreign, "not heard").await;
    let said = bob.say(&own, "heard").await;
    assert_eq!(socket.up_to(&said).await.len(), 1);
}

/// Case 23 and WS-05.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_topic_without_an_id_closes_and_says_why() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let private = alice.chat("group", &[]).await;
    let unknown = json!({"id": NOWHERE});
    for (topic, reason) in [
        ("chat".to_owned(), "TOPIC_INVALID"),
        (all_of(&alice), "PERMISSION_DENIED"),
        (one_of(&bob, &private), "PERMISSION_DENIED"),
        (one_of(&bob, &unknown), "CHAT_NOT_FOUND"),
    ] {
        let mut socket = Socket::open(&bob).await;
        let topics = [all_of(&bob), topic];
        socket
            .send(json!({"type": "subscribe", "topics": topics}))
            .await;
        assert_eq!(socket.closed().await, (1008, reason.to_owned()));
    }
}
