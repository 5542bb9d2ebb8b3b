//! Webhooks: endpoints, deliveries and their signatures.

mod chaos;
mod days;
mod delivering;
mod hostile;
mod missing;
pub(crate) mod receiver;
mod replaying;

use std::path::Path;

use serde_json::{Value, json};

use talk_testkit::harness::server::command;
use talk_testkit::harness::{Client, Server, Socket, refused};

use receiver::{Receiver, status};

const WEBHOOKS: &str = "/v1.0/webhooks";
const KEY: &str = "a-key-of-the-tests-for-secrets-0123456789";

/// Settings of a server that may reach these receivers, with a short schedule.
pub(crate) async fn server_for(receivers: &[&Receiver]) -> Server {
    server_with(receivers, &[]).await
}

/// The same with further settings.
pub(crate) async fn server_with(receivers: &[&Receiver], further: &[(&str, &str)]) -> Server {
    let ports: Vec<_> = receivers.iter().map(|one| one.port.to_string()).collect();
    let ports = ports.join(",");
    let mut settings = vec![
        ("TALK_SECRETS_KEY", KEY),
        ("TALK_WEBHOOK_ALLOW_HTTP", "true"),
        ("TALK_WEBHOOK_ALLOW_NETWORKS", "127.0.0.0/8"),
        ("TALK_WEBHOOK_ALLOW_PORTS", &*ports),
        ("TALK_WEBHOOK_SCHEDULE", "1,1"),
        ("TALK_WEBHOOK_TIMEOUT_MS", "2000"),
    ];
    settings.extend(further);
    Server::start_with(&settings).await
}

/// Starts a server without the key of the secrets that are in this database.
pub(crate) fn does_not_start_without_a_key(database: &Path) {
    let settings: [(String, String); 0] = [];
    let mut command = command(database.parent().expect("its folder"), &settings);
    command.arg("serve").env("TALK_BIND", "127.0.0.1:0");
    let ended = command.env("TALK_ADMIN_BIND", "").output();
    let (line, code) = refused(&ended.expect("it runs"));
    assert!(line.contains("secrets_key: is missing"), "{line}");
    assert_eq!(code, 2);
}

async fn webhook(admin: &Client, receiver: &Receiver) -> Value {
    let body = json!({"uri": receiver.url()});
    admin.post(WEBHOOKS, body).await.ok()
}

fn of(webhook: &Value, rest: &str) -> String {
    format!(
        "{WEBHOOKS}/{}{rest}",
        webhook["id"].as_str().expect("an id")
    )
}

