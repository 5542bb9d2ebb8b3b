//! Files of the visitors of a web chat.

use reqwest::Method;
use serde_json::{Value, json};
use talk_testkit::harness::{Answer, Client, Server};

use super::{CONVERSATIONS, of, text, visitor, web_chat};
use crate::files::broken::begin;
use crate::files::form::Form;
use crate::files::{FILES, stored, until};

/// The beginning of an image, which is plain ASCII.
const IMAGE: &str = "GIF89a 1 pixel";

async fn send(visitor: &Client, account: &Value, (n, name, bytes): (u128, &str, &str)) -> Answer {
    let path = of(account, &format!("files?id={}", super::id(n)));
    let form = Form::new().file(name, "text/html", bytes.as_bytes());
    Answer::to(form.on(visitor.request(Method::POST, &path))).await
}

async fn download(client: &Client, media: &Value) -> Answer {
    let path = format!("{FILES}/{}/file", text(media, "file_id"));
    client.get(&path).await
}

/// CONV-73: a visitor sends a file, which those who read the conversation read, and only they.
#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_sends_a_file() {
    let server = Server::start().await;
    let (admin, [alice, bob]) = (server.admin().await, server.agents(["alice", "bob"]).await);
    let account = web_chat(&admin, &[]).await;
    let (jo, kim) = (
        visitor(&server, &account).await,
        visitor(&server, &account).await,
    );
    let sent = send(&jo, &account, (1, "../cat.gif", IMAGE)).await.ok();
    let again = send(&jo, &account, (1, "../cat.gif", IMAGE)).await.ok();
    assert_eq!(sent["id"], again["id"]);
    let foreign = send(&kim, &account, (1, "cat.gif", IMAGE)).await;
    foreign.refused(422, "MESSAGE_ID_REUSED");
    until(async || stored(&server).len() == 1).await;
    let shown = jo.get(&of(&account, "messages")).await.ok();
    let link = text(&shown["result"][0]["medias"][0], "url").to_owned();
    assert_eq!(server.anonymous().get(&link).await.body, IMAGE);
    assert_eq!(
        kim.get(&of(&account, "messages")).await.ok()["result"],
        json!([])
    );

    let conversation = admin.get(CONVERSATIONS).await.rows().remove(0);
    let one = format!("{CONVERSATIONS}/{}", text(&conversation, "id"));
    alice.post(&format!("{one}/claim"), json!({})).await.ok();
    let message = alice.get(&format!("{one}/messages")).await.rows().remove(0);
    let media = &message["medias"][0];
    assert_eq!(
        (
            &media["status"],
            &media["filename"],
            &media["mime"],
            &media["size"]
        ),
        (
            &json!("ready"),
            &json!("cat.gif"),
            &json!("image/gif"),
            &json!(IMAGE.len())
        )
    );
    assert_eq!(
        (text(&message, "text"), text(&message, "direction")),
        ("", "incoming")
    );
    assert_eq!(download(&alice, media).await.body, IMAGE);
    download(&bob, media)
        .await
        .refused(403, "PERMISSION_DENIED");
    let (stranger, []) = server.customer("other", []).await;
    download(&stranger, media)
        .await
        .refused(404, "FILE_NOT_FOUND");
    server.operate(&["doctor"]);
    admin.delete(&one).await.ok();
    until(async || stored(&server).is_empty()).await;
    server
        .anonymous()
        .get(&link)
        .await
        .refused(404, "FILE_NOT_FOUND");
}

/// CONV-73: a page shows nothing of a visitor's file as a web page.
#[tokio::test(flavor = "multi_thread")]
async fn a_web_page_of_a_visitor_is_not_shown_as_one() {
    let server = Server::start().await;
    let account = web_chat(&server.admin().await, &[]).await;
    let jo = visitor(&server, &account).await;
    let sent = send(
        &jo,
        &account,
        (1, "a.html", "<html><script>alert(1)</script>"),
    )
    .await
    .ok();
    let link = text(&sent["medias"][0], "url").to_owned();
    let page = server.anonymous().get(&link).await;
    let disposition = page.header("content-disposition").expect("a disposition");
    assert!(disposition.starts_with("attachment"), "{disposition}");
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
}

