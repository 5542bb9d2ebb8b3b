//! Rate limits and the addresses of clients.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use talk_testkit::harness::server::PASSWORD;
use talk_testkit::harness::{Answer, Client, Server, Socket};

const ME: &str = "/v1.0/service_agents/me";
const MESSAGES: &str = "/v1.0/service_agents/talk_messages";

/// Sends GETs until one is answered 429.
async fn flood(client: &Client, path: &str) -> Option<Answer> {
    for _ in 0..100 {
        let answer = client.get(path).await;
        if answer.status == 429 {
            return Some(answer);
        }
    }
    None
}

async fn metrics(server: &Server) -> String {
    let answer = reqwest::get(format!("{}/metrics", server.admin_url)).await;
    answer.expect("metrics").text().await.expect("text")
}

/// Case 43: one agent that floods uses up nothing of another one.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_answered_429_and_the_others_go_on() {
    let limits = [("TALK_AGENT_RATE", "1"), ("TALK_AGENT_BURST", "40")];
    let server = Server::start_with(&limits).await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let refused = flood(&alice, ME).await.expect("a 429");
    let error = refused.refused(429, "RATE_LIMITED");
    assert_eq!(error["status"], "RESOURCE_EXHAUSTED");
    let seconds = refused.header("retry-after").expect("Retry-After");
    assert!(
        (1..=10).contains(&seconds.parse().expect("seconds")),
        "{seconds}"
    );
    bob.get(ME).await.ok();
    let refused = r#"talk_rate_limited_total{bucket="agent",outcome="refused"} 1"#;
    let metrics = metrics(&server).await;
    assert!(metrics.contains(refused), "{metrics}");
}

/// CONV-14: whoever poses as many visitors begins few conversations, and a known visitor goes on.
#[tokio::test(flavor = "multi_thread")]
async fn new_visitors_of_one_address_are_limited_and_known_ones_go_on() {
    let limits = [("TALK_ADDRESS_RATE", "5"), ("TALK_ADDRESS_BURST", "300")];
    let server = Server::start_with(&limits).await;
    let admin = server.admin().await;
    let account = json!({"type": "webchat", "name": "Shop"});
    let account = admin
        .post("/v1.0/conversation_accounts", account)
        .await
        .ok();
    let id = account["id"].as_str().expect("an id");
    let (sessions, messages) = (
        format!("/v1.0/webchat/{id}/sessions"),
        format!("/v1.0/webchat/{id}/messages"),
    );
    let say = |visitor: Client, n: u32| {
        let messages = messages.clone();
        let body = json!({"id": format!("{n:08x}-0000-4000-8000-000000000000"), "text": "x"});
        async move { visitor.post(&messages, body).await }
    };
    let mut visitors = Vec::new();
    for _ in 0..20 {
        let begun = server.anonymous().post(&sessions, json!({})).await.ok();
        visitors.push(server.with_token(begun["token"].as_str().expect("a token")));
    }
    let mut begun = 0;
    for (visitor, n) in visitors.iter().zip(1..) {
        let answer = say(visitor.clone(), n).await;
        if answer.status == 429 {
            break;
        }
        answer.ok();
        begun += 1;
    }
    assert!((6..12).contains(&begun), "{begun}");
    for n in 100..110 {
        say(visitors[0].clone(), n).await.ok();
    }
    let new = visitors.pop().expect("a visitor");
    say(new, 200).await.refused(429, "RATE_LIMITED");
    let rows = admin.get("/v1.0/conversations").await.rows();
    assert_eq!(rows.len(), begun);
}

