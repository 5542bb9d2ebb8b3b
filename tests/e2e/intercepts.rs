//! Intercepts: addresses of a customer that decide on messages before they are stored.

mod failing;
mod holding;
mod repeating;

use serde_json::{Value, json};

use talk_testkit::harness::client::message;
use talk_testkit::harness::{Answer, Client};

use crate::webhooks::receiver::{Received, Receiver, status};
use crate::webhooks::server_for;

const MESSAGES: &str = "/v1.0/service_agents/talk_messages";
const INTERCEPT: &str = "/v1.0/intercepts/talk_message";
const DECISIONS: &str = "/v1.0/intercepts/talk_message/decisions";
const HELD: &str = "/v1.0/intercepts/held";

/// A response with this JSON.
fn says(body: &Value) -> String {
    let body = body.to_string();
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}")
}

/// Sets the intercept to the receiver, with further settings.
async fn set(admin: &Client, receiver: &Receiver, further: Value) -> Value {
    let mut body = json!({"uri": receiver.url()});
    let fields = further.as_object().expect("an object").clone();
    body.as_object_mut().expect("an object").extend(fields);
    admin.put(INTERCEPT, body).await.ok()
}

/// The decisions, the oldest first: each with its reason.
async fn decisions(admin: &Client) -> Vec<(String, String)> {
    let rows = admin.get(&format!("{DECISIONS}?order=asc")).await.rows();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    rows.iter()
        .map(|row| (text(&row["decision"]), text(&row["reason"])))
        .collect()
}

async fn texts(by: &Client, chat: &Value) -> Vec<String> {
    let id = chat["id"].as_str().expect("an id");
    let path = format!("{MESSAGES}?order=asc&chat_id={id}");
    let rows = by.get(&path).await.rows();
    let texts = rows.iter().filter(|row| row["type"] == "normal");
    texts
        .map(|row| row["text"].as_str().expect("a text").to_owned())
        .collect()
}

/// INT-01 and INT-02.
#[tokio::test(flavor = "multi_thread")]
async fn admins_set_an_intercept_whose_secret_is_shown_once() {
    let receiver = Receiver::start();
    let server = server_for(&[&receiver]).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    admin
        .get(INTERCEPT)
        .await
        .refused(404, "INTERCEPT_NOT_FOUND");
    admin
        .put(INTERCEPT, json!({}))
        .await
        .refused(400, "FIELD_REQUIRED");
    let mut made = set(&admin, &receiver, json!({})).await;
    let secret = made.as_object_mut().expect("an object").remove("secret");
    assert!(secret.is_some_and(|secret| secret.as_str().is_some_and(|s| s.starts_with("whsec_"))));
    let rest = (&made["timeout_ms"], &made["on_error"], &made["enabled"]);
    assert_eq!(rest, (&json!(1500), &json!("allow"), &json!(true)));
    assert_eq!(admin.get(INTERCEPT).await.ok(), made);
    let changed = set(
        &admin,
        &receiver,
        json!({"on_error": "hold", "timeout_ms": 5000}),
    )
    .await;
    let rest = (&changed["on_error"], changed.get("secret"));
    assert_eq!(rest, (&json!("hold"), None));
    let given = json!({"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"});
    let given = admin.put(INTERCEPT, given).await.ok();
    assert_eq!(given.get("secret"), None);
    for (body, reason) in [
        (json!({"on_error": "block"}), "INTERCEPT_ON_ERROR_INVALID"),
        (json!({"timeout_ms": 5001}), "LIMIT_EXCEEDED"),
        (json!({"secret": "short"}), "INTERCEPT_SECRET_INVALID"),
        (json!({"uri": "ftp://e.test/"}), "WEBHOOK_URI_INVALID"),
    ] {
        admin.put(INTERCEPT, body).await.refused(400, reason);
    }
    for point in ["conversation_inbound", "talk_messages"] {
        let unknown = format!("/v1.0/intercepts/{point}");
        let refused = admin.put(&unknown, json!({"uri": receiver.url()})).await;
        refused.refused(404, "INTERCEPT_POINT_NOT_FOUND");
    }
    for path in [INTERCEPT, DECISIONS, HELD] {
        alice.get(path).await.refused(403, "PERMISSION_DENIED");
    }
    let refused = alice.put(INTERCEPT, json!({"uri": receiver.url()})).await;
    refused.refused(403, "PERMISSION_DENIED");
    alice
        .delete(INTERCEPT)
        .await
        .refused(403, "PERMISSION_DENIED");
    admin.delete(INTERCEPT).await.ok();
    admin
        .delete(INTERCEPT)
        .await
        .refused(404, "INTERCEPT_NOT_FOUND");
}

