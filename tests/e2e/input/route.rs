//! Routes and methods that there are not.

use reqwest::Method;

use super::refused_whole;
use super::world::{AGENTS, CHANNELS, CHATS, EVENTS, KEYS, MESSAGES, UNKNOWN, World};
use talk_testkit::harness::{Answer, Server};

const ACCOUNTS: &str = "/v1.0/conversation_accounts";
const CONVERSATIONS: &str = "/v1.0/conversations";
const WEBHOOKS: &str = "/v1.0/webhooks";
const INTERCEPTS: &str = "/v1.0/intercepts";

/// Every route but those of conversations, with what it allows.
fn routes() -> Vec<(String, &'static str)> {
    let me = "/v1.0/service_agents/me";
    vec![
        ("/auth/login".into(), "POST"),
        ("/auth/logout".into(), "POST"),
        (me.into(), "GET"),
        (format!("{me}/password"), "PUT"),
        (AGENTS.into(), "GET, POST"),
        (format!("{AGENTS}/{UNKNOWN}"), "GET, PUT, DELETE"),
        (KEYS.into(), "GET, POST"),
        (format!("{KEYS}/{UNKNOWN}"), "DELETE"),
        ("/v1.0/customers".into(), "GET"),
        ("/v1.0/customer".into(), "GET, PUT"),
        (WEBHOOKS.into(), "GET, POST"),
        (format!("{WEBHOOKS}/{UNKNOWN}"), "GET, PUT, DELETE"),
        (format!("{WEBHOOKS}/{UNKNOWN}/rotate"), "POST"),
        (format!("{WEBHOOKS}/{UNKNOWN}/test"), "POST"),
        (format!("{WEBHOOKS}/{UNKNOWN}/replay"), "POST"),
        (format!("{WEBHOOKS}/{UNKNOWN}/deliveries"), "GET"),
        (format!("{INTERCEPTS}/talk_message"), "GET, PUT, DELETE"),
        (format!("{INTERCEPTS}/talk_message/decisions"), "GET"),
        (format!("{INTERCEPTS}/held"), "GET"),
        (format!("{INTERCEPTS}/held/{UNKNOWN}/release"), "POST"),
        (format!("{INTERCEPTS}/held/{UNKNOWN}/drop"), "POST"),
        (CHATS.into(), "GET, POST"),
        (CHANNELS.into(), "GET"),
        (format!("{CHATS}/{UNKNOWN}"), "GET, PUT, DELETE"),
        (format!("{CHATS}/{UNKNOWN}/join"), "POST"),
        (format!("{CHATS}/{UNKNOWN}/close"), "POST"),
        (format!("{CHATS}/{UNKNOWN}/reopen"), "POST"),
        (format!("{CHATS}/{UNKNOWN}/read"), "PUT"),
        (format!("{CHATS}/{UNKNOWN}/participants"), "GET, POST"),
        (
            format!("{CHATS}/{UNKNOWN}/participants/{UNKNOWN}"),
            "DELETE",
        ),
        (MESSAGES.into(), "GET, POST"),
        (format!("{MESSAGES}/{UNKNOWN}"), "GET, PUT, DELETE"),
        (format!("{MESSAGES}/{UNKNOWN}/revisions"), "GET"),
        (format!("{MESSAGES}/{UNKNOWN}/read_by"), "GET"),
        ("/v1.0/service_agents/talk_presence".into(), "GET"),
        (format!("{MESSAGES}/{UNKNOWN}/reactions"), "POST, DELETE"),
        (EVENTS.into(), "GET"),
        ("/v1.0/ws".into(), "GET"),
        ("/healthz".into(), "GET, HEAD"),
        ("/readyz".into(), "GET, HEAD"),
    ]
}