/// Waits until the endpoint has `count` deliveries in this state.
async fn deliveries(admin: &Client, webhook: &Value, (state, count): (&str, usize)) -> Vec<Value> {
    let path = of(
        webhook,
        &format!("/deliveries?order=asc&status={state}&page_size=100"),
    );
    for _ in 0..3_000 {
        let rows = admin.get(&path).await.rows();
        if rows.len() >= count {
            return rows;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{:#?}", admin.get(&of(webhook, "/deliveries")).await.rows());
}

/// HOOK-01 and HOOK-15.
#[tokio::test(flavor = "multi_thread")]
async fn admins_manage_webhooks_and_a_secret_is_shown_once() {
    let receiver = Receiver::start();
    let server = server_for(&[&receiver]).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    let made = webhook(&admin, &receiver).await;
    assert!(
        made["secret"]
            .as_str()
            .expect("a secret")
            .starts_with("whsec_")
    );
    let mut listed = made.clone();
    listed.as_object_mut().expect("an object").remove("secret");
    assert_eq!(admin.get(WEBHOOKS).await.rows(), [listed.clone()]);
    assert_eq!(admin.get(&of(&made, "")).await.ok(), listed);
    for (method, rest) in [
        ("GET", ""),
        ("PUT", ""),
        ("DELETE", ""),
        ("POST", "/rotate"),
        ("POST", "/test"),
        ("POST", "/replay"),
        ("GET", "/deliveries"),
    ] {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let request = alice
            .request(method.clone(), &of(&made, rest))
            .json(&json!({}));
        let refused = talk_testkit::harness::Answer::to(request).await;
        refused.refused(403, "PERMISSION_DENIED");
        let unknown = format!("{WEBHOOKS}/{}{rest}", alice.id);
        let request = admin.request(method, &unknown).json(&json!({}));
        let refused = talk_testkit::harness::Answer::to(request).await;
        refused.refused(404, "WEBHOOK_NOT_FOUND");
    }
    let one = of(&made, "");
    let changed = admin.put(&one, json!({"events": ["chat_*"], "order": "none"}));
    let changed = changed.await.ok();
    assert_eq!(
        (&changed["events"], &changed["order"]),
        (&json!(["chat_*"]), &json!("none"))
    );
    let plain = admin.put(&one, json!({"uri": "https://u:p@e.test/"}));
    plain.await.refused(400, "WEBHOOK_URI_INVALID");
    admin.delete(&of(&made, "")).await.ok();
    admin
        .get(&of(&made, ""))
        .await
        .refused(404, "WEBHOOK_NOT_FOUND");
    assert!(admin.get(WEBHOOKS).await.rows().is_empty());
}

/// HOOK-04: a repeated creation shows the same secret.
#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_creation_is_one_webhook_with_one_secret() {
    let receiver = Receiver::start();
    let server = server_for(&[&receiver]).await;
    let admin = server.admin().await;
    let body = json!({"uri": receiver.url()});
    let first = admin.post_once("webhook-1", WEBHOOKS, &body).await.ok();
    let again = admin.post_once("webhook-1", WEBHOOKS, &body).await.ok();
    assert_eq!(first, again);
    let rotated = admin.post(&of(&first, "/rotate"), json!({})).await.ok();
    assert_ne!(rotated["secret"], first["secret"]);
    let database = std::fs::read(server.data().join("talk.db")).expect("the database");
    let log = std::fs::read(server.data().join("talk.db-wal")).unwrap_or_default();
    for secret in [&first["secret"], &rotated["secret"]] {
        let secret = secret
            .as_str()
            .expect("a secret")
            .trim_start_matches("whsec_");
        let is_in = |bytes: &[u8]| {
            bytes
                .windows(secret.len())
                .any(|part| part == secret.as_bytes())
        };
        assert!(!is_in(&database) && !is_in(&log));
    }
}

/// HOOK-10 and HOOK-12: both secrets sign after a rotation.
#[tokio::test(flavor = "multi_thread")]
async fn a_test_arrives_signed_and_is_listed() {
    let receiver = Receiver::start();
    let server = server_for(&[&receiver]).await;
    let admin = server.admin().await;
    let made = webhook(&admin, &receiver).await;
    let test = admin.post(&of(&made, "/test"), json!({})).await.ok();
    let requests = receiver.received(1).await;
    assert_eq!(requests[0].method, "POST");
    assert_eq!(requests[0].json()["type"], "webhook_test");
    assert_eq!(test["event_id"], requests[0].header("webhook-id"));
    assert_eq!(
        requests[0]
            .header("webhook-signature")
            .matches("v1,")
            .count(),
        1
    );
    assert!(
        requests[0]
            .header("x-voipbin-signature")
            .starts_with("sha256=")
    );
    let listed = deliveries(&admin, &made, ("delivered", 1)).await;
    assert_eq!(listed[0]["attempts"][0]["http_status"], 200);
    admin.post(&of(&made, "/rotate"), json!({})).await.ok();
    admin.post(&of(&made, "/test"), json!({})).await.ok();
    let requests = receiver.received(2).await;
    assert_eq!(
        requests[1]
            .header("webhook-signature")
            .matches("v1,")
            .count(),
        2
    );
}

/// HOOK-05, HOOK-08 and HOOK-10.
#[tokio::test(flavor = "multi_thread")]
async fn a_failing_endpoint_is_tried_again_and_its_dead_deliveries_are_replayed() {
    let receiver = Receiver::start();
    receiver.answers(|_| status(500));
    let server = server_for(&[&receiver]).await;
    let admin = server.admin().await;
    let made = webhook(&admin, &receiver).await;
    admin.post(&of(&made, "/test"), json!({})).await.ok();
    let dead = deliveries(&admin, &made, ("dead", 1)).await;
    let attempts = dead[0]["attempts"].as_array().expect("attempts");
    assert_eq!(attempts.len(), 3);
    assert!(
        attempts
            .iter()
            .all(|attempt| attempt["error"] == "answered 500")
    );
    assert_ne!(admin.get(&of(&made, "")).await.ok()["tm_failing"], "");
    receiver.answers(|_| status(204));
    let replayed = admin
        .post(&of(&made, "/replay"), json!({"only": "dead"}))
        .await
        .ok();
    assert_eq!(replayed["replayed"], 1);
    let delivered = deliveries(&admin, &made, ("delivered", 1)).await;
    assert_eq!(delivered[0]["id"], dead[0]["id"]);
    let requests = receiver.received(4).await;
    let same = |name| {
        requests
            .iter()
            .all(|one| one.header(name) == requests[0].header(name))
    };
    assert!(same("webhook-id") && requests.iter().all(|one| one.body == requests[0].body));
    receiver.answers(|_| status(410));
    admin.post(&of(&made, "/replay"), json!({})).await.ok();
    deliveries(&admin, &made, ("dead", 1)).await;
    let gone = admin.get(&of(&made, "")).await.ok();
    assert_eq!(
        (&gone["enabled"], &gone["disabled_reason"]),
        (&json!(false), &json!("gone"))
    );
    let refused = admin.post(&of(&made, "/test"), json!({})).await;
    refused.refused(409, "WEBHOOK_IS_DISABLED");
}

/// HOOK-08: the frame is for admins and managers of the customer, and has no secret.
#[tokio::test(flavor = "multi_thread")]
async fn the_sockets_of_admins_get_a_report_of_a_disabled_webhook() {
    let receiver = Receiver::start();
    receiver.answers(|_| status(410));
    let server = server_for(&[&receiver]).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    let made = webhook(&admin, &receiver).await;
    let mut of_admin = Socket::subscribed(&admin).await;
    let mut of_alice = Socket::subscribed(&alice).await;
    admin.post(&of(&made, "/test"), json!({})).await.ok();
    let report = of_admin.answer("webhook_disabled").await;
    let shown = (&report["data"]["id"], &report["data"]["disabled_reason"]);
    assert_eq!(shown, (&made["id"], &json!("gone")));
    assert_eq!(report["data"].get("secret"), None);
    of_alice.nothing_else().await;
}

/// HOOK-11.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_a_key_stores_no_secret_and_does_not_start_with_one() {
    let receiver = Receiver::start();
    let mut server = server_for(&[&receiver]).await;
    let made = webhook(&server.admin().await, &receiver).await;
    let admin = server.admin().await;
    server
        .restart_after(&[("TALK_SECRETS_KEY", KEY)], does_not_start_without_a_key)
        .await;
    let listed = admin.get(&of(&made, "")).await.ok();
    assert_eq!(listed["id"], made["id"]);
    admin.delete(&of(&made, "")).await.ok();
    server.restart_after(&[], |_| ()).await;
    let refused = admin
        .post(WEBHOOKS, json!({"uri": "https://e.test/"}))
        .await;
    refused.refused(409, "SECRETS_KEY_MISSING");
}

/// HOOK-08 and HOOK-10: the operator's commands beside a running server.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_lists_disables_and_replays_webhooks() {
    let receiver = Receiver::start();
    receiver.answers(|_| status(500));
    let server = server_for(&[&receiver]).await;
    let admin = server.admin().await;
    let made = webhook(&admin, &receiver).await;
    admin.post(&of(&made, "/test"), json!({})).await.ok();
    deliveries(&admin, &made, ("dead", 1)).await;
    let customer = made["customer_id"].as_str().expect("an id");
    let id = made["id"].as_str().expect("an id");
    let operate =
        |rest: &[&str]| server.operate(&[&["webhook", "--customer", customer][..], rest].concat());
    assert!(operate(&["list"]).contains(&receiver.url()));
    assert!(operate(&["show", id]).contains("answered 500"));
    operate(&["disable", id]);
    assert_eq!(
        admin.get(&of(&made, "")).await.ok()["disabled_reason"],
        "manually"
    );
    operate(&["enable", id]);
    receiver.answers(|_| status(200));
    operate(&["replay", id]);
    deliveries(&admin, &made, ("delivered", 1)).await;
}
