//! Headers that say what the body is not, and ids and keys that are none.

use reqwest::Method;
use serde_json::json;

use super::raw::ask;
use super::world::{KEYS, World};
use super::{refused_limit, refused_whole};
use talk_testkit::harness::{Answer, Server};

/// API-19.
#[tokio::test(flavor = "multi_thread")]
async fn only_json_is_read() {
    let world = World::new().await;
    let before = world.stored().await;
    let endpoints = world.endpoints();
    for endpoint in endpoints.iter().chain(&world.bare_endpoints()) {
        for kind in [
            "",
            "text/plain",
            "text/json",
            "application/json5",
            "application/xml",
            "application/octet-stream",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "; application/json",
            "json",
        ] {
            let request = endpoint.request().header("Content-Type", kind);
            let answer = Answer::to(request.body(endpoint.body.to_string())).await;
            refused_whole(&answer, 415, "UNSUPPORTED_MEDIA_TYPE");
        }
    }
    assert_eq!(world.stored().await, before);
}

/// API-19.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_compressed_is_read() {
    let world = World::new().await;
    let before = world.stored().await;
    let endpoints = world.endpoints();
    for endpoint in endpoints.iter().chain(&world.bare_endpoints()) {
        for coding in [
            "gzip",
            "GZIP",
            "br",
            "deflate",
            "zstd",
            "gzip, identity",
            "x",
        ] {
            let request = endpoint.request().header("Content-Encoding", coding);
            let answer = Answer::to(request.json(&endpoint.body)).await;
            refused_whole(&answer, 415, "UNSUPPORTED_CONTENT_ENCODING");
        }
    }
    assert_eq!(world.stored().await, before);
}

/// API-19.
#[tokio::test(flavor = "multi_thread")]
async fn json_is_read_by_any_of_its_names() {
    let world = World::new().await;
    for kind in [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON;charset=UTF-8",
    ] {
        let request = world.alice.request(Method::POST, KEYS);
        let request = request.header("Content-Type", kind);
        let request = request.header("Content-Encoding", "identity");
        Answer::to(request.body("{}")).await.ok();
    }
    let untyped = world.alice.request(Method::POST, KEYS).body("{}");
    Answer::to(untyped).await.ok();
}

/// API-17.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_seven_or_256_characters_is_refused_and_nothing_is_done() {
    let world = World::new().await;
    let before = world.stored().await;
    let (short, long) = ("k".repeat(7), "k".repeat(256));
    let endpoints = world.endpoints();
    let bare = world.bare_endpoints();
    let mut tried = 0;
    for endpoint in endpoints.iter().chain(&bare) {
        if endpoint.method != Method::POST || endpoint.path == "/auth/login" {
            continue;
        }
        tried += 1;
        for key in [&*short, &long, "", "with space", "schlüssel", "tab\tin key"] {
            let request = endpoint.request().header("Idempotency-Key", key);
            let answer = Answer::to(request.json(&endpoint.body)).await;
            refused_limit(&answer, "IDEMPOTENCY_KEY_INVALID", ("Idempotency-Key", 255));
        }
        let request = endpoint.request().header("Idempotency-Key", "first-key");
        let request = request.header("Idempotency-Key", "other-key");
        let answer = Answer::to(request.json(&endpoint.body)).await;
        refused_limit(&answer, "IDEMPOTENCY_KEY_INVALID", ("Idempotency-Key", 255));
    }
    assert_eq!(tried, 9);
    assert_eq!(world.stored().await, before);
    for key in ["k".repeat(8), "k".repeat(255)] {
        let answer = world.alice.post_once(&key, KEYS, &json!({})).await;
        answer.ok();
    }
}

/// API-15.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_keeps_its_id() {
    let server = Server::start().await;
    let alice = server.admin().await;
    let longest = "x".repeat(64);
    for id in [
        "1",
        "r_1-A",
        "-",
        "0af7651916cd43dd8448eb211c80319c",
        &longest,
    ] {
        for (path, status) in [
            ("/v1.0/service_agents/me", 200),
            ("/v1.0/nothing", 404),
            ("/v1.0/agents/x", 400),
            ("/auth/login", 405),
        ] {
            let request = alice.request(Method::GET, path).header("X-Request-Id", id);
            let answer = Answer::to(request).await;
            assert_eq!(answer.status, status);
            assert_eq!(answer.header("x-request-id"), Some(id));
            if status != 200 {
                assert_eq!(answer.json()["error"]["request_id"], id);
            }
        }
    }
}

/// API-15.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_id_of_a_request_is_replaced() {
    let server = Server::start().await;
    let alice = server.admin().await;
    let too_long = "x".repeat(65);
    let mut seen = Vec::new();
    for id in ["", "a b", "a.b", "a/b", "a\tb", "é", "<script>", &too_long] {
        for path in ["/v1.0/service_agents/me", "/v1.0/nothing"] {
            let request = alice.request(Method::GET, path).header("X-Request-Id", id);
            let answer = Answer::to(request).await;
            let given = answer.header("x-request-id").expect("an id").to_owned();
            let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
            assert!(given.bytes().all(is_plain) && (1..=64).contains(&given.len()));
            assert_ne!(given, id);
            assert!(!seen.contains(&given), "{given} twice");
            if answer.status != 200 {
                refused_whole(&answer, 404, "ROUTE_NOT_FOUND");
            }
            seen.push(given);
        }
    }
    let answer = ask(
        &server,
        b"GET /v1.0/nothing HTTP/1.1\r\nX-Request-Id: a\xff\r\n\r\n",
    );
    refused_whole(&answer, 404, "ROUTE_NOT_FOUND");
}

/// API-14.
#[tokio::test(flavor = "multi_thread")]
async fn an_unfinished_body_is_refused() {
    let world = World::new().await;
    let before = world.stored().await;
    let token = world.alice.token();
    for body in ["zz\r\n{}\r\n0\r\n\r\n", "-1\r\n{}\r\n", "\r\n\r\n"] {
        let request = format!(
            "POST {KEYS} HTTP/1.1\r\nAuthorization: Bearer {token}\r\n\
             Transfer-Encoding: chunked\r\n\r\n{body}"
        );
        let answer = ask(&world.server, request.as_bytes());
        refused_whole(&answer, 400, "BODY_INCOMPLETE");
    }
    assert_eq!(world.stored().await, before);
}