/// The routes of conversations.
fn outside() -> Vec<(String, &'static str)> {
    vec![
        (ACCOUNTS.into(), "GET, POST"),
        (format!("{ACCOUNTS}/{UNKNOWN}"), "GET, PUT, DELETE"),
        (format!("{ACCOUNTS}/{UNKNOWN}/check"), "POST"),
        (format!("{ACCOUNTS}/{UNKNOWN}/receipts"), "GET"),
        (format!("/v1.0/conversation/accounts/{UNKNOWN}"), "POST"),
        (
            format!("{CONVERSATIONS}/{UNKNOWN}/messages/{UNKNOWN}/retry"),
            "POST",
        ),
        (CONVERSATIONS.into(), "GET, POST"),
        (format!("{CONVERSATIONS}/{UNKNOWN}"), "GET, PUT, DELETE"),
        (format!("{CONVERSATIONS}/{UNKNOWN}/claim"), "POST"),
        (format!("{CONVERSATIONS}/{UNKNOWN}/unassign"), "POST"),
        (format!("{CONVERSATIONS}/{UNKNOWN}/close"), "POST"),
        (format!("{CONVERSATIONS}/{UNKNOWN}/reopen"), "POST"),
        (format!("{CONVERSATIONS}/{UNKNOWN}/messages"), "GET, POST"),
        (
            format!("{CONVERSATIONS}/{UNKNOWN}/participants"),
            "GET, POST",
        ),
        (
            format!("{CONVERSATIONS}/{UNKNOWN}/participants/{UNKNOWN}"),
            "DELETE",
        ),
        (format!("{CONVERSATIONS}/{UNKNOWN}/read"), "PUT"),
        (
            format!("{CONVERSATIONS}/{UNKNOWN}/messages/{UNKNOWN}"),
            "GET, DELETE",
        ),
        (format!("/v1.0/webchat/{UNKNOWN}/sessions"), "POST"),
        (format!("/v1.0/webchat/{UNKNOWN}/messages"), "GET, POST"),
        (format!("/v1.0/webchat/{UNKNOWN}/files"), "POST"),
        (format!("/v1.0/webchat/{UNKNOWN}/read"), "PUT"),
        (format!("/v1.0/webchat/{UNKNOWN}/typing"), "PUT"),
    ]
}

/// API-14 and case 31.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_method_is_refused_with_the_allowed_ones() {
    let world = World::new().await;
    let before = world.stored().await;
    for (path, allow) in routes().into_iter().chain(outside()) {
        for method in [
            "GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "HEAD",
        ] {
            if allow.split(", ").any(|allowed| allowed == method) {
                continue;
            }
            for by in [&world.alice, &world.server.anonymous()] {
                let method: Method = method.parse().expect("a method");
                let is_head = method == Method::HEAD;
                let answer = Answer::to(by.request(method, &path)).await;
                assert_eq!(answer.status, 405, "{path}: {answer:?}");
                assert_eq!(answer.header("allow"), Some(allow), "{path}");
                if is_head {
                    assert_eq!(answer.body, "");
                    answer.header("x-request-id").expect("an id");
                } else {
                    refused_whole(&answer, 405, "METHOD_NOT_ALLOWED");
                }
            }
        }
    }
    assert_eq!(world.stored().await, before);
}

/// API-14 and case 31.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_route_is_not_found_by_any_method() {
    let server = Server::start().await;
    let alice = server.admin().await;
    let mut unknown = vec![
        "/v1.0".to_owned(),
        "/v1.0/".to_owned(),
        "/v1.1/agents".to_owned(),
        "/V1.0/agents".to_owned(),
        "/v1.0/Agents".to_owned(),
        "/v1.0/nothing".to_owned(),
        "/v1.0/service_agents".to_owned(),
        "/auth".to_owned(),
        "/auth/register".to_owned(),
        "//v1.0/agents".to_owned(),
        "/v1.0//agents".to_owned(),
        "/v1.0/%61gents%00".to_owned(),
        "/%ff".to_owned(),
        "/metrics".to_owned(),
        "/%6Detrics".to_owned(),
        "/.env".to_owned(),
        format!("{AGENTS}/{UNKNOWN}/{UNKNOWN}"),
        format!("{MESSAGES}/{UNKNOWN}/nothing"),
        format!("{CHATS}/{UNKNOWN}/delete"),
        format!("/{}", "x".repeat(10_000)),
    ];
    unknown.extend(
        routes()
            .into_iter()
            .chain(outside())
            .map(|(path, _)| format!("{path}/")),
    );
    for path in unknown {
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
            for by in [&alice, &server.anonymous()] {
                let request = by.request(method.clone(), &path).body("{");
                let answer = Answer::to(request).await;
                refused_whole(&answer, 404, "ROUTE_NOT_FOUND");
            }
        }
    }
}