/// CONV-73: a visitor's files are bounded, and what is refused leaves no bytes and no conversation.
#[tokio::test(flavor = "multi_thread")]
async fn files_of_a_visitor_are_bounded() {
    let settings = [
        ("TALK_VISITOR_FILES_BYTES", "40"),
        ("TALK_FILES_QUOTA_BYTES", "80"),
        ("TALK_FILE_MAX_BYTES", "64"),
        ("TALK_FILES_TEMP_BYTES", "4194304"),
    ];
    let server = Server::start_with(&settings).await;
    let admin = server.admin().await;
    let account = web_chat(&admin, &["https://shop.test"]).await;
    let (jo, kim) = (
        visitor(&server, &account).await,
        visitor(&server, &account).await,
    );
    let large = send(&jo, &account, (1, "a", &"x".repeat(65))).await;
    large.refused(413, "PAYLOAD_TOO_LARGE");
    let large = send(&jo, &account, (1, "a", &"x".repeat(41))).await;
    let refused = large.refused(400, "LIMIT_EXCEEDED");
    assert_eq!(refused["details"][0]["limit"], 40, "{refused}");
    let empty = Form::new();
    let path = of(&account, &format!("files?id={}", super::id(1)));
    let no_file = Answer::to(empty.on(jo.request(Method::POST, &path))).await;
    no_file.refused(400, "INVALID_FILE_UPLOAD");
    let no_id = Form::new().file("a", "", b"x");
    let no_id = Answer::to(no_id.on(jo.request(Method::POST, &of(&account, "files")))).await;
    no_id.refused(400, "INVALID_ID");
    let foreign = Form::new().file("a", "", b"x");
    let foreign = foreign
        .on(jo.request(Method::POST, &path))
        .header("origin", "https://evil.test");
    Answer::to(foreign).await.refused(403, "ORIGIN_NOT_ALLOWED");
    let nobody = Form::new().file("a", "", b"x");
    let nobody = nobody.on(server.anonymous().request(Method::POST, &path));
    Answer::to(nobody)
        .await
        .refused(401, "AUTHENTICATION_REQUIRED");
    assert!(admin.get(CONVERSATIONS).await.rows().is_empty());
    until(async || stored(&server).is_empty()).await;

    send(&jo, &account, (2, "a", &"x".repeat(40))).await.ok();
    send(&jo, &account, (3, "a", "x"))
        .await
        .refused(400, "LIMIT_EXCEEDED");
    send(&kim, &account, (4, "a", &"x".repeat(20))).await.ok();
    // The last quarter is for the agents.
    send(&kim, &account, (5, "a", "x"))
        .await
        .refused(409, "FILE_QUOTA_EXCEEDED");
    let own = Form::new().file("a", "", b"0123456789");
    Answer::to(own.on(admin.request(Method::POST, FILES)))
        .await
        .ok();
    until(async || stored(&server).len() == 3).await;
}

/// CONV-73: visitors who never end their uploads keep neither agents nor visitors of another account from
/// theirs.
#[tokio::test(flavor = "multi_thread")]
async fn unfinished_files_of_visitors_hold_nobody_else_up() {
    let settings = [
        ("TALK_FILE_MAX_BYTES", "1000000"),
        ("TALK_FILES_TEMP_BYTES", "16777216"),
    ];
    let server = Server::start_with(&settings).await;
    let admin = server.admin().await;
    let (busy, other) = (web_chat(&admin, &[]).await, web_chat(&admin, &[]).await);
    let mut open = Vec::new();
    let mut refused = 0;
    for n in 0..6 {
        let visitor = visitor(&server, &busy).await;
        let path = of(&busy, &format!("files?id={}", super::id(n)));
        open.push(begin(&server, &visitor, (&path, 1_000_000)));
        let answer = send(&visitor, &busy, (100 + n, "a", &"x".repeat(600_000))).await;
        refused += usize::from(answer.status == 503);
    }
    assert!(refused > 0, "the account has its share");
    let kim = visitor(&server, &other).await;
    send(&kim, &other, (200, "a", &"x".repeat(600_000)))
        .await
        .ok();
    let own = Form::new().file("a", "", &vec![b'x'; 900_000]);
    Answer::to(own.on(admin.request(Method::POST, FILES)))
        .await
        .ok();
}
