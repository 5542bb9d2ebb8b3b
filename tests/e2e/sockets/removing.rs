//! After a removal nothing of the chat is delivered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{all_of, assert_same, assert_shows, epoch, id, logged, one_of, parsed};
use talk_testkit::harness::client::path;
use talk_testkit::harness::{Client, Server, Socket};

/// The text that ends a story.
const END: &str = "the end";

async fn remove(chat: &Value, by: &Client, other: &Client) {
    let member = by.participant(chat, other).await.expect("a member");
    by.remove(chat, &member).await.ok();
}

fn ended(chat: &Value, reason: &str, seq: usize) -> String {
    let (chat, reason) = (id(chat), json!(reason));
    let head = format!("{{\"type\":\"unsubscribed\",\"chat_id\":\"{chat}\"");
    format!("{head},\"reason\":{reason},\"seq\":{seq}}}")
}

/// Computes the frames that `agent`, who joins and leaves, must get of a chat's log.
fn heard_by(agent: &Client, chat: &Value, log: &[String]) -> Vec<String> {
    let (mut is_in, mut heard) = (false, Vec::new());
    for (place, frame) in log.iter().enumerate() {
        let event = parsed(frame);
        let is_own = event["data"]["owner_id"] == agent.id.as_str();
        is_in |= is_own && event["type"] == "chatparticipant_added";
        if is_in {
            heard.push(frame.clone());
        }
        if is_own && event["type"] == "chatparticipant_removed" {
            heard.push(ended(chat, "removed", place + 1));
            is_in = false;
        }
    }
    heard
}

/// Marks events as replayed, and nothing else.
fn replayed(heard: Vec<String>) -> Vec<String> {
    let replayed = |frame: String| match parsed(&frame)["type"].as_str() {
        Some("unsubscribed") => frame,
        _ => format!("{},\"replay\":true}}", &frame[..frame.len() - 1]),
    };
    heard.into_iter().map(replayed).collect()
}

/// Case 52: what REST refuses now, a resume does not show.
#[tokio::test(flavor = "multi_thread")]
async fn a_resume_of_a_removed_participant_gets_the_removal_alone() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let other = alice.chat("group", &[&bob]).await;
    let chat = alice.chat("group", &[&bob]).await;
    alice.say(&chat, "for bob").await;
    let epoch = epoch(&bob, &chat).await;
    remove(&chat, &alice, &bob).await;
    alice.say(&chat, "not for bob").await;
    let log = logged(&alice, &chat).await;
    let removed = log.iter().position(|frame| frame.contains("_removed"));
    let removed = removed.expect("bob's removal") + 1;
    for topic in [all_of(&bob), one_of(&bob, &chat)] {
        for since in [0, 3, removed - 1, removed, log.len()] {
            let mut socket = Socket::subscribed(&bob).await;
            let frame = json!({"type": "subscribe", "id": "s", "topics": [topic],
                "epoch": epoch, "since": {id(&chat): since}});
            socket.send(frame).await;
            assert_eq!(socket.answer("subscribed").await["refused"], json!([]));
            let is_new = since < removed;
            let mut expected: Vec<_> = is_new
                .then(|| log[removed - 1].clone())
                .into_iter()
                .collect();
            expected.push(ended(&chat, "removed", removed));
            let expected = replayed(expected);
            assert_same(&socket.texts(expected.len()).await, &expected);
            alice.say(&chat, "not for bob").await;
            let fence = alice.say(&other, "fence").await;
            assert_eq!(socket.up_to(&fence).await.len(), 1);
        }
    }
}

/// Case 52.
#[tokio::test(flavor = "multi_thread")]
async fn a_resume_in_a_deleted_chat_gets_the_deletion_alone() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    alice.say(&chat, "for bob").await;
    let epoch = epoch(&bob, &chat).await;
    let log = logged(&bob, &chat).await;
    let deleted = alice.delete(&path(&chat, "")).await.ok();
    let mut socket = Socket::open(&bob).await;
    socket.resume(&bob, &epoch, json!({id(&chat): 0})).await;
    let last = socket.next().await;
    assert_eq!(last["type"], "chat_deleted");
    assert_eq!(last["replay"], true);
    assert_shows(&deleted, &last["data"]);
    let told = ended(&chat, "deleted", log.len() + 1);
    assert_eq!(socket.next_text().await, told);
    socket.nothing_else().await;
    let since = json!({id(&chat): log.len() + 1});
    socket.resume(&bob, &epoch, since).await;
    assert_eq!(socket.next_text().await, told);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_joins_again_receives_each_membership_and_can_read_the_messages_between() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let mut live = Socket::subscribed(&bob).await;
    let epoch = epoch(&bob, &chat).await;
    for _ in 0..3 {
        alice.say(&chat, "for bob").await;
        remove(&chat, &alice, &bob).await;
        alice.say(&chat, "not for bob").await;
        alice.add(&chat, &bob).await.ok();
    }
    let last = alice.say(&chat, "for bob").await;
    let log = logged(&alice, &chat).await;
    let heard = heard_by(&bob, &chat, &log);
    assert_same(&live.up_to(&last).await, &heard[1..]);
    for topic in [all_of(&bob), one_of(&bob, &chat)] {
        let log = logged(&alice, &chat).await;
        let mut socket = Socket::open(&bob).await;
        let since = json!({id(&chat): 2});
        socket
            .send(json!({"type": "subscribe", "id": "s", "topics": [topic],
                "epoch": epoch, "since": since}))
            .await;
        socket.answer("subscribed").await;
        // A participant may read events from before it joined, as over HTTP.
        let frames = socket.texts(log.len() - 2).await;
        assert_same(&frames, &replayed(log[2..].to_vec()));
        assert_eq!(socket.answer("caught_up").await["seq"], json!(log.len()));
        let said = alice.say(&chat, "live").await;
        assert_eq!(socket.next().await["data"], said);
    }
}

