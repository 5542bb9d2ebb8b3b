//! The console at `/`, as the server delivers it.

use reqwest::Method;

use talk_testkit::harness::{Answer, Server};

async fn get(server: &Server, path: &str) -> Answer {
    Answer::to(server.anonymous().request(Method::GET, path)).await
}

/// The paths in the `href` and `src` attributes of a page.
fn named(page: &str) -> Vec<&str> {
    let attributes = ["href=\"", "src=\""].into_iter();
    let rests = attributes.flat_map(|attribute| page.split(attribute).skip(1));
    rests.filter_map(|rest| rest.split('"').next()).collect()
}

#[tokio::test]
async fn the_page_and_its_files_are_served_to_everybody_under_a_strict_policy() {
    let server = Server::start().await;
    let page = get(&server, "/").await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").unwrap_or_default();
    for wanted in [
        "default-src 'none'",
        "script-src 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    ] {
        assert!(policy.contains(wanted), "{wanted} in {policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    let files = named(&page.body);
    assert!(files.len() > 20, "{files:?}");
    for path in files {
        let file = get(&server, path).await;
        assert_eq!(file.status, 200, "{path}");
        assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
        let caching = file.header("cache-control").unwrap_or_default();
        assert!(caching.contains("immutable"), "{path}: {caching}");
    }
}

/// Passwords of the demo are in the page of `dev` alone.
#[tokio::test]
async fn in_production_nobody_logs_in_with_one_click() {
    let server = Server::start().await;
    let page = get(&server, "/").await;
    assert!(!page.body.contains("talk-demo"), "{}", page.body);
}

#[tokio::test]
async fn a_console_that_is_switched_off_is_not_found() {
    let server = Server::start_with(&[("TALK_CONSOLE", "false")]).await;
    let page = get(&server, "/").await;
    assert_eq!(page.status, 404);
    assert_eq!(get(&server, "/console/1/main.js").await.status, 404);
    assert_eq!(get(&server, "/docs").await.status, 200);
}
