//! Costly reads delay only their sender.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use talk_testkit::harness::server::PASSWORD;
use talk_testkit::harness::{Client, Server};

const CHATS: &str = "/v1.0/service_agents/talk_chats";
const CHANNELS: &str = "/v1.0/service_agents/talk_channels";

/// Channels with the longest detail there may be, all of one letter.
async fn channels(by: &Client, count: usize) {
    let at_once = Arc::new(Semaphore::new(16));
    let mut creating = JoinSet::new();
    for n in 0..count {
        let (by, at_once) = (by.clone(), Arc::clone(&at_once));
        creating.spawn(async move {
            let _permit = at_once.acquire().await;
            let detail = "a".repeat(4_096);
            let body = json!({"type": "talk", "name": format!("{n}"), "detail": detail});
            by.post(CHATS, body).await.ok();
        });
    }
    creating.join_all().await;
}

/// Case 39 and API-11: a pattern of `LIKE` compares this needle with each letter of each detail.
#[tokio::test(flavor = "multi_thread")]
async fn hostile_channel_searches_delay_no_login_no_readiness_and_no_other_customer() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let (_, [eve]) = server.customer("acme", ["eve"]).await;
    let chat = eve.chat("group", &[]).await;
    channels(&alice, 900).await;
    let needle = format!("{}b", "a".repeat(253));
    let mut searches = JoinSet::new();
    for _ in 0..8 {
        let (by, needle) = (alice.on_its_own(), needle.clone());
        searches.spawn(async move {
            for _ in 0..4 {
                let found = by.get(&format!("{CHANNELS}?search={needle}")).await;
                assert!(found.rows().is_empty());
            }
        });
    }
    // While they run, and until they have ended, everybody else is answered.
    let mut rounds = 0;
    while rounds < 20 || !searches.is_empty() {
        assert_eq!(eve.get(CHATS).await.rows(), std::slice::from_ref(&chat));
        assert_eq!(server.anonymous().get("/readyz").await.status, 200);
        if rounds % 10 == 0 {
            server.login("eve-acme", PASSWORD).await;
        }
        while let Some(ended) = searches.try_join_next() {
            ended.expect("an answer");
        }
        rounds += 1;
    }
}
