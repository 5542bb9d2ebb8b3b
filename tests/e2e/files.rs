//! Files: uploads, who reads them, what is sent with them, and what is left of them.

pub(crate) mod broken;
pub(crate) mod form;
mod hostile;
mod operated;
mod s3;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use reqwest::{Method, Response};
use serde_json::{Value, json};
use talk_testkit::harness::client::message;
use talk_testkit::harness::{Answer, Client, Server};

use form::Form;

pub(crate) const FILES: &str = "/v1.0/service_agents/files";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\nnot really a picture";

/// Uploads a form.
async fn upload(by: &Client, form: &Form) -> Answer {
    let request = by.request(Method::POST, FILES);
    Answer::to(form.on(request)).await
}

/// Uploads bytes under a name.
async fn file(by: &Client, name: &str, bytes: &[u8]) -> Value {
    let form = Form::new().file(name, "application/octet-stream", bytes);
    upload(by, &form).await.ok()
}

fn one(file: &Value, rest: &str) -> String {
    format!("{FILES}/{}{rest}", file["id"].as_str().expect("an id"))
}

async fn attach(by: &Client, chat: &Value, file: &Value) -> Answer {
    let medias = json!([{"type": "file", "file_id": file["id"]}]);
    let body = json!({"chat_id": chat["id"], "medias": medias});
    by.post("/v1.0/service_agents/talk_messages", body).await
}

async fn fetch(by: &Client, path: &str, headers: &[(&str, &str)]) -> Response {
    let request = headers
        .iter()
        .fold(by.request(Method::GET, path), |request, (name, value)| {
            request.header(*name, *value)
        });
    request.send().await.expect("an answer")
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    let value = answer.headers().get(name).expect(name);
    value.to_str().expect("text")
}

