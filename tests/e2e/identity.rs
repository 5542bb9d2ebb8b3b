//! Logging in and out, passwords, agents, customers.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use talk_testkit::harness::server::PASSWORD;
use talk_testkit::harness::{Answer, Client, Server};

const LOGIN: &str = "/auth/login";
const AGENTS: &str = "/v1.0/agents";
const ME: &str = "/v1.0/service_agents/me";

async fn log_in(server: &Server, username: &str, password: &str) -> Answer {
    let body = json!({"username": username, "password": password});
    server.anonymous().post(LOGIN, body).await
}

fn agent(other: &Client) -> String {
    format!("{AGENTS}/{}", other.id)
}

/// AUTH-01.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_answers_the_username_and_a_token_that_works() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let answer = log_in(&server, "alice", PASSWORD).await.ok();
    assert_eq!(answer["username"], "alice");
    assert_eq!(answer.as_object().expect("an object").len(), 2);
    let token = answer["token"].as_str().expect("a token");
    let me = server.with_token(token).get(ME).await.ok();
    assert_eq!(me["id"], alice.id.as_str());
    assert_eq!(
        (&me["permission"], &me["status"], &me["tm_delete"]),
        (&json!(16), &json!("active"), &json!(""))
    );
    let bare = server.anonymous();
    let url = format!("{ME}?token={token}");
    assert_eq!(bare.get(&url).await.ok(), me);
    let url = format!("{ME}?accesskey={token}");
    assert_eq!(bare.get(&url).await.ok(), me);
}

/// AUTH-01.
#[tokio::test(flavor = "multi_thread")]
async fn every_failed_login_looks_the_same() {
    let server = Server::start().await;
    let admin = server.admin().await;
    let [_alice, bob, carol] = server.agents(["alice", "bob", "carol"]).await;
    admin
        .put(&agent(&bob), json!({"status": "disabled"}))
        .await
        .ok();
    admin.delete(&agent(&carol)).await.ok();
    let wrong = log_in(&server, "alice", "a wrong password").await;
    wrong.refused(401, "INVALID_CREDENTIALS");
    for username in ["nobody", "bob", "carol"] {
        let refused = log_in(&server, username, PASSWORD).await;
        assert_eq!(refused.status, 401);
        assert_eq!(refused.but_for_its_id(), wrong.but_for_its_id());
    }
}

/// AUTH-02.
#[tokio::test(flavor = "multi_thread")]
async fn failed_logins_make_the_next_one_of_that_account_wait() {
    let server = Server::start().await;
    let [_alice, _bob] = server.agents(["alice", "bob"]).await;
    for username in ["alice", "nobody"] {
        let mut failures = 0;
        let delayed = loop {
            let refused = log_in(&server, username, "a wrong password").await;
            if refused.status == 429 {
                break refused;
            }
            refused.refused(401, "INVALID_CREDENTIALS");
            failures += 1;
            assert!(failures < 20, "nothing is delayed");
        };
        assert!(failures > 5, "{failures}");
        delayed.refused(429, "TOO_MANY_LOGIN_ATTEMPTS");
        let wait = delayed.header("retry-after").expect("Retry-After");
        assert!(wait.parse::<u32>().expect("seconds") >= 1, "{wait}");
    }
    log_in(&server, "bob", PASSWORD).await.ok();
}

/// AUTH-03.
#[tokio::test(flavor = "multi_thread")]
async fn a_logout_ends_that_token_at_once() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let other = server.login("alice", PASSWORD).await;
    alice.post("/auth/logout", json!({})).await.ok();
    alice.get(ME).await.refused(401, "TOKEN_REVOKED");
    let again = alice.post("/auth/logout", json!({})).await;
    again.refused(401, "TOKEN_REVOKED");
    other.get(ME).await.ok();
}

/// AUTH-04.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_the_older_tokens() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let path = format!("{ME}/password");
    let change = |old: &str, new: &str| json!({"old_password": old, "new_password": new});
    let wrong = alice
        .put(&path, change("a wrong password", "another password"))
        .await;
    let error = wrong.refused(400, "OLD_PASSWORD_WRONG");
    assert_eq!(error["details"][0]["field"], "old_password");
    for bad in ["short", &"x".repeat(129), ""] {
        let refused = alice.put(&path, change(PASSWORD, bad)).await;
        let error = refused.refused(400, "PASSWORD_INVALID");
        assert_eq!(error["details"][0]["field"], "new_password");
    }
    alice.get(ME).await.ok();
    let me = alice
        .put(&path, change(PASSWORD, "another password"))
        .await
        .ok();
    assert_eq!(me["id"], alice.id.as_str());
    alice.get(ME).await.refused(401, "TOKEN_REVOKED");
    log_in(&server, "alice", PASSWORD)
        .await
        .refused(401, "INVALID_CREDENTIALS");
    server.login("alice", "another password").await;
}

