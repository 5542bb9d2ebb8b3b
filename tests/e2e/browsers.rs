//! CORS: preflights and readable headers for web pages of other origins.

use reqwest::Method;
use serde_json::json;

use talk_testkit::harness::{Answer, Client, Server};

const CONSOLE: &str = "https://console.example.com";
const MESSAGES: &str = "/v1.0/service_agents/talk_messages";

async fn server() -> (Server, Client) {
    let server = Server::start_with(&[("TALK_ALLOWED_ORIGINS", CONSOLE)]).await;
    let [alice] = server.agents(["alice"]).await;
    (server, alice)
}

/// Sends the preflight request of a POST with a token and a key.
async fn preflight(server: &Server, origin: &str, path: &str) -> Answer {
    let request = server
        .anonymous()
        .request(Method::OPTIONS, path)
        .header("Origin", origin)
        .header("Access-Control-Request-Method", "POST")
        .header(
            "Access-Control-Request-Headers",
            "authorization,content-type,idempotency-key",
        );
    Answer::to(request).await
}

/// Case 68.
#[tokio::test]
async fn a_page_of_an_allowed_origin_may_use_the_api_as_it_may_the_socket() {
    let (server, alice) = server().await;
    for path in [MESSAGES, "/v1.0/talks", "/auth/login"] {
        let allowed = preflight(&server, CONSOLE, path).await;
        assert_eq!((allowed.status, &*allowed.body), (204, ""), "{path}");
        let header = |name| allowed.header(name).unwrap_or_default().to_lowercase();
        assert_eq!(header("access-control-allow-origin"), CONSOLE);
        assert_eq!(header("access-control-allow-credentials"), "");
        for method in ["get", "post", "put", "delete"] {
            assert!(header("access-control-allow-methods").contains(method));
        }
        for name in [
            "authorization",
            "content-type",
            "idempotency-key",
            "x-request-id",
        ] {
            assert!(header("access-control-allow-headers").contains(name));
        }
        assert!(header("vary").contains("origin"));
        assert!(allowed.header("x-request-id").is_some());
    }
    let chat = alice.chat("group", &[]).await;
    let said = json!({"chat_id": chat["id"], "text": "from a page"});
    let post = |body: &serde_json::Value| {
        let request = alice.request(Method::POST, MESSAGES).json(body);
        Answer::to(request.header("Origin", CONSOLE))
    };
    for (answer, status) in [(post(&said).await, 200), (post(&json!({})).await, 400)] {
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), Some(CONSOLE));
        let exposed = answer.header("access-control-expose-headers");
        let exposed = exposed.unwrap_or_default().to_lowercase();
        for name in [
            "talk-position",
            "x-request-id",
            "retry-after",
            "idempotent-replayed",
            "deprecation",
        ] {
            assert!(exposed.contains(name), "{name} in {exposed}");
        }
        assert_eq!(answer.header("access-control-allow-credentials"), None);
    }
}

/// Case 68.
#[tokio::test]
async fn a_page_of_a_foreign_origin_reads_nothing() {
    let (server, alice) = server().await;
    for origin in [
        "https://evil.example.com",
        "null",
        "http://console.example.com",
    ] {
        let refused = preflight(&server, origin, MESSAGES).await;
        refused.refused(405, "METHOD_NOT_ALLOWED");
        assert_eq!(refused.header("access-control-allow-origin"), None);
        let request = alice
            .request(Method::GET, MESSAGES)
            .header("Origin", origin);
        let answer = Answer::to(request).await;
        assert_eq!(answer.status, 200, "a browser hides it from the page");
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
}

/// API-07.
#[tokio::test]
async fn no_answer_of_the_api_is_kept_by_a_cache_or_taken_for_something_else() {
    let (_server, alice) = server().await;
    for path in [
        MESSAGES,
        "/v1.0/nothing",
        "/healthz",
        "/v1.0/service_agents/me",
    ] {
        let answer = alice.get(path).await;
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
    let page = alice.get("/docs").await;
    assert_ne!(page.header("cache-control"), Some("no-store"));
}
