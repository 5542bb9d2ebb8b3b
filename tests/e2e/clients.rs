//! The client library against the real server.

use std::collections::HashMap;
use std::time::Duration;

use talk_client::resource::Message;
use talk_client::{Client, ClientError, Event, Follow, NewChat, Positions, Subscription, Update};
use tokio::time::timeout;

use talk_testkit::harness::{self, Server};

/// How long anything may take to come.
const PATIENCE: Duration = Duration::from_secs(60);

fn client(of: &harness::Client) -> Client {
    Client::with_token(of.url(), of.token()).expect("a client")
}

async fn next(subscription: &mut Subscription) -> Result<Update, ClientError> {
    let next = timeout(PATIENCE, subscription.next()).await;
    next.expect("an update in time")
        .expect("an open subscription")
}

/// Waits until it is connected and follows what there is.
async fn connected(subscription: &mut Subscription) {
    while !matches!(
        next(subscription).await.expect("an update"),
        Update::Connected { .. }
    ) {}
}

/// Reads on until this message has come; the events of each chat must come without gaps.
async fn read_to(
    subscription: &mut Subscription,
    last: &Message,
    seen: &mut HashMap<String, Vec<u64>>,
) {
    loop {
        let Update::Event(frame) = next(subscription).await.expect("an update") else {
            continue;
        };
        let seqs = seen.entry(frame.chat_id.clone()).or_default();
        if let Some(before) = seqs.last() {
            assert_eq!(frame.seq, before + 1);
        }
        seqs.push(frame.seq);
        if matches!(&frame.event, Event::MessagePosted(message) if message.id == last.id) {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_delivers_every_event_once_across_kills_of_the_server() {
    let mut server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let (writer, reader) = (client(&alice), client(&bob));
    let chat = writer
        .create_chat(NewChat::group("Incident").with(&*bob.id))
        .await;
    let chat = chat.expect("a chat").chat.id;
    let mut subscription = reader.subscribe(Follow::All, Positions::default());
    connected(&mut subscription).await;
    let mut seen = HashMap::new();
    for round in 0..4 {
        let mut last = None;
        for n in 0..25 {
            let posted = writer.post(&chat, format!("{round}-{n}")).await;
            last = Some(posted.expect("a message"));
        }
        server.kill_and_restart().await;
        let last = last.expect("a message");
        read_to(&mut subscription, &last, &mut seen).await;
    }
    assert_eq!(seen[&chat].len(), 100);
    // A subscription with the stored positions continues where the first one ended.
    let positions = subscription.positions().clone();
    drop(subscription);
    let missed = writer.post(&chat, "while nobody listened").await;
    let mut again = reader.subscribe(Follow::All, positions);
    read_to(&mut again, &missed.expect("a message"), &mut seen).await;
    assert_eq!(seen[&chat].len(), 101);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_ends_when_its_token_does() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let reader = client(&alice);
    let mut subscription = reader.subscribe(Follow::All, Positions::default());
    connected(&mut subscription).await;
    reader.logout().await.expect("logged out");
    let ended = loop {
        match next(&mut subscription).await {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(
        matches!(
            ended,
            ClientError::Closed { code: 4401, .. } | ClientError::Refused { status: 401, .. }
        ),
        "{ended:?}"
    );
    assert!(subscription.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_typed_and_refusals_keep_their_reason() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let (alice, bob) = (client(&alice), client(&bob));
    let chat = alice
        .create_chat(NewChat::channel("News"))
        .await
        .expect("a chat");
    let refused = bob
        .post(&chat.chat.id, "hello")
        .await
        .expect_err("no member");
    assert_eq!(refused.reason(), Some("PERMISSION_DENIED"));
    bob.join(&chat.chat.id).await.expect("joined");
    let said = bob.post(&chat.chat.id, "hello").await.expect("a message");
    let reacted = alice.react(&said.id, "👍").await.expect("a message");
    assert_eq!(reacted.metadata.reactions.len(), 1);
    let page = alice.messages(&chat.chat.id).all().await.expect("messages");
    assert!(page.contains(&reacted));
    let events = alice.events(&chat.chat.id, 0, 1_000).await.expect("events");
    assert_eq!(events.head, events.events.last().expect("an event").seq);
}
