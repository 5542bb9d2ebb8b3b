//! Events that the log no longer has, and the reader of the log.

use serde_json::{Value, json};
use talk_testkit::harness::Server;

use super::receiver::{Received, Receiver};
use super::{KEY, deliveries, of, server_for, server_with, webhook};
use crate::retention::{FOR_EVER, LOG, age, erased};

/// The number of events that the reader of the log has not taken.
fn lag(server: &Server) -> u64 {
    let listed = server.operate(&["consumer", "list", "--json"]);
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    assert_eq!(listed[0]["name"], "webhooks");
    listed[0]["lag"].as_u64().expect("a number")
}

/// HOOK-20: the receiver learns that it must read its chats again.
#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_missed_removed_events_gets_a_gap_beside_the_others() {
    let receiver = Receiver::start();
    let mut server = server_with(&[&receiver], &FOR_EVER).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    let chat = alice.chat("group", &[]).await;
    let made = webhook(&admin, &receiver).await;
    alice.say(&chat, "before").await;
    deliveries(&admin, &made, ("delivered", 1)).await;
    let path = of(&made, "");
    admin.put(&path, json!({"enabled": false})).await.ok();
    for n in 0..20 {
        alice.say(&chat, &n.to_string()).await;
    }
    // Retention waits for the reader of the log.
    while lag(&server) > 0 {}
    let port = receiver.port.to_string();
    let mut settings = LOG.to_vec();
    settings.extend([
        ("TALK_SECRETS_KEY", KEY),
        ("TALK_WEBHOOK_ALLOW_HTTP", "true"),
        ("TALK_WEBHOOK_ALLOW_NETWORKS", "127.0.0.0/8"),
        ("TALK_WEBHOOK_ALLOW_PORTS", &port),
    ]);
    server.restart_after(&settings, age).await;
    erased(&server, 1).await;
    admin.put(&path, json!({"enabled": true})).await.ok();
    // The one before, the gap, and the five events that the log still has.
    let requests = receiver.received(7).await;
    let (gaps, events): (Vec<_>, Vec<_>) = requests[1..]
        .iter()
        .map(Received::json)
        .partition(|body| body["type"] == "webhook_gap");
    assert_eq!(
        (gaps.len(), &gaps[0]["data"]["webhook_id"]),
        (1, &made["id"])
    );
    let texts: Vec<_> = events
        .iter()
        .map(|body| body["data"]["text"].clone())
        .collect();
    assert_eq!(texts, ["15", "16", "17", "18", "19"]);
    alice.say(&chat, "after").await;
    assert_eq!(
        receiver.received(8).await[7].json()["data"]["text"],
        "after"
    );
}

/// LOG-08: a forgotten reader of the log is registered again at the next start.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_lists_and_forgets_the_readers_of_the_log() {
    let receiver = Receiver::start();
    let mut server = server_for(&[&receiver]).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    let chat = alice.chat("group", &[]).await;
    let made = webhook(&admin, &receiver).await;
    alice.say(&chat, "before").await;
    deliveries(&admin, &made, ("delivered", 1)).await;
    assert!(server.operate(&["consumer", "list"]).contains("webhooks"));
    while lag(&server) > 0 {}
    server.terminate();
    assert!(server.ended().await.success());
    let forgotten = server.operate(&["consumer", "forget", "webhooks"]);
    assert!(forgotten.contains("webhooks is forgotten"), "{forgotten}");
    assert!(!server.operate(&["consumer", "list"]).contains("webhooks"));
    server.restart().await;
    alice.say(&chat, "after").await;
    let requests = receiver.received(2).await;
    assert_eq!(requests[1].json()["data"]["text"], "after");
    assert!(server.operate(&["consumer", "list"]).contains("webhooks"));
}
