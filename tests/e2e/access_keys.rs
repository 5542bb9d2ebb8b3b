//! Access keys: creation, use, lists, expiry.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use talk_testkit::harness::{Answer, Server};

const KEYS: &str = "/v1.0/accesskeys";
const ME: &str = "/v1.0/service_agents/me";

fn token(key: &Value) -> &str {
    key["token"].as_str().expect("a token")
}

/// AUTH-09, API-01 and case 33.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_shown_once_and_works_in_all_three_places() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let body = json!({"name": "robot", "detail": "posts the weather"});
    let key = alice.post(KEYS, body).await.ok();
    assert!(token(&key).starts_with("vb_"), "{key}");
    let prefix = key["token_prefix"].as_str().expect("a prefix");
    assert!(token(&key).starts_with(prefix) && prefix.len() < 16);
    assert_eq!(
        (&key["agent_id"], &key["name"], &key["tm_expire"]),
        (&json!(alice.id), &json!("robot"), &json!(""))
    );
    let me = alice.get(ME).await.ok();
    assert_eq!(server.with_token(token(&key)).get(ME).await.ok(), me);
    let bare = server.anonymous();
    for name in ["token", "accesskey"] {
        let url = format!("{ME}?{name}={}", token(&key));
        assert_eq!(bare.get(&url).await.ok(), me, "{name}");
    }
    let listed = alice.get(KEYS).await;
    assert!(!listed.body.contains(token(&key)));
    let mut shown = key.clone();
    shown.as_object_mut().expect("an object").remove("token");
    assert_eq!(listed.rows(), [shown]);
    let cookie = format!("token={0}; accesskey={0}", token(&key));
    let request = bare.request(Method::GET, ME).header("Cookie", cookie);
    let refused = Answer::to(request).await;
    refused.refused(401, "AUTHENTICATION_REQUIRED");
}

/// AUTH-09.
#[tokio::test(flavor = "multi_thread")]
async fn keys_are_their_owners_alone_and_end_when_deleted() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let key = alice.post(KEYS, json!({})).await.ok();
    let robot = server.with_token(token(&key));
    robot.get(ME).await.ok();
    let path = format!("{KEYS}/{}", key["id"].as_str().expect("an id"));
    assert!(bob.get(KEYS).await.rows().is_empty());
    bob.delete(&path).await.refused(404, "ACCESS_KEY_NOT_FOUND");
    assert_ne!(alice.delete(&path).await.ok()["tm_delete"], "");
    robot.get(ME).await.refused(401, "TOKEN_REVOKED");
    assert!(alice.get(KEYS).await.rows().is_empty());
    let unknown = server.with_token(&format!("vb_{}", "0".repeat(64)));
    unknown.get(ME).await.refused(401, "TOKEN_REVOKED");
}

///
#[tokio::test(flavor = "multi_thread")]
async fn a_key_acts_as_its_agent_but_does_not_log_out() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let key = alice.post(KEYS, json!({})).await.ok();
    let robot = server.with_token(token(&key));
    assert_eq!(robot.say(&chat, "hello").await["owner_id"], alice.id);
    let refused = robot.post("/auth/logout", json!({})).await;
    refused.refused(409, "NOT_A_LOGIN_TOKEN");
    robot.get(ME).await.ok();
}

///
#[tokio::test(flavor = "multi_thread")]
async fn a_key_ends_when_its_time_is_over() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let key = alice.post(KEYS, json!({"expire": 1})).await.ok();
    assert!(key["tm_expire"].as_str() > key["tm_create"].as_str());
    let refused = alice.post(KEYS, json!({"expire": 0})).await;
    refused.refused(400, "EXPIRE_INVALID");
    let robot = server.with_token(token(&key));
    for _ in 0..200 {
        let answer = robot.get(ME).await;
        if answer.status != 200 {
            answer.refused(401, "TOKEN_REVOKED");
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the key does not end");
}

/// AUTH-08: disabling ends keys like tokens, and enabling restores neither.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_stays_ended_when_its_agent_is_enabled_again() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let admin = server.admin().await;
    let key = alice.post(KEYS, json!({})).await.ok();
    let robot = server.with_token(token(&key));
    robot.get(ME).await.ok();
    for status in ["disabled", "active"] {
        let path = format!("/v1.0/agents/{}", alice.id);
        admin.put(&path, json!({"status": status})).await.ok();
    }
    robot.get(ME).await.refused(401, "TOKEN_REVOKED");
    alice.get(ME).await.refused(401, "TOKEN_REVOKED");
}

/// Case 51.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_ends_makes_only_keys_that_end_no_later() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let key = alice.post(KEYS, json!({"expire": 600})).await.ok();
    let robot = server.with_token(token(&key));
    for body in [
        json!({}),
        json!({"expire": 601}),
        json!({"expire": 100_000}),
    ] {
        let refused = robot.post(KEYS, body).await;
        let error = refused.refused(400, "EXPIRE_INVALID");
        assert_eq!(error["details"][0]["field"], "expire");
        let limit = error["details"][0]["limit"].as_u64().expect("a limit");
        assert!((1..600).contains(&limit), "{limit}");
    }
    let shorter = robot.post(KEYS, json!({"expire": 60})).await.ok();
    assert!(shorter["tm_expire"].as_str() < key["tm_expire"].as_str());
}

/// Case 51: nothing that is stored or shown leads to a key.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_random_and_stored_nowhere() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let body = json!({"name": "robot"});
    let key = alice.post_once("make-a-key-1", KEYS, &body).await.ok();
    assert_eq!(token(&key).len(), 3 + 64);
    assert_eq!(key["derived"], false);
    let again = alice.post_once("make-a-key-1", KEYS, &body).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.ok(), key, "a lost answer is answered again");
    for entry in std::fs::read_dir(server.data()).expect("the data") {
        let path = entry.expect("an entry").path();
        let bytes = std::fs::read(&path).unwrap_or_default();
        let needle = token(&key).as_bytes();
        let is_there = bytes.windows(needle.len()).any(|window| window == needle);
        assert!(!is_there, "{}", path.display());
    }
    let listed = server.operate(&["accesskey", "list", "--agent", "alice"]);
    let line = format!(
        "{}\talice\t{}\trandom\t",
        key["id"].as_str().expect("an id"),
        &token(&key)[..11]
    );
    assert!(listed.starts_with(&line), "{listed}");
    assert!(!listed.contains(token(&key)));
}

/// AUTH-04.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_revokes_the_keys_on_request() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let key = alice.post(KEYS, json!({})).await.ok();
    let robot = server.with_token(token(&key));
    let passwords = ["a long password", "another password", "a third password"];
    for (pair, ends) in passwords.windows(2).zip([false, true]) {
        let alice = server.login("alice", pair[0]).await;
        let change = json!({"old_password": pair[0], "new_password": pair[1],
            "revoke_accesskeys": ends});
        alice.put(&format!("{ME}/password"), change).await.ok();
        if ends {
            robot.get(ME).await.refused(401, "TOKEN_REVOKED");
        } else {
            robot.get(ME).await.ok();
        }
    }
}
