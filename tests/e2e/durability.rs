//! Durability of answers, secrets in the log, and orderly stops.

use std::collections::HashSet;

use tokio::task::JoinSet;

use talk_testkit::harness::Server;
use talk_testkit::harness::server::{PASSWORD, SECRET};

/// LOG-01 and case 24.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_loses_no_acknowledged_message_and_leaves_no_gap() {
    let mut server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    let mut posts = JoinSet::new();
    for n in 0..100 {
        let (alice, chat) = (alice.on_its_own(), chat.clone());
        posts.spawn(async move { alice.say(&chat, &format!("message {n}")).await });
    }
    let acknowledged = posts.join_all().await;
    server.kill_and_restart().await;
    let alice = server.with_token(alice.token());
    let events = alice.events(&chat).await;
    let seqs: Vec<_> = events
        .iter()
        .filter_map(|event| event["seq"].as_u64())
        .collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    let logged: HashSet<_> = events
        .iter()
        .map(|event| event["data"].to_string())
        .collect();
    for message in acknowledged {
        assert!(logged.contains(&message.to_string()), "{message} is lost");
    }
}

/// RUN-11, RUN-12 and case 36.
#[tokio::test(flavor = "multi_thread")]
async fn an_orderly_end_exits_with_zero_and_the_log_has_no_secret() {
    let mut server = Server::start_with(&[("TALK_LOG", "debug")]).await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    alice.say(&chat, "a most private remark").await;
    let key = alice
        .post("/v1.0/accesskeys", serde_json::json!({"name": "ci"}))
        .await
        .ok();
    let key = key["token"].as_str().expect("a key").to_owned();
    server
        .anonymous()
        .get(&format!("/v1.0/agents?accesskey={key}"))
        .await
        .ok();
    server.terminate();
    assert!(server.ended().await.success());
    let log = server.log();
    assert!(log.contains("serving"), "the log was read");
    for secret in [
        "a most private remark",
        PASSWORD,
        SECRET,
        alice.token(),
        &key,
    ] {
        assert!(!log.contains(secret), "the log tells {secret}");
    }
    assert!(server.data().join("talk.db").exists());
}

/// RUN-09.
#[tokio::test(flavor = "multi_thread")]
async fn health_is_answered_everywhere_and_metrics_only_to_operators() {
    let server = Server::start().await;
    server
        .anonymous()
        .get("/v1.0/agents")
        .await
        .refused(401, "AUTHENTICATION_REQUIRED");
    for url in [&server.url, &server.admin_url] {
        for path in ["/healthz", "/readyz"] {
            let answer = reqwest::get(format!("{url}{path}"))
                .await
                .expect("an answer");
            assert_eq!(answer.status(), 200, "{url}{path}");
            let head = reqwest::Client::new().head(format!("{url}{path}"));
            let head = head.send().await.expect("an answer");
            assert_eq!(head.status(), 200, "{url}{path}");
        }
    }
    server
        .anonymous()
        .get("/metrics")
        .await
        .refused(404, "ROUTE_NOT_FOUND");
    let metrics = reqwest::get(format!("{}/metrics", server.admin_url))
        .await
        .expect("metrics");
    let metrics = metrics.text().await.expect("text");
    for figure in [
        "talk_http_request_duration_seconds",
        "route=\"/v1.0/agents\"",
        "talk_store_commit_duration_seconds",
        "talk_store_queue_depth",
        "talk_build_info",
    ] {
        assert!(metrics.contains(figure), "no {figure} in {metrics}");
    }
}