/// AUTH-06.
#[tokio::test(flavor = "multi_thread")]
async fn only_admins_and_managers_change_agents() {
    let server = Server::start().await;
    let admin = server.admin().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let new = json!({"username": "mallory", "password": PASSWORD});
    for refused in [
        alice.post(AGENTS, new.clone()).await,
        alice.put(&agent(&bob), json!({"name": "B"})).await,
        alice.put(&agent(&alice), json!({"permission": 32})).await,
        alice.delete(&agent(&bob)).await,
    ] {
        refused.refused(403, "PERMISSION_DENIED");
    }
    admin
        .put(&agent(&alice), json!({"permission": 64}))
        .await
        .ok();
    alice.post(AGENTS, new).await.ok();
}

/// AUTH-05 and AUTH-07.
#[tokio::test(flavor = "multi_thread")]
async fn usernames_are_unique_over_the_installation_and_lists_are_not() {
    let server = Server::start().await;
    let admin = server.admin().await;
    let (eve, [_mallory]) = server.customer("acme", ["mallory"]).await;
    let taken = json!({"username": "mallory-acme", "password": PASSWORD});
    admin
        .post(AGENTS, taken)
        .await
        .refused(409, "USERNAME_TAKEN");
    let names = |rows: Vec<Value>| -> Vec<String> {
        let name = |row: &Value| row["username"].as_str().expect("a username").to_owned();
        rows.iter().map(name).collect()
    };
    assert_eq!(names(admin.get(AGENTS).await.rows()), ["root"]);
    assert_eq!(
        names(eve.get(AGENTS).await.rows()),
        ["mallory-acme", "admin-acme"]
    );
    let customers = eve.get("/v1.0/customers").await.rows();
    let customer = eve.get("/v1.0/customer").await.ok();
    assert_eq!(customers.as_slice(), std::slice::from_ref(&customer));
    assert_eq!(customer["name"], "acme");
}

/// AUTH-06.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_created_changed_and_deleted() {
    let server = Server::start().await;
    let admin = server.admin().await;
    let new = json!({"username": "dora", "password": PASSWORD, "name": "Dora", "permission": 32});
    let created = admin.post(AGENTS, new).await;
    assert!(!created.body.contains(PASSWORD) && !created.body.contains("argon2"));
    let created = created.ok();
    assert_eq!(created["tm_update"], created["tm_create"]);
    let path = format!("{AGENTS}/{}", created["id"].as_str().expect("an id"));
    assert_eq!(admin.get(&path).await.ok(), created);
    let change = json!({"name": "D", "detail": "x", "permission": 16});
    let changed = admin.put(&path, change).await.ok();
    assert_eq!(
        (
            &changed["name"],
            &changed["detail"],
            &changed["permission"],
            &changed["username"]
        ),
        (&json!("D"), &json!("x"), &json!(16), &json!("dora"))
    );
    let refused = admin.put(&path, json!({"permission": 17})).await;
    refused.refused(400, "PERMISSION_INVALID");
    let refused = admin.put(&path, json!({"status": "asleep"})).await;
    refused.refused(400, "STATUS_INVALID");
    let deleted = admin.delete(&path).await.ok();
    assert_ne!(deleted["tm_delete"], "");
    // Case 80.
    assert_eq!(deleted["status"], "disabled");
    for gone in [
        admin.get(&path).await,
        admin.put(&path, json!({"name": "E"})).await,
        admin.delete(&path).await,
    ] {
        gone.refused(404, "AGENT_NOT_FOUND");
    }
}

/// AUTH-08 and AUTH-15.
#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_or_deleted_agent_is_out_at_once() {
    let server = Server::start().await;
    let admin = server.admin().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let mut keys = Vec::new();
    for client in [&alice, &bob] {
        let key = client.post("/v1.0/accesskeys", json!({})).await.ok()["token"].clone();
        keys.push(server.with_token(key.as_str().expect("a key")));
    }
    admin
        .put(&agent(&alice), json!({"status": "disabled"}))
        .await
        .ok();
    admin.delete(&agent(&bob)).await.ok();
    for client in [&alice, &bob, &keys[0], &keys[1]] {
        let refused = client.get(ME).await;
        assert_eq!(refused.status, 401, "{refused:?}");
    }
    admin
        .put(&agent(&alice), json!({"status": "active"}))
        .await
        .ok();
    server.login("alice", PASSWORD).await;
}

/// Case 56 and AUTH-12.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_active_admin_of_a_customer_stays() {
    let server = Server::start().await;
    let root = server.admin().await;
    let [alice] = server.agents(["alice"]).await;
    // Another customer's admin does not count.
    let (_foreign, []) = server.customer("other", []).await;
    for refused in [
        root.put(&agent(&root), json!({"permission": 16})).await,
        root.put(&agent(&root), json!({"status": "disabled"})).await,
        root.delete(&agent(&root)).await,
    ] {
        refused.refused(409, "LAST_ADMIN");
    }
    root.put(&agent(&root), json!({"permission": 64, "name": "R"}))
        .await
        .ok();
    root.put(&agent(&alice), json!({"permission": 32}))
        .await
        .ok();
    alice
        .put(&agent(&root), json!({"status": "disabled"}))
        .await
        .ok();
    let refused = alice.delete(&agent(&alice)).await;
    refused.refused(409, "LAST_ADMIN");
}

