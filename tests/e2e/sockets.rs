//! Events as they happen, over the socket.

mod held_posts;
mod limits;
mod ordering;
mod posting;
mod removing;
mod resuming;
mod sessions;
mod silence;
mod subscribing;
mod topics;

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use talk_testkit::harness::{Client, Server, Socket};

/// `agent_id:<agent>:chat`.
fn all_of(agent: &Client) -> String {
    format!("agent_id:{}:chat", agent.id)
}

/// `agent_id:<agent>:chat:<chat>`.
fn one_of(agent: &Client, chat: &Value) -> String {
    format!("{}:{}", all_of(agent), id(chat))
}

fn id(resource: &Value) -> &str {
    resource["id"].as_str().expect("an id")
}

/// The name of the log that positions are about.
async fn epoch(by: &Client, chat: &Value) -> String {
    let path = format!("/v1.0/service_agents/talk_events?chat_id={}", id(chat));
    let epoch = by.get(&path).await.ok()["epoch"].clone();
    epoch.as_str().expect("text").to_owned()
}

/// Frames of a chat's log, byte for byte.
async fn logged(by: &Client, chat: &Value) -> Vec<String> {
    let mut frames = Vec::new();
    loop {
        let path = "/v1.0/service_agents/talk_events";
        let place = format!("chat_id={}&since={}&limit=1000", id(chat), frames.len());
        let answer = by.get(&format!("{path}?{place}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let list: BTreeMap<String, &RawValue> = serde_json::from_str(&answer.body).expect("JSON");
        let page: Vec<&RawValue> = serde_json::from_str(list["result"].get()).expect("a list");
        if page.is_empty() {
            return frames;
        }
        frames.extend(page.into_iter().map(|frame| frame.get().to_owned()));
    }
}

fn parsed(frame: &str) -> Value {
    serde_json::from_str(frame).expect("JSON")
}

/// Compares frames one by one, byte for byte.
#[track_caller]
fn assert_same(frames: &[String], expected: &[String]) {
    for (frame, expected) in frames.iter().zip(expected) {
        assert_eq!(frame, expected);
    }
    assert_eq!(frames.len(), expected.len());
}

/// Checks that a chat as an agent is shown it says all that its event says.
#[track_caller]
fn assert_shows(shown: &Value, event: &Value) {
    for (field, value) in event.as_object().expect("an object") {
        assert_eq!(&shown[field], value, "{field}");
    }
    assert!(event["id"].is_string(), "{event}");
}

/// WS-03.
#[tokio::test]
async fn a_message_reaches_every_participant_once_as_it_is_logged() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let mut sockets = [
        Socket::subscribed(&alice).await,
        Socket::subscribed(&bob).await,
    ];
    let said = alice.say(&chat, "hello").await;
    let last = alice.say(&chat, "and no more").await;
    let logged = logged(&alice, &chat).await;
    for socket in &mut sockets {
        let frames = socket.up_to(&last).await;
        assert_same(&frames, &logged[logged.len() - 2..]);
        assert_eq!(parsed(&frames[0])["data"], said);
        socket.nothing_else().await;
    }
    let [socket, _] = &mut sockets;
    socket
        .send(json!({"type": "unsubscribe", "id": "u", "topics": [all_of(&alice)]}))
        .await;
    let answer = socket.answer("unsubscribed").await;
    assert_eq!(
        (&answer["id"], &answer["topics"]),
        (&json!("u"), &json!([]))
    );
}
