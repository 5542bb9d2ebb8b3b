//! A message is decided on once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tokio::task::JoinSet;

use talk_testkit::harness::{Client, Socket};

use super::{DECISIONS, HELD, INTERCEPT, MESSAGES, is_about, says, set, texts};
use crate::webhooks::receiver::{Receiver, status};
use crate::webhooks::server_for;

/// INT-06: repetitions at the same time wait for the decision.
#[tokio::test(flavor = "multi_thread")]
async fn repetitions_at_the_same_time_call_once_and_get_one_answer() {
    let receiver = Receiver::start();
    let server = server_for(&[&receiver]).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    let chat = alice.chat("group", &[]).await;
    set(&admin, &receiver, json!({})).await;
    let alice = Arc::new(alice);
    for (n, text) in ["allowed", "blocked", "held"].into_iter().enumerate() {
        receiver.answers(move |_| match text {
            "allowed" => status(204),
            "blocked" => says(&json!({"action": "block", "reason": "no"})),
            _ => says(&json!({"action": "hold"})),
        });
        let body = json!({"chat_id": chat["id"], "text": text});
        let mut requests = JoinSet::new();
        for _ in 0..20 {
            let (alice, body) = (Arc::clone(&alice), body.clone());
            requests.spawn(async move { posted(&alice, text, &body).await });
        }
        let mut answers = requests.join_all().await;
        answers.push(posted(&alice, text, &body).await);
        let code = [200, 422, 202][n];
        let first = &answers[0];
        assert!(
            answers.iter().all(|one| one.0 == code && one == first),
            "{answers:#?}"
        );
        assert_eq!(receiver.all().len(), n + 1);
    }
    assert_eq!(texts(&alice, &chat).await, ["allowed"]);
    assert_eq!(admin.get(DECISIONS).await.rows().len(), 3);
    let other = json!({"chat_id": chat["id"], "text": "other"});
    let key = "once-blocked";
    let refused = alice.post_once(key, MESSAGES, &other).await;
    refused.refused(422, "IDEMPOTENCY_KEY_REUSED");
}

/// Status and body of a post under the key of its text.
async fn posted(by: &Client, text: &str, body: &serde_json::Value) -> (u16, String) {
    let answer = by.post_once(&format!("once-{text}"), MESSAGES, body).await;
    let body = match answer.status {
        200..300 => answer.body.clone(),
        _ => answer.but_for_its_id(),
    };
    (answer.status, body)
}

/// INT-06: a repetition shares the decision also if the intercept is off meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_held_or_blocked_message_is_not_posted_once_the_intercept_is_off() {
    let receiver = Receiver::start();
    let server = server_for(&[&receiver]).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    let chat = alice.chat("group", &[]).await;
    set(&admin, &receiver, json!({})).await;
    receiver.answers(|request| {
        if is_about(request, "held") {
            return says(&json!({"action": "hold"}));
        }
        says(&json!({"action": "block", "reason": "no"}))
    });
    let mut first = Vec::new();
    for text in ["held", "blocked"] {
        let body = json!({"chat_id": chat["id"], "text": text});
        first.push((text, posted(&alice, text, &body).await, body));
    }
    admin.put(INTERCEPT, json!({"enabled": false})).await.ok();
    for (text, answer, body) in &first {
        assert_eq!(posted(&alice, text, body).await, *answer);
    }
    let mut socket = Socket::open(&alice).await;
    for is_on in [true, false] {
        admin.put(INTERCEPT, json!({"enabled": is_on})).await.ok();
        let message = json!({"chat_id": chat["id"], "text": "held"});
        let frame = json!({"type": "post", "id": "frame-0001", "message": message});
        socket.send(frame).await;
        socket.answer("held").await;
    }
    assert!(texts(&alice, &chat).await.is_empty());
    let held = admin.get(&format!("{HELD}?order=asc")).await.rows();
    assert_eq!(held.len(), 2);
    let release = format!("{HELD}/{}/release", held[0]["id"].as_str().expect("an id"));
    admin.post(&release, json!({})).await.ok();
    let (text, answer, body) = &first[0];
    assert_eq!(posted(&alice, text, body).await, *answer);
    assert_eq!(texts(&alice, &chat).await, ["held"]);
}

/// INT-06: a rejection is not final; the next call has the same id.
#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_message_is_decided_anew_under_its_id() {
    let receiver = Receiver::start();
    let server = server_for(&[&receiver]).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    let chat = alice.chat("group", &[]).await;
    set(&admin, &receiver, json!({"on_error": "reject"})).await;
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    receiver.answers(move |_| match counted.fetch_add(1, Ordering::SeqCst) {
        0 => status(500),
        _ => status(204),
    });
    let body = json!({"chat_id": chat["id"], "text": "hello"});
    let refused = alice.post_once("again-0001", MESSAGES, &body).await;
    assert!(refused.header("retry-after").is_some());
    refused.refused(503, "INTERCEPT_UNAVAILABLE");
    assert_eq!(admin.get(DECISIONS).await.rows()[0]["decision"], "reject");
    alice.post_once("again-0001", MESSAGES, &body).await.ok();
    let ids: Vec<_> = receiver
        .all()
        .iter()
        .map(|one| one.json()["intercept"]["id"].clone())
        .collect();
    assert_eq!((ids.len(), &ids[0]), (2, &ids[1]));
    let rows = admin.get(DECISIONS).await.rows();
    assert_eq!((rows.len(), &rows[0]["decision"]), (1, &json!("allow")));
}

/// INT-06: the decision is durable, so that a crash does not ask twice.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_a_refusal_is_repeated_without_a_call() {
    let receiver = Receiver::start();
    let mut server = server_for(&[&receiver]).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    let chat = alice.chat("group", &[]).await;
    set(&admin, &receiver, json!({})).await;
    receiver.answers(|_| status(403));
    let body = json!({"chat_id": chat["id"], "text": "hello"});
    let refused = alice.post_once("crash-0001", MESSAGES, &body).await;
    refused.refused(422, "INTERCEPT_BLOCKED");
    server.kill_and_restart().await;
    let alice = server.with_token(alice.token());
    let refused = alice.post_once("crash-0001", MESSAGES, &body).await;
    refused.refused(422, "INTERCEPT_BLOCKED");
    assert_eq!(receiver.all().len(), 1);
    alice
        .try_say(&chat, "another")
        .await
        .refused(422, "INTERCEPT_BLOCKED");
    assert_eq!(receiver.all().len(), 2, "intercepts are read at the start");
}