/// INT-03, INT-04 and INT-12: the message as it would be stored, signed, and the audit.
#[tokio::test(flavor = "multi_thread")]
async fn an_allowed_message_is_posted_and_a_blocked_one_leaves_its_decision_only() {
    let receiver = Receiver::start();
    let server = server_for(&[&receiver]).await;
    let (admin, [alice, bob]) = (server.admin().await, server.agents(["alice", "bob"]).await);
    let chat = alice.chat("group", &[&bob]).await;
    let before = alice.say(&chat, "before").await;
    set(&admin, &receiver, json!({})).await;
    receiver.answers(|request| match request.json()["data"]["text"].as_str() {
        Some("rude") => says(&json!({"action": "block", "reason": "mind your language"})),
        Some("forbidden") => status(403),
        _ => status(204),
    });
    alice.reply(&before, "hello").await.ok();
    let refused = alice.try_say(&chat, "rude").await;
    let refused = refused.refused(422, "INTERCEPT_BLOCKED");
    assert_eq!(refused["message"], "mind your language");
    let refused = alice.try_say(&chat, "forbidden").await;
    refused.refused(422, "INTERCEPT_BLOCKED");
    let refused = bob
        .put(&message(&before, ""), json!({"text": "not mine"}))
        .await;
    refused.refused(403, "PERMISSION_DENIED");
    assert_eq!(texts(&bob, &chat).await, ["before", "hello"]);
    let asked = receiver.all();
    assert_eq!(asked.len(), 3, "the rules refuse before the call");
    let request = asked[0].json();
    assert_eq!(request["type"], "talk_message");
    assert_eq!(request["intercept"]["action"], "post");
    assert_eq!(
        request["data"],
        json!({
            "customer_id": alice_customer(&before), "owner_type": "agent", "owner_id": alice.id,
            "chat_id": chat["id"], "parent_id": before["id"], "type": "normal",
            "text": "hello", "medias": [],
        })
    );
    assert!(request["deadline"].as_str() > Some("2026"));
    let id = request["intercept"]["id"].as_str().expect("an id");
    assert_eq!(asked[0].header("webhook-id"), id);
    assert!(asked[0].header("webhook-signature").starts_with("v1,"));
    let rows = admin.get(&format!("{DECISIONS}?order=asc")).await.rows();
    assert_eq!((&rows[0]["id"], rows.len()), (&json!(id), 3));
    assert_eq!(rows[0]["digest_before"], rows[0]["digest_after"]);
    assert_eq!(rows[1]["digest_after"], "");
    let of = (&rows[1]["actor_id"], &rows[1]["chat_id"]);
    assert_eq!(of, (&json!(alice.id), &chat["id"]));
    assert!(!rows.iter().any(|row| row.to_string().contains("rude\"")));
    let expected = [
        ("allow", ""),
        ("block", "mind your language"),
        ("block", ""),
    ];
    let expected = expected.map(|(verdict, why)| (verdict.to_owned(), why.to_owned()));
    assert_eq!(decisions(&admin).await, expected);
}

fn alice_customer(message: &Value) -> &Value {
    &message["customer_id"]
}

