//! Replays and tests of endpoints beside new events.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use talk_testkit::harness::Client;

use super::chaos::{ended, logged, place};
use super::receiver::{Received, Receiver, status};
use super::{WEBHOOKS, deliveries, of, server_for, webhook};

/// Posts to each chat before the replays, and as many beside them.
const POSTS: usize = 20;

async fn say(by: &Client, chats: &[Value]) {
    for n in 0..POSTS {
        for chat in chats {
            by.say(chat, &n.to_string()).await;
        }
    }
}

/// The events that a receiver got, by stream, in the order of their arrival. Checks that one that came
/// again has the same identity and the same body.
fn arrived(requests: &[Received]) -> BTreeMap<String, Vec<u64>> {
    let mut streams: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let (mut bodies, mut ids) = (BTreeMap::new(), BTreeMap::new());
    for request in requests {
        let id = request.header("webhook-id").to_owned();
        let first = bodies.entry(id.clone()).or_insert(&request.body);
        assert_eq!(*first, &request.body, "{id}");
        let same = ids.entry(&request.body).or_insert_with(|| id.clone());
        assert_eq!(*same, id, "one event, one identity");
        if !id.starts_with("test_") {
            let (stream, seq) = place(&id);
            streams.entry(stream).or_default().push(seq);
        }
    }
    streams
}

/// Checks that the events of a chat arrived in their order the first time, and so did those that arrived
/// a second and a third time. Two replays send no event more often.
fn in_order(chat: &[u64]) {
    let mut times: BTreeMap<u64, usize> = BTreeMap::new();
    let mut last = [0; 3];
    for seq in chat {
        let time = times.entry(*seq).or_default();
        assert!(*time < last.len(), "{seq} came too often in {chat:?}");
        assert!(last[*time] < *seq, "{seq} came too late in {chat:?}");
        last[*time] = *seq;
        *time += 1;
    }
}

/// HOOK-07 and HOOK-10: nothing is lost, chats keep their order unless the endpoint wants none, and
/// whatever comes twice has its identity.
#[tokio::test(flavor = "multi_thread")]
async fn replays_and_a_test_beside_new_events_lose_nothing_and_keep_chats_in_order() {
    let (ordered, unordered) = (Receiver::start(), Receiver::start());
    for receiver in [&ordered, &unordered] {
        // So slowly that deliveries are under way when the replays come.
        receiver.answers(|_| {
            std::thread::sleep(Duration::from_millis(1));
            status(200)
        });
    }
    let server = server_for(&[&ordered, &unordered]).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    let body = json!({"uri": unordered.url(), "order": "none"});
    let hooks = [
        (webhook(&admin, &ordered).await, &ordered),
        (admin.post(WEBHOOKS, body).await.ok(), &unordered),
    ];
    let mut chats = Vec::new();
    for _ in 0..3 {
        chats.push(alice.chat("group", &[]).await);
    }
    say(&alice, &chats).await;
    for (hook, _) in &hooks {
        deliveries(&admin, hook, ("delivered", POSTS)).await;
    }
    let all = async |rest: &str| {
        let paths = hooks.each_ref().map(|(hook, _)| of(hook, rest));
        let [first, second] = paths.each_ref().map(|path| admin.post(path, json!({})));
        let (first, second) = tokio::join!(first, second);
        [first.ok(), second.ok()]
    };
    let (first, second, tests, ()) = tokio::join!(
        all("/replay"),
        all("/replay"),
        all("/test"),
        say(&alice, &chats)
    );
    for both in first.iter().zip(&second) {
        let [one, other] = [both.0, both.1].map(|replayed| replayed["replayed"].as_u64());
        assert!(one.max(other) >= Some(20), "{both:?}");
    }
    let log = logged(&alice, &chats).await;
    for ((hook, receiver), test) in hooks.iter().zip(&tests) {
        let (delivered, dead) = ended(&admin, hook, log.len() + 1).await;
        assert_eq!((delivered.len(), dead.len()), (log.len() + 1, 0));
        let requests = receiver.all();
        let test = test["event_id"].as_str().expect("an id");
        assert!(requests.iter().any(|one| one.header("webhook-id") == test));
        let arrived = arrived(&requests);
        let got: BTreeSet<_> = arrived
            .iter()
            .flat_map(|(stream, seqs)| seqs.iter().map(|seq| (stream.clone(), *seq)))
            .collect();
        assert_eq!(got, log);
        if hook["order"] == "chat" {
            for chat in arrived.values() {
                in_order(chat);
            }
        }
    }
}
