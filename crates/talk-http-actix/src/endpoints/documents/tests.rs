//! Tests of the documentation pages.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use talk_domain::kernel::limits::Limits;

use crate::openapi::document;
use crate::testing::Scene;

const FILES: [(&str, &str); 7] = [
    ("/docs", "text/html"),
    ("/docs/errors", "text/html"),
    ("/docs/start.js", "text/javascript"),
    ("/docs/page.css", "text/css"),
    ("/docs/swagger-ui-bundle.js", "text/javascript"),
    ("/docs/swagger-ui.css", "text/css"),
    ("/openapi.json", "application/json"),
];

fn get(uri: &str) -> TestRequest {
    TestRequest::get().uri(uri)
}

/// RUN-10.
#[actix_web::test]
async fn everybody_can_read_them_and_nothing_of_another_host_is_in_them() {
    let scene = Scene::empty();
    for (path, kind) in FILES {
        let answer = scene.call(get(path)).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-type").starts_with(kind), "{path}");
        assert_eq!(answer.header("content-encoding"), "", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(!policy.contains("http"), "{path}: {policy}");
        if kind == "text/html" {
            assert!(!answer.body.contains("://"), "{path} leads elsewhere");
        }
    }
}

#[actix_web::test]
async fn a_document_is_compressed_on_request_and_not_sent_again_unchanged() {
    let scene = Scene::empty();
    for (path, _) in FILES {
        let plain = scene.call(get(path)).await;
        let known = get(path).insert_header(("if-none-match", plain.header("etag")));
        let known = scene.call(known).await;
        assert_eq!((known.status.as_u16(), &*known.body), (304, ""), "{path}");
        let other = get(path).insert_header(("if-none-match", "\"other\""));
        assert_eq!(scene.call(other).await.status, 200, "{path}");
        for (accepted, coding) in [
            ("gzip, br", "gzip"),
            ("br;q=1.0, gzip;q=0.5", "gzip"),
            ("identity", ""),
            ("gzip;q=0", ""),
        ] {
            let request = get(path).insert_header(("accept-encoding", accepted));
            let response = scene.raw(request).await;
            assert_eq!(
                response.header("content-encoding"),
                coding,
                "{path} {accepted}"
            );
        }
    }
}

#[actix_web::test]
async fn the_served_document_is_the_generated_one() {
    let served = Scene::empty().call(get("/openapi.json")).await;
    assert_eq!(served.json(), document(true, &Limits::default()));
}

#[actix_web::test]
async fn what_is_switched_off_is_not_described() {
    let scene = Scene::without_legacy();
    assert_eq!(scene.call(get("/v1.0/talks")).await.status, 404);
    let served = scene.call(get("/openapi.json")).await;
    assert!(served.body.contains("/v1.0/service_agents/talk_chats"));
    for gone in [
        "/v1.0/talks",
        "/v1.0/messages",
        "\"Talks\"",
        "TalkEvent",
        "TalkMessage",
    ] {
        assert!(!served.body.contains(gone), "{gone}");
    }
    for gone in ["\"deprecated\"", "\"dialect\""] {
        assert!(!served.body.contains(gone), "{gone}");
    }
}

#[actix_web::test]
async fn who_asks_for_the_head_only_gets_it() {
    let scene = Scene::empty();
    for (path, kind) in FILES {
        let request = TestRequest::default().method(Method::HEAD).uri(path);
        let answer = scene.call(request).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-type").starts_with(kind), "{path}");
        assert_eq!(
            answer.header("etag"),
            scene.call(get(path)).await.header("etag")
        );
    }
}

#[actix_web::test]
async fn every_reason_is_on_the_page_of_errors() {
    let page = Scene::empty().call(get("/docs/errors")).await.body;
    for known in talk_wire::reason::reasons() {
        assert!(
            page.contains(&format!("<code>{}</code>", known.reason)),
            "{}",
            known.reason
        );
    }
}
