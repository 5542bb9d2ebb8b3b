//! Bodies over their limit, with and without a length announced.

use std::fmt::Write;

use serde_json::json;

use super::raw::ask;
use super::refused;
use super::world::World;

/// API-18.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_may_reach_its_limit() {
    let world = World::new().await;
    let endpoints = world.endpoints();
    for endpoint in endpoints.iter().chain(&world.bare_endpoints()) {
        endpoint.send(endpoint.body_of(endpoint.limit)).await.ok();
    }
}

/// API-18.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_its_limit_is_too_large() {
    let world = World::new().await;
    let before = world.stored().await;
    let endpoints = world.endpoints();
    for endpoint in endpoints.iter().chain(&world.bare_endpoints()) {
        let details = json!([{"field": "body", "limit": endpoint.limit}]);
        for bytes in [endpoint.limit + 1, 2 * endpoint.limit, 1_000_000] {
            for body in [endpoint.body_of(bytes), "x".repeat(bytes)] {
                let answer = endpoint.send(body).await;
                refused(&answer, (413, "PAYLOAD_TOO_LARGE"), &details);
            }
        }
    }
    assert_eq!(world.stored().await, before);
}

/// API-18.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_unknown_length_has_the_same_limit() {
    let world = World::new().await;
    let before = world.stored().await;
    let endpoints = world.endpoints();
    for endpoint in endpoints.iter().chain(&world.bare_endpoints()) {
        let mut request = format!(
            "{} {} HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
            endpoint.method, endpoint.path
        );
        if endpoint.path != "/auth/login" {
            let token = endpoint.by.token();
            write!(request, "Authorization: Bearer {token}\r\n").expect("written");
        }
        request.push_str("\r\n");
        let body = endpoint.body_of(endpoint.limit + 1);
        for chunk in body.as_bytes().chunks(10_000) {
            let text = String::from_utf8_lossy(chunk);
            write!(request, "{:x}\r\n{text}\r\n", chunk.len()).expect("written");
        }
        request.push_str("0\r\n\r\n");
        let answer = ask(&world.server, request.as_bytes());
        let details = json!([{"field": "body", "limit": endpoint.limit}]);
        refused(&answer, (413, "PAYLOAD_TOO_LARGE"), &details);
    }
    assert_eq!(world.stored().await, before);
}
