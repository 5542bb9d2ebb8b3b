//! Resumption: missed events first, then live ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{all_of, assert_same, epoch, id, logged, one_of, parsed};
use talk_testkit::harness::client::message;
use talk_testkit::harness::{Client, Server, Socket};

const MESSAGES: &str = "/v1.0/service_agents/talk_messages";

/// Frames of the log as they are replayed.
fn replayed(frames: &[String]) -> Vec<String> {
    let replayed = |frame: &String| {
        let open = frame.strip_suffix('}').expect("an object");
        format!("{open},\"replay\":true}}")
    };
    frames.iter().map(replayed).collect()
}

/// A frame as it is logged, replayed or not.
fn bare(frame: &str) -> String {
    frame.replace(",\"replay\":true}", "}")
}

fn seq(frame: &str) -> u64 {
    parsed(frame)["seq"].as_u64().expect("a number")
}

/// WS-06.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_comes_as_it_is_logged_and_then_what_happens() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    for n in 0..5 {
        let said = alice.say(&chat, &format!("message {n}")).await;
        bob.react(&said, "👍").await.ok();
    }
    let epoch = epoch(&bob, &chat).await;
    let log = logged(&bob, &chat).await;
    let head = log.len();
    let mut sockets = Vec::new();
    for since in [0, 2, 7, head - 1, head] {
        let mut socket = Socket::open(&bob).await;
        let answer = socket.resume(&bob, &epoch, json!({id(&chat): since})).await;
        let place = json!({id(&chat): {"from": since + 1, "head": head}});
        assert_eq!(
            (&answer["chats"], &answer["epoch"]),
            (&place, &json!(epoch))
        );
        let frames = socket.texts(head - since).await;
        assert_same(&frames, &replayed(&log[since..]));
        let caught_up = socket.next().await;
        let expected = json!({"type": "caught_up", "chat_id": chat["id"], "seq": head});
        assert_eq!(caught_up, expected);
        sockets.push(socket);
    }
    let said = alice.say(&chat, "live").await;
    let last = logged(&bob, &chat).await.split_off(head);
    for socket in &mut sockets {
        assert_same(&socket.up_to(&said).await, &last);
    }
}

/// WS-06.
#[tokio::test(flavor = "multi_thread")]
async fn each_chat_is_resumed_from_its_own_place_and_the_others_from_now_on() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let [one, two, three] = [
        alice.chat("group", &[&bob]).await,
        alice.chat("group", &[&bob]).await,
        alice.chat("group", &[&bob]).await,
    ];
    for chat in [&one, &two, &three] {
        alice.say(chat, "missed").await;
    }
    let epoch = epoch(&bob, &one).await;
    let mut socket = Socket::open(&bob).await;
    let since = json!({id(&one): 3, id(&two): 1});
    socket.resume(&bob, &epoch, since).await;
    let frames = socket.texts(6).await;
    for (chat, since) in [(&one, 3), (&two, 1)] {
        let mut of_chat = frames.clone();
        of_chat.retain(|frame| parsed(frame)["chat_id"] == chat["id"]);
        let caught_up = of_chat.pop().map(|frame| parsed(&frame)["type"].clone());
        assert_eq!(caught_up, Some(json!("caught_up")));
        assert_same(&of_chat, &replayed(&logged(&bob, chat).await[since..]));
    }
    let said = alice.say(&three, "not missed").await;
    assert_eq!(socket.next().await["data"], said);
    let again = json!({"type": "subscribe", "id": "s", "topics": [one_of(&bob, &three)],
        "epoch": epoch, "since": {id(&three): 4}});
    let mut socket = Socket::open(&bob).await;
    socket.send(again).await;
    socket.answer("subscribed").await;
    let frames = socket.texts(1).await;
    assert_same(&frames, &replayed(&logged(&bob, &three).await[4..]));
    socket.answer("caught_up").await;
    socket.nothing_else().await;
}

/// Posts until the server is gone or `numbers` end; which of them were acknowledged.
async fn write(
    by: Client,
    chat: Value,
    numbers: impl Iterator<Item = usize> + Send,
) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for n in numbers {
        let body = json!({"chat_id": chat["id"], "text": format!("message {n}")});
        let request = by.request(reqwest::Method::POST, MESSAGES).json(&body);
        let Ok(answer) = request.send().await else {
            break;
        };
        assert_eq!(answer.status(), 200);
        if let Ok(said) = answer.json::<Value>().await {
            acknowledged.push(id(&said).to_owned());
        }
    }
    acknowledged
}

/// Connects again and again, each time for a few events; everything up to event `last`.
async fn restless(client: &Client, chat: &Value, (epoch, last): (&str, u64)) -> Vec<String> {
    let mut events: Vec<String> = Vec::new();
    let mut patience = 5;
    while events.last().map_or(0, |frame| seq(frame)) < last {
        let since = json!({id(chat): events.len()});
        let mut socket = Socket::open(client).await;
        socket.resume(client, epoch, since).await;
        patience = (patience * 7) % 31 + 3;
        for _ in 0..patience {
            let frame = socket.next_text().await;
            match parsed(&frame)["type"].as_str() {
                Some("caught_up" | "lagging") => {}
                _ => events.push(frame),
            }
            if events.last().map_or(0, |frame| seq(frame)) == last {
                break;
            }
        }
    }
    events
}

