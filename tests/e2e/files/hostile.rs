//! Uploads that are meant to do harm.

use reqwest::Method;
use serde_json::json;
use talk_testkit::harness::{Answer, Server};

use super::form::Form;
use super::{FILES, fetch, header, one, stored, upload};

/// Files that are named and declared as something else: name, declared type, bytes, the type they are
/// served as, and whether they are shown in place.
const DISGUISED: [(&str, &str, &[u8], &str, &str); 9] = [
    (
        "a.png",
        "image/png",
        b"<script>alert(1)</script>",
        "text/html",
        "attachment",
    ),
    (
        "a.txt",
        "text/plain",
        b"\xef\xbb\xbf <!doctype html>",
        "text/html",
        "attachment",
    ),
    (
        "a.svg",
        "image/png",
        b"<svg onload=alert(1)>",
        "image/svg+xml",
        "attachment",
    ),
    (
        "a.xml",
        "text/plain",
        b"<?xml version='1.0'?><a/>",
        "text/xml",
        "attachment",
    ),
    (
        "a.gif",
        "text/html",
        b"GIF89a<script>alert(1)</script>",
        "image/gif",
        "inline",
    ),
    (
        "a.pdf",
        "text/html",
        b"%PDF-1.7 <script>alert(1)</script>",
        "application/pdf",
        "inline",
    ),
    (
        "../../etc/passwd",
        "text/plain",
        b"x",
        "text/plain",
        "inline",
    ),
    (
        "..\\..\\x",
        "application/x",
        b"\0\x01",
        "application/octet-stream",
        "attachment",
    ),
    (
        "a\u{202e}gpj.exe",
        "image/jpeg",
        b"MZ\x90\0",
        "application/vnd.microsoft.portable-executable",
        "attachment",
    ),
];

/// FILE-07 and FILE-08: whatever is declared, no browser runs anything of a file, and no name gets
/// out of its header.
#[tokio::test(flavor = "multi_thread")]
async fn no_file_is_served_as_something_that_runs() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    for (name, declared, bytes, mime, kind) in DISGUISED {
        let form = Form::new().file(name, declared, bytes);
        let sent = upload(&alice, &form).await.ok();
        assert_eq!(sent["mime"], mime, "{name}");
        let filename = sent["filename"].as_str().expect("a name");
        assert!(!filename.contains(['/', '\\', '\u{202e}']), "{filename}");
        let answer = fetch(&alice, &one(&sent, "/file"), &[]).await;
        assert_eq!(
            header(&answer, "content-type").split(';').next(),
            Some(mime)
        );
        assert!(
            header(&answer, "content-disposition").starts_with(kind),
            "{name}"
        );
        assert_eq!(header(&answer, "x-content-type-options"), "nosniff");
        assert_eq!(
            header(&answer, "content-security-policy"),
            "sandbox; default-src 'none'"
        );
        assert_eq!(answer.bytes().await.expect("bytes"), bytes);
    }
    let customer = alice.get(FILES).await.rows()[0]["customer_id"].clone();
    for path in stored(&server) {
        let parent = path.parent().and_then(|parent| parent.file_name());
        assert_eq!(parent.and_then(|name| name.to_str()), customer.as_str());
    }
}

/// FILE-02: every form that is none is refused, and leaves nothing.
#[tokio::test(flavor = "multi_thread")]
async fn forms_that_are_none_are_refused_and_leave_nothing() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let file = |form: Form| form.file("a", "text/plain", b"abc");
    let header = |headers: &str| Form::new().part(headers, b"abc");
    let many = (0..40).fold(Form::new(), |form, n| form.text(&format!("x{n}"), "y"));
    for (form, reason) in [
        (Form::new(), "INVALID_FILE_UPLOAD"),
        (Form::new().text("name", "x"), "INVALID_FILE_UPLOAD"),
        (file(file(Form::new())), "INVALID_FILE_UPLOAD"),
        (file(Form::new().text("type", "rag")), "INVALID_FILE_TYPE"),
        (file(Form::new()).text("type", ""), "INVALID_FILE_TYPE"),
        (
            file(Form::new().text("name", &"x".repeat(256))),
            "LIMIT_EXCEEDED",
        ),
        (
            file(Form::new().text("detail", &"x".repeat(100_000))),
            "LIMIT_EXCEEDED",
        ),
        (file(Form::new()).text("detail", "a\0"), "NUL_CHARACTER"),
        (
            Form::new().file(&"x".repeat(300), "text/plain", b"abc"),
            "LIMIT_EXCEEDED",
        ),
        (file(many), "INVALID_FILE_UPLOAD"),
        (header("X: y"), "INVALID_FILE_UPLOAD"),
        (
            header("Content-Disposition: form-data"),
            "INVALID_FILE_UPLOAD",
        ),
        (
            header(&format!("X: {}", "y".repeat(200_000))),
            "INVALID_FILE_UPLOAD",
        ),
        (
            file(Form::new().part("Content-Disposition: form-data; name=\"name\"", b"\xff")),
            "INVALID_FILE_UPLOAD",
        ),
    ] {
        upload(&alice, &form).await.refused(400, reason);
    }
    assert!(stored(&server).is_empty());
    assert_eq!(alice.get(FILES).await.ok()["result"], json!([]));
}

/// FILE-02: a body that ends early or is of another type is refused, and leaves nothing.
#[tokio::test(flavor = "multi_thread")]
async fn half_a_form_and_other_bodies_are_refused_and_leave_nothing() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let cut = Form::new().file("a", "text/plain", b"abc");
    let mut body = cut.body();
    body.truncate(body.len() - 20);
    let request = alice
        .request(Method::POST, FILES)
        .header("content-type", cut.kind());
    Answer::to(request.body(body))
        .await
        .refused(400, "BODY_INCOMPLETE");
    for (kind, status, reason) in [
        ("application/json", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("multipart/mixed; boundary=x", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("multipart/form-data", 400, "INVALID_FILE_UPLOAD"),
    ] {
        let request = alice
            .request(Method::POST, FILES)
            .header("content-type", kind);
        Answer::to(request.body("{}")).await.refused(status, reason);
    }
    assert!(stored(&server).is_empty());
    assert_eq!(alice.get(FILES).await.ok()["result"], json!([]));
}
