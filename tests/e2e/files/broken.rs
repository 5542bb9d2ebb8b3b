//! Uploads that break off, and a server that ends during them.

use std::io::Write as _;
use std::net::TcpStream;

use talk_testkit::harness::{Client, Server};

use super::form::Form;
use super::{FILES, stored, until, upload};

/// Sends the first `share` of 10 of an upload and keeps the connection open.
fn begin(server: &Server, by: &Client, size: usize, share: usize) -> TcpStream {
    let form = Form::new().file("a", "text/plain", &vec![b'x'; size]);
    let body = form.body();
    let address = server.url.strip_prefix("http://").expect("an address");
    let head = format!(
        "POST {FILES} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\ncontent-type: {}\r\n\
         content-length: {}\r\n\r\n",
        by.token(),
        form.kind(),
        body.len()
    );
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.write_all(head.as_bytes()).expect("sent");
    stream
        .write_all(&body[..body.len() * share / 10])
        .expect("sent");
    stream
}

/// FILE-02.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_breaks_off_or_stalls_leaves_nothing() {
    let server = Server::start_with(&[("TALK_FILE_STALL_SECONDS", "1")]).await;
    let [alice] = server.agents(["alice"]).await;
    for is_kept_open in [false, true] {
        let stream = begin(&server, &alice, 2_000_000, 5);
        until(async || !stored(&server).is_empty()).await;
        let _open = is_kept_open.then_some(stream);
        until(async || stored(&server).is_empty()).await;
    }
    assert!(alice.get(FILES).await.rows().is_empty());
}

/// FILE-03: after a kill no row is without bytes, and the sweep leaves no bytes without a row.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_leaves_no_row_without_bytes_and_no_bytes_without_a_row() {
    let mut server = Server::start_with(&[("TALK_FILES_SWEEP_AFTER", "1")]).await;
    let [alice] = server.agents(["alice"]).await;
    for round in 0..6 {
        let half = begin(&server, &alice, 2_000_000, 5);
        let bytes = vec![b'y'; 300_000];
        let form = Form::new().file("b", "text/plain", &bytes);
        let whole = tokio::spawn({
            let alice = alice.on_its_own();
            async move { alice_uploads(&alice, &form).await }
        });
        until(async || stored(&server).len() > round).await;
        server.kill();
        drop((half, whole.await));
        server.restart().await;
        let rows = alice.get(FILES).await.rows();
        for row in &rows {
            let path = format!("{FILES}/{}/file", row["id"].as_str().expect("an id"));
            assert_eq!(alice.get(&path).await.body.len(), 300_000);
        }
        until(async || stored(&server).len() == rows.len()).await;
        upload(&alice, &Form::new().file("c", "text/plain", &bytes))
            .await
            .ok();
    }
}

/// Uploads without minding whether the server answers.
async fn alice_uploads(by: &Client, form: &Form) {
    let request = form.on(by.request(reqwest::Method::POST, FILES));
    drop(request.send().await);
}
