//! Tests of static files.

use std::io::Write as _;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::StaticFile;
use crate::testing::Scene;

const POLICY: &str = "default-src 'none'";

fn scene() -> Scene {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(b"export {};").unwrap();
    let gzip = encoder.finish().unwrap().leak();
    Scene::with_files(vec![
        StaticFile::page("/", POLICY, "<!doctype html>"),
        StaticFile::immutable("/site/1/a.js", "text/javascript", POLICY, gzip),
    ])
}

#[actix_web::test]
async fn files_have_their_policy_and_cannot_be_framed() {
    let scene = scene();
    for (path, body, caching) in [
        ("/", "<!doctype html>", "no-cache"),
        (
            "/site/1/a.js",
            "export {};",
            "public, max-age=31536000, immutable",
        ),
    ] {
        let answer = scene.call(TestRequest::get().uri(path)).await;
        assert_eq!((answer.status.as_u16(), &*answer.body), (200, body));
        assert_eq!(answer.header("content-security-policy"), POLICY);
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("x-frame-options"), "deny");
        assert_eq!(answer.header("cache-control"), caching);
        let known = TestRequest::get().uri(path);
        let known = known.insert_header(("if-none-match", answer.header("etag")));
        assert_eq!(scene.call(known).await.status, 304, "{path}");
    }
}

#[actix_web::test]
async fn other_methods_and_other_paths_are_refused() {
    let scene = scene();
    let posted = TestRequest::default().method(Method::POST).uri("/");
    let posted = scene.call(posted).await;
    assert_eq!(posted.status, 405);
    assert_eq!(posted.header("allow"), "GET, HEAD");
    for path in ["/site/1/b.js", "/site/2/a.js", "/site/1/", "//"] {
        let answer = scene.call(TestRequest::get().uri(path)).await;
        assert_eq!(answer.status, 404, "{path}");
    }
}

#[actix_web::test]
async fn without_files_the_root_is_not_found() {
    let answer = Scene::empty().call(TestRequest::get().uri("/")).await;
    assert_eq!(answer.status, 404);
}
