//! The answer to a subscription is ordered among the events, also for a slow reader.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{epoch, id, one_of};
use talk_testkit::harness::{Client, Server, Socket};

/// More than fits on its way to a narrow socket.
const MESSAGES: usize = 45;

/// They come all at once, and nobody falls behind.
const QUEUE: [(&str, &str); 1] = [("TALK_SOCKET_QUEUE_BYTES", "1000000")];

struct Story {
    _server: Server,
    alice: Client,
    bob: Client,
    chat: Value,
    other: Value,
    /// Bob's socket, which follows both chats and takes nothing while alice talks in one.
    socket: Socket,
}

impl Story {
    async fn new() -> Self {
        let server = Server::start_with(&QUEUE).await;
        let [alice, bob] = server.agents(["alice", "bob"]).await;
        let chat = alice.chat("group", &[&bob]).await;
        let other = alice.chat("group", &[&bob]).await;
        let mut socket = Socket::narrow(&bob).await;
        let topics = [one_of(&bob, &chat), one_of(&bob, &other)];
        let topics: Vec<_> = topics.iter().map(String::as_str).collect();
        socket.subscribe_all(&topics).await;
        // All at once: who takes nothing for long is cut.
        let text = "x".repeat(8_000);
        join_all((0..MESSAGES).map(|_| alice.say(&chat, &text))).await;
        Self {
            _server: server,
            alice,
            bob,
            chat,
            other,
            socket,
        }
    }

    /// Frames up to the first of this type, and that one.
    async fn up_to(&mut self, kind: &str) -> (Vec<Value>, Value) {
        let mut before = Vec::new();
        loop {
            let frame = self.socket.next().await;
            if frame["type"] == kind {
                return (before, frame);
            }
            before.push(frame);
        }
    }
}

/// The places of events, without what tells of falling behind.
fn seqs(frames: &[Value]) -> Vec<u64> {
    let events = frames.iter().filter(|frame| frame["data"].is_object());
    events
        .map(|frame| frame["seq"].as_u64().expect("a number"))
        .collect()
}

#[track_caller]
fn assert_unbroken(seqs: &[u64]) {
    assert!(
        seqs.windows(2).all(|pair| pair[0] + 1 == pair[1]),
        "{seqs:?}"
    );
}

/// WS-06.
#[tokio::test(flavor = "multi_thread")]
async fn a_resumption_is_answered_after_what_came_before_it() {
    let mut story = Story::new().await;
    let epoch = epoch(&story.alice, &story.chat).await;
    let chat = id(&story.chat);
    let topic = one_of(&story.bob, &story.chat);
    let frame = json!({"type": "subscribe", "id": "s", "topics": [topic],
        "epoch": epoch, "since": {chat: 3}});
    story.socket.send(frame).await;
    let (before, answer) = story.up_to("subscribed").await;
    assert_unbroken(&seqs(&before));
    assert!(!before.iter().any(|frame| frame["replay"] == true));
    let range = answer["chats"][id(&story.chat)].clone();
    assert_eq!(range["from"], 4);
    let (after, _) = story.up_to("caught_up").await;
    let after = seqs(&after);
    assert_unbroken(&after);
    assert_eq!(
        (after.first(), after.last()),
        (Some(&4), range["head"].as_u64().as_ref())
    );
}

/// WS-04.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_subscription_begins_with_is_the_next_event() {
    let mut story = Story::new().await;
    let topic = one_of(&story.bob, &story.chat);
    let frame = json!({"type": "subscribe", "id": "s", "topics": [topic]});
    story.socket.send(frame).await;
    let (before, answer) = story.up_to("subscribed").await;
    let from = answer["chats"][id(&story.chat)]["from"]
        .as_u64()
        .expect("a number");
    let before = seqs(&before);
    assert_unbroken(&before);
    assert_eq!(before.last(), Some(&(from - 1)));
}

/// Bob is removed and comes back while he takes nothing; that he was removed is about what he
/// followed before.
#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_an_earlier_stay_does_not_end_a_later_subscription() {
    let mut story = Story::new().await;
    let (alice, bob, chat) = (&story.alice, &story.bob, &story.chat);
    let member = alice.participant(chat, bob).await.expect("bob");
    alice.remove(chat, &member).await.ok();
    alice.add(chat, bob).await.ok();
    let topic = one_of(bob, chat);
    let frame = json!({"type": "subscribe", "id": "s", "topics": [topic]});
    story.socket.send(frame).await;
    let (before, _) = story.up_to("subscribed").await;
    assert!(before.iter().any(|frame| frame["type"] == "unsubscribed"));
    let other = one_of(&story.bob, &story.other);
    let frame = json!({"type": "unsubscribe", "id": "u", "topics": [other]});
    story.socket.send(frame).await;
    let left = story.socket.answer("unsubscribed").await;
    assert_eq!(left["topics"], json!([topic]));
    let said = story.alice.say(&story.chat, "hello again").await;
    assert_eq!(
        story.socket.answer("chatmessage_created").await["data"],
        said
    );
}

/// WS-12.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_chat_follows_the_end_of_its_subscription() {
    let mut story = Story::new().await;
    let topic = one_of(&story.bob, &story.chat);
    let frame = json!({"type": "unsubscribe", "id": "u", "topics": [topic]});
    story.socket.send(frame).await;
    story.up_to("unsubscribed").await;
    let said = story.alice.say(&story.other, "hello").await;
    assert_eq!(
        story.socket.answer("chatmessage_created").await["data"],
        said
    );
}

/// WS-12.
#[tokio::test(flavor = "multi_thread")]
async fn nor_does_word_of_having_left_it() {
    let mut story = Story::new().await;
    let member = story.alice.participant(&story.chat, &story.bob).await;
    let member = member.expect("bob");
    story.alice.remove(&story.chat, &member).await.ok();
    let topic = one_of(&story.bob, &story.chat);
    let frame = json!({"type": "unsubscribe", "id": "u", "topics": [topic]});
    story.socket.send(frame).await;
    while story.up_to("unsubscribed").await.1["id"] != "u" {}
    let said = story.alice.say(&story.other, "hello").await;
    assert_eq!(
        story.socket.answer("chatmessage_created").await["data"],
        said
    );
}