/// Everything below the directory of files but directories.
pub(crate) fn stored(server: &Server) -> Vec<PathBuf> {
    fn below(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(directory).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                below(&path, found);
            } else {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    below(&server.data().join("files"), &mut found);
    found
}

/// Waits until `is_so`, which the server brings about in the background.
pub(crate) async fn until(is_so: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so().await {
        assert!(Instant::now() < deadline, "it does not happen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// FILE-01 and FILE-05.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_uploaded_is_shown_listed_and_downloaded() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let form = Form::new()
        .text("name", "Screenshot")
        .text("detail", "of the error")
        .file("a b.png", "text/html", PNG);
    let sent = upload(&alice, &form).await.ok();
    for (field, expected) in [
        ("owner_type", json!("agent")),
        ("owner_id", json!(alice.id)),
        ("reference_type", json!("")),
        ("type", json!("talk")),
        ("name", json!("Screenshot")),
        ("detail", json!("of the error")),
        ("filename", json!("a b.png")),
        ("filesize", json!(PNG.len())),
        ("mime", json!("image/png")),
        ("uri_download", json!("")),
        ("tm_download_expire", json!("")),
        ("tm_delete", json!("")),
        ("tm_update", sent["tm_create"].clone()),
    ] {
        assert_eq!(sent[field], expected, "{field}");
    }
    assert_eq!(alice.get(&one(&sent, "")).await.ok(), sent);
    let second = file(&alice, "b.txt", b"").await;
    assert_eq!(alice.get(FILES).await.rows(), [second, sent.clone()]);
    let answer = fetch(&alice, &one(&sent, "/file"), &[]).await;
    assert_eq!(answer.status(), 200);
    for (name, expected) in [
        ("content-type", "image/png"),
        (
            "etag",
            &*format!("\"{}\"", sent["sha256"].as_str().expect("a hash")),
        ),
        ("accept-ranges", "bytes"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("cache-control", "private, max-age=31536000, immutable"),
        (
            "content-disposition",
            "inline; filename=\"a b.png\"; filename*=UTF-8''a%20b.png",
        ),
    ] {
        assert_eq!(header(&answer, name), expected, "{name}");
    }
    assert_eq!(answer.bytes().await.expect("bytes"), PNG);
}

/// FILE-01: browsers send names in UTF-8, some libraries in `filename*`.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_keeps_its_name_in_every_script() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    for sent in [
        "filename=\"보고서.txt\"",
        "filename*=UTF-8''%EB%B3%B4%EA%B3%A0%EC%84%9C.txt",
        "filename=\"보고서.txt\"; filename*=UTF-8''other",
    ] {
        let headers = format!("Content-Disposition: form-data; name=\"file\"; {sent}");
        let form = Form::new().part(&headers, b"x");
        let file = upload(&alice, &form).await.ok();
        assert_eq!(file["filename"], "보고서.txt", "{sent}");
    }
}

/// FILE-08.
#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_a_file_is_downloaded() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let bytes: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let sent = file(&alice, "numbers", &bytes).await;
    let path = one(&sent, "/file");
    let tag = format!("\"{}\"", sent["sha256"].as_str().expect("a hash"));
    for (range, expected) in [
        ("bytes=0-3", 0..4),
        ("bytes=65535-200000", 65_535..200_001),
        ("bytes=-5", bytes.len() - 5..bytes.len()),
        ("bytes=799999-", 799_999..bytes.len()),
    ] {
        let part = fetch(&alice, &path, &[("range", range), ("if-range", &tag)]).await;
        let of = format!("bytes {}-{}/800000", expected.start, expected.end - 1);
        assert_eq!(
            (part.status().as_u16(), header(&part, "content-range")),
            (206, &*of)
        );
        assert_eq!(part.bytes().await.expect("bytes"), bytes[expected]);
    }
    for (name, value) in [
        ("range", "bytes=0-1,5-6"),
        ("range", "lines=1-2"),
        ("x", "y"),
    ] {
        let whole = fetch(&alice, &path, &[(name, value)]).await;
        assert_eq!(whole.status(), 200);
        assert_eq!(whole.bytes().await.expect("bytes"), bytes);
    }
}

/// FILE-08.
#[tokio::test(flavor = "multi_thread")]
async fn known_bytes_are_not_sent_again() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let sent = file(&alice, "numbers", &vec![7; 800_000]).await;
    let path = one(&sent, "/file");
    let tag = format!("\"{}\"", sent["sha256"].as_str().expect("a hash"));
    let stale = [("range", "bytes=0-3"), ("if-range", "\"x\"")];
    let other = fetch(&alice, &path, &stale).await;
    assert_eq!(other.status(), 200);
    let behind = fetch(&alice, &path, &[("range", "bytes=800000-")]).await;
    assert_eq!(header(&behind, "content-range"), "bytes */800000");
    let request = alice
        .request(Method::GET, &path)
        .header("range", "bytes=800000-");
    Answer::to(request)
        .await
        .refused(416, "RANGE_NOT_SATISFIABLE");
    let known = fetch(&alice, &path, &[("if-none-match", &tag)]).await;
    assert_eq!(known.status(), 304);
    assert!(known.bytes().await.expect("nothing").is_empty());
    let head = alice
        .request(Method::HEAD, &path)
        .send()
        .await
        .expect("a head");
    assert_eq!(
        (head.status().as_u16(), header(&head, "content-length")),
        (200, "800000")
    );
    let again = alice
        .request(Method::HEAD, &path)
        .send()
        .await
        .expect("a head");
    assert_eq!(again.status(), 200);
}