/// Case 25.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_however_often_one_reconnects_while_others_write() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let epoch = epoch(&bob, &chat).await;
    let mut writers = JoinSet::new();
    for n in 0..4 {
        let (alice, chat) = (alice.on_its_own(), chat.clone());
        writers.spawn(write(alice, chat, n * 75..(n + 1) * 75));
    }
    let events = restless(&bob, &chat, (&epoch, 303)).await;
    let acknowledged = writers.join_all().await.concat();
    assert_eq!(acknowledged.len(), 300);
    let events: Vec<_> = events.iter().map(|frame| bare(frame)).collect();
    assert_same(&events, &logged(&bob, &chat).await);
}

/// Cases 24 and 25.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_the_server_is_killed_while_others_write() {
    let mut server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let epoch = epoch(&bob, &chat).await;
    let mut socket = Socket::open(&bob).await;
    socket.resume(&bob, &epoch, json!({id(&chat): 0})).await;
    let mut writers = JoinSet::new();
    let is_over = Arc::new(AtomicBool::new(false));
    for n in 0..4 {
        let (alice, chat) = (alice.on_its_own(), chat.clone());
        let is_over = Arc::clone(&is_over);
        // A client without a request in flight does not notice the kill.
        let numbers = (n * 100_000..).take_while(move |_| !is_over.load(Ordering::Relaxed));
        writers.spawn(write(alice, chat, numbers));
    }
    let mut events = Vec::new();
    while events.len() < 60 {
        let frame = socket.next_text().await;
        if parsed(&frame)["type"] != "caught_up" {
            events.push(frame);
        }
    }
    server.kill_and_restart().await;
    is_over.store(true, Ordering::Relaxed);
    let acknowledged = writers.join_all().await.concat();
    let bob = server.with_token(bob.token()).named(&bob.id);
    let log = logged(&bob, &chat).await;
    let text = log.concat();
    for id in &acknowledged {
        assert!(text.contains(id), "{id} was acknowledged");
    }
    let mut socket = Socket::open(&bob).await;
    let since = json!({id(&chat): events.len()});
    let answer = socket.resume(&bob, &epoch, since).await;
    assert_eq!(answer["epoch"], json!(epoch));
    let missed = socket.texts(log.len() - events.len()).await;
    assert_same(&missed, &replayed(&log[events.len()..]));
    socket.answer("caught_up").await;
    let events: Vec<_> = events.iter().map(|frame| bare(frame)).collect();
    assert_same(&events, &log[..events.len()]);
}

/// WS-07.
#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_is_worth_nothing_is_said_to_be() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    alice.say(&chat, "hello").await;
    let epoch = epoch(&bob, &chat).await;
    for (epoch, since, reason) in [
        ("another", 2, "epoch"),
        ("", 4, "epoch"),
        (&*epoch, 5, "ahead_of_head"),
        (&*epoch, 1_000_000, "ahead_of_head"),
    ] {
        let head = logged(&bob, &chat).await.len();
        let since = if since == 5 { head + 1 } else { since };
        let mut socket = Socket::open(&bob).await;
        let answer = socket.resume(&bob, epoch, json!({id(&chat): since})).await;
        let place = json!({id(&chat): {"from": head + 1, "head": head}});
        assert_eq!(answer["chats"], place);
        let expected = json!({"type": "reset", "chat_id": chat["id"], "reason": reason,
            "head": head});
        assert_eq!(socket.next().await, expected);
        let said = alice.say(&chat, "live").await;
        let last = logged(&bob, &chat).await.split_off(head);
        assert_same(&socket.up_to(&said).await, &last);
    }
}

/// WS-06.
#[tokio::test(flavor = "multi_thread")]
async fn a_place_without_its_epoch_is_refused_and_nothing_followed() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    let epoch = epoch(&alice, &chat).await;
    let mut socket = Socket::open(&alice).await;
    let mut frame = json!({"type": "subscribe", "id": "s", "topics": [all_of(&alice)],
        "since": {id(&chat): 1}});
    socket.send(frame.clone()).await;
    let error = socket.answer("error").await;
    let expected = (&json!("s"), &json!("EPOCH_REQUIRED"));
    assert_eq!((&error["id"], &error["reason"]), expected);
    frame["epoch"] = json!(epoch);
    frame["since"] = json!({"no id": 1});
    socket.send(frame).await;
    assert_eq!(socket.answer("error").await["reason"], "INVALID_ID");
    alice.say(&chat, "not heard").await;
    socket.subscribe(&all_of(&alice)).await;
    let said = alice.say(&chat, "heard").await;
    assert_eq!(socket.next().await["data"], said);
}

/// Case 13.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_deleted_message_said_is_not_replayed() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let said = alice.say(&chat, "a secret").await;
    let edited = json!({"text": "a secret, edited"});
    alice.put(&message(&said, ""), edited).await.ok();
    let tombstone = alice.delete(&message(&said, "")).await.ok();
    let epoch = epoch(&bob, &chat).await;
    let mut socket = Socket::open(&bob).await;
    socket.resume(&bob, &epoch, json!({id(&chat): 3})).await;
    for kind in [
        "chatmessage_created",
        "chatmessage_updated",
        "chatmessage_deleted",
    ] {
        let frame = socket.answer(kind).await;
        assert_eq!(
            (&frame["data"], &frame["replay"]),
            (&tombstone, &json!(true))
        );
        assert!(!frame.to_string().contains("secret"), "{frame}");
    }
    socket.answer("caught_up").await;
}