/// A subscription of a former participant does not hold back the hub's state of the chat.
#[tokio::test(flavor = "multi_thread")]
async fn a_former_participant_holds_nobody_back() {
    let server = Server::start().await;
    let [alice, bob, carol] = server.agents(["alice", "bob", "carol"]).await;
    let chat = alice.chat("group", &[&bob, &carol]).await;
    let epoch = epoch(&alice, &chat).await;
    remove(&chat, &alice, &carol).await;
    for _ in 0..3 {
        alice.say(&chat, "on and on").await;
    }
    let log = logged(&alice, &chat).await;
    let left = log.iter().position(|frame| frame.contains("_removed"));
    let left = left.expect("carol's removal") + 1;
    let mut former = Socket::open(&carol).await;
    // Again each time, also on the same connection.
    for _ in 0..2 {
        let since = json!({id(&chat): left - 1});
        former.resume(&carol, &epoch, since).await;
        former.answer("chatparticipant_removed").await;
        assert_eq!(former.next_text().await, ended(&chat, "removed", left));
    }
    let mut socket = Socket::open(&bob).await;
    let since = json!({id(&chat): log.len() - 1});
    socket.resume(&bob, &epoch, since).await;
    socket.answer("chatmessage_created").await;
    assert_eq!(socket.answer("caught_up").await["seq"], json!(log.len()));
    alice.say(&chat, "live").await;
    assert_eq!(
        socket.answer("chatmessage_created").await["replay"],
        Value::Null
    );
    former.nothing_else().await;
}

/// WS-05: frames of newer features go only to clients that give ids.
#[tokio::test(flavor = "multi_thread")]
async fn who_gives_no_id_gets_no_frame_it_cannot_know() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let other = alice.chat("group", &[&bob]).await;
    let mut socket = Socket::open(&bob).await;
    socket
        .send(json!({"type": "subscribe", "topics": [all_of(&bob)]}))
        .await;
    // The subscription has no answer: what is read behind it has come after it.
    socket.send(json!({"type": "typo"})).await;
    socket.answer("error").await;
    remove(&chat, &alice, &bob).await;
    let last = alice.say(&other, "the end").await;
    for frame in socket.up_to(&last).await {
        let kind = parsed(&frame)["type"].clone();
        let kind = kind.as_str().expect("a type");
        assert!(kind.starts_with("chat"), "{frame}");
    }
}

/// Says things until the story is over.
async fn write(by: Client, chat: Value, is_over: Arc<AtomicBool>) {
    while !is_over.load(Ordering::Relaxed) {
        by.say(&chat, "on and on").await;
    }
}

/// Everything up to the end of the story.
async fn listen(mut socket: Socket) -> Vec<String> {
    let mut heard = Vec::new();
    loop {
        let text = socket.next_text().await;
        let frame = parsed(&text);
        if !matches!(frame["type"].as_str(), Some("lagging" | "caught_up")) {
            heard.push(text);
        }
        if frame["data"]["text"] == END {
            return heard;
        }
    }
}

/// Case 27: 1,000 removals while two others write without pause, each on three sockets.
#[tokio::test(flavor = "multi_thread")]
async fn a_removed_agent_gets_no_later_events_even_in_a_busy_chat() {
    let server = Server::start().await;
    let [alice, bob, carol] = server.agents(["alice", "bob", "carol"]).await;
    let chat = alice.chat("group", &[]).await;
    let mut sockets = Vec::new();
    for agent in [&bob, &carol] {
        for _ in 0..3 {
            let socket = Socket::subscribed(agent).await;
            sockets.push((agent, tokio::spawn(listen(socket))));
        }
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let mut writers = JoinSet::new();
    for _ in 0..2 {
        let (alice, is_over) = (alice.on_its_own(), Arc::clone(&is_over));
        writers.spawn(write(alice, chat.clone(), is_over));
    }
    for _ in 0..500 {
        for agent in [&bob, &carol] {
            alice.add(&chat, agent).await.ok();
        }
        for agent in [&bob, &carol] {
            remove(&chat, &alice, agent).await;
        }
    }
    for agent in [&bob, &carol] {
        alice.add(&chat, agent).await.ok();
    }
    is_over.store(true, Ordering::Relaxed);
    writers.join_all().await;
    alice.say(&chat, END).await;
    let log = logged(&alice, &chat).await;
    assert!(log.len() > 500, "others wrote meanwhile");
    for (agent, listening) in sockets {
        let heard = listening.await.expect("the whole story");
        assert_same(&heard, &heard_by(agent, &chat, &log));
    }
}