/// FILE-05 and FILE-06.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_for_its_uploader_and_those_who_were_sent_it() {
    let server = Server::start().await;
    let [alice, bob, carol] = server.agents(["alice", "bob", "carol"]).await;
    let (_, [stranger]) = server.customer("acme", ["x"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let sent = file(&alice, "a.png", PNG).await;
    for path in [one(&sent, ""), one(&sent, "/file")] {
        bob.get(&path).await.refused(403, "PERMISSION_DENIED");
        stranger.get(&path).await.refused(404, "FILE_NOT_FOUND");
    }
    let refused = attach(&bob, &chat, &sent)
        .await
        .refused(400, "MEDIA_FILE_NOT_FOUND");
    assert_eq!(refused["details"][0]["field"], "medias[0].file_id");
    let said = attach(&alice, &chat, &sent).await.ok();
    let expected = json!([{
        "type": "file", "file_id": sent["id"], "name": "a.png", "mime": "image/png",
        "size": PNG.len(),
    }]);
    assert_eq!(said["medias"], expected);
    let events = bob.events(&chat).await;
    assert_eq!(events.last().expect("an event")["data"]["medias"], expected);
    let talk = format!(
        "/v1.0/talks/{}/messages",
        chat["id"].as_str().expect("an id")
    );
    assert_eq!(bob.get(&talk).await.rows()[0]["medias"], expected);
    for path in [one(&sent, ""), one(&sent, "/file")] {
        assert_eq!(bob.get(&path).await.status, 200);
        carol.get(&path).await.refused(403, "PERMISSION_DENIED");
        stranger.get(&path).await.refused(404, "FILE_NOT_FOUND");
    }
    bob.delete(&one(&sent, ""))
        .await
        .refused(403, "PERMISSION_DENIED");
    // Who was sent a file may pass it on, also when its first message is deleted.
    let other = bob.chat("group", &[&carol]).await;
    let passed = attach(&bob, &other, &sent).await.ok();
    alice.delete(&message(&said, "")).await.ok();
    assert_eq!(carol.get(&one(&sent, "/file")).await.status, 200);
    bob.delete(&message(&passed, "")).await.ok();
    for by in [&alice, &bob, &carol] {
        by.get(&one(&sent, "/file"))
            .await
            .refused(404, "FILE_NOT_FOUND");
    }
    until(async || stored(&server).is_empty()).await;
}

/// FILE-06.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_an_edit_removed_is_for_its_uploader() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let sent = file(&alice, "a.png", PNG).await;
    let said = attach(&alice, &chat, &sent).await.ok();
    let kept = json!({"text": "see", "medias": [{"type": "file", "file_id": sent["id"]}]});
    let edited = alice.put(&message(&said, ""), kept).await.ok();
    assert_eq!(edited["medias"], said["medias"]);
    assert_eq!(bob.get(&one(&sent, "/file")).await.status, 200);
    let removed = json!({"medias": []});
    alice.put(&message(&said, ""), removed).await.ok();
    bob.get(&one(&sent, "/file"))
        .await
        .refused(403, "PERMISSION_DENIED");
    assert_eq!(alice.get(&one(&sent, "/file")).await.status, 200);
}

/// FILE-10.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_file_is_gone_and_its_messages_say_so() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let sent = file(&alice, "a.png", PNG).await;
    let mut said = attach(&alice, &chat, &sent).await.ok();
    let deleted = alice.delete(&one(&sent, "")).await.ok();
    assert_eq!(deleted["id"], sent["id"]);
    assert_ne!(deleted["tm_delete"], "");
    assert!(
        stored(&server).is_empty(),
        "the bytes are gone with the answer"
    );
    for path in [one(&sent, ""), one(&sent, "/file")] {
        for by in [&alice, &bob] {
            by.get(&path).await.refused(404, "FILE_NOT_FOUND");
        }
    }
    alice
        .delete(&one(&sent, ""))
        .await
        .refused(404, "FILE_NOT_FOUND");
    let count = bob.events(&chat).await.len();
    until(async || {
        let now = bob.get(&message(&said, "")).await.ok();
        now["medias"][0]["deleted"] == true
    })
    .await;
    let events = bob.events(&chat).await;
    let last = events.last().expect("an event");
    assert_eq!(last["type"], "chatmessage_updated");
    assert!(events.len() <= count + 1);
    said["medias"][0]["deleted"] = json!(true);
    assert_eq!(last["data"]["medias"], said["medias"]);
}

