//! Intercepts that give no valid answer.

use serde_json::json;

use super::{INTERCEPT, decisions, held_id, is_about, says, set, texts};
use crate::webhooks::receiver::{Receiver, status};
use crate::webhooks::server_for;

/// INT-10: garbage, a long answer, a wrong status, a broken connection.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_valid_answer_the_settings_decide() {
    let receiver = Receiver::start();
    let server = server_for(&[&receiver]).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    let chat = alice.chat("group", &[]).await;
    receiver.answers(|request| match request.json()["data"]["text"].as_str() {
        Some("garbage") => "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello".to_owned(),
        Some("long") => says(&json!({"action": "block", "reason": "x".repeat(262_144)})),
        Some("redirect") => {
            "HTTP/1.1 307 X\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n".to_owned()
        }
        Some("broken") => String::new(),
        Some("fine") => status(204),
        _ => status(500),
    });
    set(&admin, &receiver, json!({"on_error": "reject"})).await;
    for text in ["garbage", "long", "fine", "redirect", "broken", "500"] {
        let answer = alice.try_say(&chat, text).await;
        if text == "fine" {
            answer.ok();
        } else {
            answer.refused(503, "INTERCEPT_UNAVAILABLE");
        }
    }
    assert_eq!(texts(&alice, &chat).await, ["fine"]);
    set(&admin, &receiver, json!({"on_error": "hold"})).await;
    held_id(&alice.try_say(&chat, "500").await);
    set(&admin, &receiver, json!({"on_error": "allow"})).await;
    alice.say(&chat, "500").await;
    let decided = decisions(&admin).await;
    let verdicts: Vec<_> = decided.iter().map(|one| &*one.0).collect();
    let reject = "reject";
    let expected = [
        reject, reject, "allow", reject, reject, reject, "hold", "allow",
    ];
    assert_eq!(verdicts, expected);
    assert_eq!(decided[7].1, "answered 500");
}

/// INT-10: a slow answer does not count.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_after_its_time_is_none() {
    let receiver = Receiver::start();
    let server = server_for(&[&receiver]).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    let chat = alice.chat("group", &[]).await;
    let (answer, asked) = std::sync::mpsc::channel::<()>();
    receiver.answers(move |_| {
        // Until the end of the test.
        let _ = asked.recv();
        status(403)
    });
    set(&admin, &receiver, json!({"timeout_ms": 100})).await;
    alice.say(&chat, "hello").await;
    assert_eq!(decisions(&admin).await[0].0, "allow");
    drop(answer);
}

/// INT-11: after five failures nobody waits for it any more, until it is changed.
#[tokio::test(flavor = "multi_thread")]
async fn an_intercept_that_fails_is_not_called_for_a_while() {
    let receiver = Receiver::start();
    let server = server_for(&[&receiver]).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    let chat = alice.chat("group", &[]).await;
    receiver.answers(|request| {
        status(if is_about(request, "mended") {
            403
        } else {
            500
        })
    });
    set(&admin, &receiver, json!({})).await;
    for n in 0..8 {
        alice.say(&chat, &n.to_string()).await;
    }
    assert_eq!(receiver.all().len(), 5);
    let why = decisions(&admin).await[7].1.clone();
    assert_eq!(why, "not called: the last calls failed");
    // A rejection names the time of the next call.
    admin
        .put(INTERCEPT, json!({"on_error": "reject"}))
        .await
        .ok();
    for _ in 0..5 {
        let refused = alice.try_say(&chat, "rejected").await;
        assert_eq!(refused.header("retry-after"), Some("1"));
        refused.refused(503, "INTERCEPT_UNAVAILABLE");
    }
    let refused = alice.try_say(&chat, "rejected").await;
    let seconds = refused
        .header("retry-after")
        .and_then(|s| s.parse::<u32>().ok());
    assert!(seconds.is_some_and(|seconds| (2..=30).contains(&seconds)));
    set(&admin, &receiver, json!({"timeout_ms": 1000})).await;
    let refused = alice.try_say(&chat, "mended").await;
    refused.refused(422, "INTERCEPT_BLOCKED");
}

/// INT-13: requests to intercepts are guarded like those of webhooks.
#[tokio::test(flavor = "multi_thread")]
async fn an_intercept_reaches_nothing_that_a_webhook_may_not() {
    let (receiver, other) = (Receiver::start(), Receiver::start());
    let server = server_for(&[&receiver]).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    let chat = alice.chat("group", &[]).await;
    set(&admin, &other, json!({})).await;
    alice.say(&chat, "hello").await;
    assert!(other.all().is_empty());
    let why = &decisions(&admin).await[0].1;
    assert_eq!(why, "the host cannot be reached from here");
}
