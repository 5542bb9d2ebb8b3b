//! Addresses that lead into the operator's own networks.

use std::collections::BTreeSet;

use serde_json::json;
use talk_testkit::harness::Server;

use super::receiver::Receiver;
use super::{KEY, WEBHOOKS, deliveries, of};

/// Spellings of hosts that are not of the public internet.
const HOSTS: [&str; 30] = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "0",
    "0.0.0.0",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[fe80::1%25lo]",
    "[fe80::1]",
    "127.0.0.2",
    "127.255.255.254",
    "１２７.０.０.１",
    "169.254.169.254",
    "10.0.0.1",
    "192.168.0.1",
    "%31%32%37.0.0.1",
];

/// HOOK-13: nothing is connected, and the refusals are alike.
#[tokio::test(flavor = "multi_thread")]
async fn hostile_addresses_are_not_connected_to() {
    let receiver = Receiver::start();
    let port = receiver.port;
    let server = Server::start_with(&[
        ("TALK_SECRETS_KEY", KEY),
        ("TALK_WEBHOOK_ALLOW_HTTP", "true"),
        ("TALK_WEBHOOK_ALLOW_PORTS", &port.to_string()),
        ("TALK_WEBHOOK_SCHEDULE", ""),
        ("TALK_MAX_WEBHOOKS", "100"),
    ])
    .await;
    let admin = server.admin().await;
    let mut made = Vec::new();
    for host in HOSTS {
        let body = json!({"uri": format!("http://{host}:{port}/")});
        let webhook = admin.post(WEBHOOKS, body).await.ok();
        admin.post(&of(&webhook, "/test"), json!({})).await.ok();
        made.push(webhook);
    }
    let mut seen = BTreeSet::new();
    for webhook in &made {
        let dead = deliveries(&admin, webhook, ("dead", 1)).await;
        let attempt = &dead[0]["attempts"][0];
        seen.insert((
            attempt["error"].to_string(),
            attempt["latency_ms"].to_string(),
        ));
    }
    let alike = (
        "\"the host cannot be reached from here\"".to_owned(),
        "0".to_owned(),
    );
    assert_eq!(seen, [alike].into());
    assert!(receiver.all().is_empty());
}