/// INT-05: text and medias change, nothing else, and the rules hold for them.
#[tokio::test(flavor = "multi_thread")]
async fn a_modified_message_is_stored_as_changed_if_the_rules_allow_it() {
    let receiver = Receiver::start();
    let server = server_for(&[&receiver]).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    let chat = alice.chat("group", &[]).await;
    set(&admin, &receiver, json!({})).await;
    let link = json!([{"type": "link", "link_url": "https://e.test/policy"}]);
    let medias = link.clone();
    receiver.answers(move |request| {
        let data = match request.json()["data"]["text"].as_str() {
            Some("secret") => json!({"text": "***", "medias": medias, "chat_id": "x", "id": 7}),
            Some("long") => json!({"text": "x".repeat(16_001)}),
            Some("empty") => json!({"text": ""}),
            Some("foreign") => json!({"medias": [{"type": "agent", "agent_id": "no id"}]}),
            _ => json!({"medias": medias}),
        };
        says(&json!({"action": "modify", "data": data}))
    });
    let posted = alice.say(&chat, "secret").await;
    let shown = (&posted["text"], &posted["medias"], &posted["chat_id"]);
    assert_eq!(shown, (&json!("***"), &link, &chat["id"]));
    let path = message(&posted, "");
    let edited = alice.put(&path, json!({"text": "other"}));
    let edited = edited.await.ok();
    assert_eq!(
        (&edited["text"], &edited["medias"]),
        (&json!("other"), &link)
    );
    for text in ["long", "empty", "foreign"] {
        let refused = alice.try_say(&chat, text).await;
        let refused = refused.refused(422, "INTERCEPT_BLOCKED");
        let why = refused["message"].as_str().expect("a reason");
        assert!(
            why.starts_with("the changed message is not allowed: "),
            "{why}"
        );
    }
    assert_eq!(texts(&alice, &chat).await, ["other"]);
    let rows = admin.get(&format!("{DECISIONS}?order=asc")).await.rows();
    assert_ne!(rows[0]["digest_before"], rows[0]["digest_after"]);
    assert_eq!(rows[1]["decision"], "modify");
    let edit = receiver.all()[1].json();
    assert_eq!(edit["intercept"]["action"], "edit");
    assert_eq!(edit["data"]["id"], posted["id"]);
}

/// INT-03: the older vocabulary posts through it too, and reactions do not.
#[tokio::test(flavor = "multi_thread")]
async fn the_older_api_is_intercepted_and_other_requests_are_not() {
    let receiver = Receiver::start();
    let server = server_for(&[&receiver]).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    let chat = alice.chat("group", &[]).await;
    let said = alice.say(&chat, "hello").await;
    set(&admin, &receiver, json!({})).await;
    receiver.answers(|_| status(403));
    alice.react(&said, "👍").await.ok();
    let id = chat["id"].as_str().expect("an id");
    let path = format!("/v1.0/talks/{id}/messages");
    let refused = alice.post(&path, json!({"text": "hello"})).await;
    refused.refused(422, "INTERCEPT_BLOCKED");
    alice
        .put(&message(&said, ""), json!({"text": "hello"}))
        .await
        .ok();
    assert_eq!(
        receiver.all().len(),
        1,
        "an edit without a change asks nobody"
    );
    admin.put(INTERCEPT, json!({"enabled": false})).await.ok();
    alice.say(&chat, "free").await;
    assert_eq!(receiver.all().len(), 1);
}

/// Answers a request that is held.
fn held_id(answer: &Answer) -> String {
    assert_eq!(answer.status, 202, "{}", answer.body);
    let body = answer.json();
    assert_eq!(body["status"], "held");
    body["id"].as_str().expect("an id").to_owned()
}

/// Whether a request is about this text.
fn is_about(request: &Received, text: &str) -> bool {
    request.json()["data"]["text"] == text
}