/// Case 56: of two admins that demote each other at the same time one stays admin.
#[tokio::test(flavor = "multi_thread")]
async fn two_admins_who_demote_each_other_at_once_leave_one() {
    let server = Server::start().await;
    let root = server.admin().await;
    let names: [String; 10] = std::array::from_fn(|n| format!("admin-{n}"));
    let rivals = server.agents(names.each_ref().map(String::as_str)).await;
    let demote = json!({"permission": 16});
    let promote = json!({"permission": 32});
    for (n, pair) in rivals.chunks(2).enumerate() {
        let [one, other] = pair else { panic!("pairs") };
        for admin in pair {
            root.put(&agent(admin), promote.clone()).await.ok();
        }
        root.put(&agent(&root), demote.clone()).await.ok();
        let targets = if n % 2 == 0 {
            [other, one]
        } else {
            [one, other]
        };
        let (one, other) = (one.on_its_own(), other.on_its_own());
        let paths = targets.map(agent);
        let (first, second) = tokio::join!(
            one.put(&paths[0], demote.clone()),
            other.put(&paths[1], demote.clone())
        );
        let left = match (first.status, second.status) {
            (200, 403 | 409) => targets[1],
            (403 | 409, 200) => targets[0],
            _ => panic!("{first:?} {second:?}"),
        };
        left.put(&agent(&root), promote.clone()).await.ok();
        root.put(&agent(left), demote.clone()).await.ok();
    }
    let refused = root.put(&agent(&root), demote).await;
    refused.refused(409, "LAST_ADMIN");
}

/// Case 57.
#[tokio::test(flavor = "multi_thread")]
async fn a_username_is_one_in_every_case_and_form_and_has_nothing_unseen() {
    let server = Server::start().await;
    let admin = server.admin().await;
    let new = |username: &str| json!({"username": username, "password": PASSWORD});
    let dave = admin.post(AGENTS, new("Ｄavé")).await.ok();
    assert_eq!(dave["username"], "Davé");
    for taken in ["Davé", "davé", "DAVE\u{301}", "ＤＡＶÉ"] {
        let refused = admin.post(AGENTS, new(taken)).await;
        refused.refused(409, "USERNAME_TAKEN");
        let answer = log_in(&server, taken, PASSWORD).await.ok();
        assert_eq!(answer["username"], "Davé");
    }
    for unseen in ["davé\u{200b}", "davé\u{3164}", "da\u{202e}vé", "da vé"] {
        let refused = admin.post(AGENTS, new(unseen)).await;
        let error = refused.refused(400, "USERNAME_INVALID");
        assert_eq!(error["details"][0]["field"], "username");
    }
    let mut named = new("erin");
    named["name"] = "Er\u{200b}in 👩\u{200d}🚀".into();
    let erin = admin.post(AGENTS, named).await.ok();
    assert_eq!(erin["name"], "Erin 👩\u{200d}🚀");
}

/// Case 58.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_the_same_however_its_characters_are_typed() {
    let server = Server::start().await;
    let admin = server.admin().await;
    let (composed, apart) = ("p\u{e4}ssword of alice", "pa\u{308}ssword of alice");
    for (username, set, typed) in [("alice", composed, apart), ("bob", apart, composed)] {
        let new = json!({"username": username, "password": set});
        admin.post(AGENTS, new).await.ok();
        log_in(&server, username, typed).await.ok();
    }
}

/// AUTH-14.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_comes_in_without_a_token_of_this_server() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let other = [("TALK_JWT_SECRET", "another-secret-of-the-tests-0123456789")];
    let other = Server::start_with(&other).await;
    let foreign = other.admin().await;
    let parts: Vec<_> = alice.token().split('.').collect();
    let [_, claims, signature] = parts[..] else {
        panic!("no JWT: {parts:?}")
    };
    // {"alg":"none","typ":"JWT"} and {"alg":"HS512","typ":"JWT"}
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let longer = "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9";
    let foreign_claims = foreign.token().split('.').nth(1).expect("claims");
    for token in [
        foreign.token().to_owned(),
        format!("{none}.{claims}."),
        format!("{none}.{claims}.{signature}"),
        format!("{longer}.{claims}.{signature}"),
        format!("{}.{foreign_claims}.{signature}", parts[0]),
        format!("{}.{claims}.", parts[0]),
        "garbage".to_owned(),
    ] {
        let refused = server.with_token(&token).get(ME).await;
        refused.refused(401, "TOKEN_INVALID");
        assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    }
    let bare = server.anonymous();
    let cookie = format!("token={0}; accesskey={0}", alice.token());
    let request = bare.request(Method::GET, ME).header("Cookie", cookie);
    for refused in [bare.get(ME).await, Answer::to(request).await] {
        refused.refused(401, "AUTHENTICATION_REQUIRED");
        assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    }
}

/// AUTH-14.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_ends_with_its_lifetime() {
    let server = Server::start_with(&[("TALK_TOKEN_LIFETIME_SECONDS", "1")]).await;
    let alice = server.admin().await;
    for _ in 0..200 {
        let answer = alice.get(ME).await;
        if answer.status != 200 {
            answer.refused(401, "TOKEN_EXPIRED");
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the token does not end");
}