/// FILE-09.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_needs_no_login_until_it_expires() {
    let settings = [
        ("TALK_PUBLIC_URL", "https://talk.example.com"),
        ("TALK_FILE_LINK_SECONDS", "3600"),
    ];
    let server = Server::start_with(&settings).await;
    let [alice] = server.agents(["alice"]).await;
    let sent = file(&alice, "a.png", PNG).await;
    let link = sent["uri_download"].as_str().expect("a link");
    let path = link
        .strip_prefix("https://talk.example.com")
        .expect("the address");
    let anonymous = server.anonymous();
    let answer = fetch(&anonymous, path, &[]).await;
    assert_eq!(
        (answer.status().as_u16(), header(&answer, "content-type")),
        (200, "image/png")
    );
    assert_eq!(answer.bytes().await.expect("bytes"), PNG);
    let mut wrong = path.to_owned();
    let last = wrong.pop().expect("a digit");
    wrong.push(if last == '0' { '1' } else { '0' });
    anonymous.get(&wrong).await.refused(404, "FILE_NOT_FOUND");
    anonymous
        .get("/v1.0/files/x")
        .await
        .refused(404, "FILE_NOT_FOUND");
    alice.delete(&one(&sent, "")).await.ok();
    anonymous.get(path).await.refused(404, "FILE_NOT_FOUND");
    assert!(!server.log().contains(&path[10..]), "links are not logged");
}

/// API-17: the parts are compared, not the boundary.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_repeated_is_stored_once() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let send = async |form: Form| {
        let request = alice
            .request(Method::POST, FILES)
            .header("idempotency-key", "key-12345");
        Answer::to(form.on(request)).await
    };
    let form = || Form::new().file("a.png", "image/png", PNG);
    let first = send(form()).await.ok();
    let again = send(form().boundary("another")).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.ok(), first);
    assert_eq!(stored(&server).len(), 1);
    let other = Form::new().file("a.png", "image/png", b"other");
    send(other).await.refused(422, "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(stored(&server).len(), 1);
    assert_eq!(alice.get(FILES).await.rows(), [first]);
}

/// FILE-04.
#[tokio::test(flavor = "multi_thread")]
async fn files_are_limited_in_size_and_by_the_quota() {
    let settings = [
        ("TALK_FILE_MAX_BYTES", "1000"),
        ("TALK_FILES_QUOTA_BYTES", "2500"),
    ];
    let server = Server::start_with(&settings).await;
    let [alice] = server.agents(["alice"]).await;
    let (_, [stranger]) = server.customer("acme", ["x"]).await;
    let send = async |by: &Client, bytes: usize| {
        let bytes = vec![b'x'; bytes];
        upload(by, &Form::new().file("x", "text/plain", &bytes)).await
    };
    for bytes in [1_001, 200_000] {
        let error = send(&alice, bytes).await.refused(413, "PAYLOAD_TOO_LARGE");
        assert_eq!(error["details"][0]["limit"], 1_000);
    }
    assert!(stored(&server).is_empty());
    let first = send(&alice, 1_000).await.ok();
    send(&alice, 1_000).await.ok();
    send(&alice, 501).await.refused(409, "FILE_QUOTA_EXCEEDED");
    assert_eq!(stored(&server).len(), 2, "nothing of it is kept");
    send(&stranger, 1_000).await.ok();
    alice.delete(&one(&first, "")).await.ok();
    send(&alice, 501).await.ok();
}

/// RUN-19, RUN-20 and FILE-11: the bytes of an erased agent and of a deleted customer go too.
#[tokio::test(flavor = "multi_thread")]
async fn erasure_and_deletion_take_the_bytes_along() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let (_, [stranger]) = server.customer("acme", ["x"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let sent = file(&alice, "a.png", PNG).await;
    attach(&alice, &chat, &sent).await.ok();
    file(&bob, "b.png", PNG).await;
    let foreign = file(&stranger, "c.png", PNG).await;
    assert_eq!(stored(&server).len(), 3);
    server.operate(&["agent", "erase", "alice", "--yes"]);
    until(async || stored(&server).len() == 2).await;
    let customer = foreign["customer_id"].as_str().expect("an id");
    server.operate(&["customer", "delete", customer, "--yes"]);
    until(async || stored(&server).len() == 1).await;
    assert_eq!(bob.get(FILES).await.rows().len(), 1);
}