/// Case 43: a socket is not read while its agent has no token left; what it has said is kept and
/// answered, and nothing is closed.
#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_floods_posts_is_slowed_and_loses_nothing() {
    const POSTS: usize = 120;
    let limits = [("TALK_AGENT_RATE", "50"), ("TALK_AGENT_BURST", "40")];
    let server = Server::start_with(&limits).await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let mut socket = Socket::open(&alice).await;
    for n in 0..POSTS {
        let message = json!({"chat_id": chat["id"], "text": format!("message {n}")});
        let post = json!({"type": "post", "id": format!("key-{n:05}"), "message": message});
        socket.send(post).await;
    }
    let mut texts = BTreeMap::new();
    for _ in 0..POSTS {
        let answer = socket.answer("posted").await;
        texts.insert(answer["id"].to_string(), answer["data"]["text"].clone());
    }
    let expected: Vec<Value> = (0..POSTS).map(|n| json!(format!("message {n}"))).collect();
    assert_eq!(texts.into_values().collect::<Vec<_>>(), expected);
    socket.nothing_else().await;
    let slowed = r#"talk_rate_limited_total{bucket="agent",outcome="delayed"}"#;
    let metrics = metrics(&server).await;
    assert!(metrics.contains(slowed), "{metrics}");
    assert!(!metrics.contains(r#"outcome="refused""#), "{metrics}");
    let newest = bob.get(&format!("{MESSAGES}?page_size=1")).await.rows();
    assert_eq!(newest[0]["text"], expected[POSTS - 1]);
}

/// Pretends to forward for another client with every request; the first 429.
async fn flood_in_other_names(server: &Server) -> Option<u16> {
    let client = server.anonymous();
    for n in 1..100 {
        let name = if n % 2 == 0 {
            "x-forwarded-for"
        } else {
            "forwarded"
        };
        let value = if n % 2 == 0 { "" } else { "for=" };
        let request = client.request(Method::GET, ME);
        let request = request.header(name, format!("{value}203.0.113.{n}"));
        let answer = Answer::to(request).await;
        if answer.status == 429 {
            return Some(answer.status);
        }
    }
    None
}

/// API-10: an untrusted peer does not choose the address it is counted under, and the log warns
/// once.
#[tokio::test(flavor = "multi_thread")]
async fn a_forged_forwarding_header_gives_nobody_a_new_bucket() {
    let slow = [("TALK_ADDRESS_RATE", "1"), ("TALK_ADDRESS_BURST", "50")];
    let untrusted = [&slow[..], &[("TALK_TRUSTED_PROXIES", "10.0.0.0/8")]].concat();
    let server = Server::start_with(&untrusted).await;
    assert_eq!(flood_in_other_names(&server).await, Some(429));
    let log = server.log_with("client=127.").await;
    assert_eq!(log.matches("trusted_proxies").count(), 1, "{log}");
    assert!(!log.contains("203.0.113."), "{log}");
    let trusted = Server::start_with(&slow).await;
    assert_eq!(flood_in_other_names(&trusted).await, None);
    trusted.log_with("client=203.0.113.7").await;
}

/// Health and metrics of the operators' listener are for those who look after the server.
#[tokio::test(flavor = "multi_thread")]
async fn the_operators_listener_is_never_limited() {
    let slow = [("TALK_ADDRESS_RATE", "1"), ("TALK_ADDRESS_BURST", "5")];
    let server = Server::start_with(&slow).await;
    assert!(flood(&server.anonymous(), "/healthz").await.is_some());
    for path in ["/healthz", "/readyz", "/metrics"] {
        for _ in 0..10 {
            let answer = reqwest::get(format!("{}{path}", server.admin_url)).await;
            assert_eq!(answer.expect("an answer").status(), 200, "{path}");
        }
    }
}

/// Logs in through a proxy that says it forwards for `client`.
async fn login_from(server: &Server, client: &str, username: &str, password: &str) -> Answer {
    let body = json!({"username": username, "password": password});
    let request = server.anonymous().request(Method::POST, "/auth/login");
    Answer::to(request.header("x-forwarded-for", client).json(&body)).await
}

/// Case 54: a stranger who guesses is slowed down, the owner of the account is not; the log names
/// both, but no name that nobody has.
#[tokio::test(flavor = "multi_thread")]
async fn an_owner_logs_in_while_a_stranger_guesses() {
    const STRANGER: &str = "203.0.113.66";
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let mut delayed = None;
    for n in 0..10 {
        let answer = login_from(&server, STRANGER, "alice", &format!("a wrong guess {n}")).await;
        if answer.status == 429 {
            delayed = Some(answer);
            break;
        }
        answer.refused(401, "INVALID_CREDENTIALS");
    }
    let delayed = delayed.expect("a delay");
    delayed.refused(429, "TOO_MANY_LOGIN_ATTEMPTS");
    assert!(delayed.header("retry-after").is_some());
    login_from(&server, "198.51.100.1", "alice", PASSWORD)
        .await
        .ok();
    let change = json!({"old_password": PASSWORD, "new_password": "another password"});
    let path = "/v1.0/service_agents/me/password";
    let request = alice
        .request(Method::PUT, path)
        .header("x-forwarded-for", STRANGER);
    Answer::to(request.json(&change)).await.ok();
    let typed = "my secret typed here";
    let unknown = login_from(&server, STRANGER, typed, "x").await;
    unknown.refused(401, "INVALID_CREDENTIALS");
    assert!(
        server
            .operate(&["agent", "unlock", "alice"])
            .contains("alice")
    );
    let log = server.log_with("a login failed").await;
    let failed: Vec<_> = log
        .lines()
        .filter(|line| line.contains("a login failed"))
        .collect();
    assert!(
        failed.iter().all(|line| line.contains(STRANGER)),
        "{failed:?}"
    );
    assert!(
        failed[0].contains("alice") && failed[0].contains(&alice.id),
        "{failed:?}"
    );
    assert!(!log.contains(typed), "{log}");
}
