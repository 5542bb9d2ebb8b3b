//! Uploads that break off, and a server that ends during them.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinSet;

use talk_testkit::harness::{Client, Server};

use super::form::Form;
use super::{FILES, stored, until};

/// How often the server is killed.
const KILLS: usize = 50;

/// Microseconds after which it is killed at the latest.
const LATEST: u64 = 60_000;

/// Sizes of the files that are uploaded at the same time: of one part, of several, and empty.
const SIZES: [usize; 4] = [0, 1_000, 300_000, 700_000];

/// Sends the first half of an upload of `size` bytes and keeps the connection open.
pub(crate) fn begin(server: &Server, by: &Client, (path, size): (&str, usize)) -> TcpStream {
    let form = Form::new().file("a", "text/plain", &vec![b'x'; size]);
    let body = form.body();
    let address = server.url.strip_prefix("http://").expect("an address");
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\ncontent-type: {}\r\n\
         content-length: {}\r\n\r\n",
        by.token(),
        form.kind(),
        body.len()
    );
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.write_all(head.as_bytes()).expect("sent");
    stream.write_all(&body[..body.len() / 2]).expect("sent");
    stream
}

/// FILE-02.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_breaks_off_or_stalls_leaves_nothing() {
    let server = Server::start_with(&[("TALK_FILE_STALL_SECONDS", "1")]).await;
    let [alice] = server.agents(["alice"]).await;
    for is_kept_open in [false, true] {
        let stream = begin(&server, &alice, (FILES, 2_000_000));
        until(async || !stored(&server).is_empty()).await;
        let _open = is_kept_open.then_some(stream);
        until(async || stored(&server).is_empty()).await;
    }
    assert!(alice.get(FILES).await.rows().is_empty());
}

/// FILE-03: whenever the server is killed, no row is without bytes, no upload that was answered is
/// lost, and the sweep leaves no bytes without a row.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_leaves_no_row_without_bytes_and_no_bytes_without_a_row() {
    let mut server = Server::start_with(&[("TALK_FILES_SWEEP_AFTER", "1")]).await;
    let [alice] = server.agents(["alice"]).await;
    let random = RandomState::new();
    let mut answered = Vec::new();
    for round in 0..KILLS {
        let half = begin(&server, &alice, (FILES, 2_000_000));
        let mut uploading = JoinSet::new();
        for size in SIZES {
            uploading.spawn(uploads(alice.on_its_own(), size));
        }
        let moment = Duration::from_micros(random.hash_one(round) % LATEST);
        tokio::time::sleep(moment).await;
        server.kill();
        answered.extend(uploading.join_all().await.into_iter().flatten());
        drop(half);
        server.restart().await;
    }
    let rows = rows(&alice).await;
    for id in &answered {
        assert!(rows.contains(id), "{id} was answered and is lost");
    }
    server.operate(&["doctor"]);
    until(async || stored(&server).len() == rows.len()).await;
    server.operate(&["doctor"]);
    let (rows, answered) = (rows.len(), answered.len());
    assert!(answered >= KILLS, "too few uploads: {answered}");
    println!("{KILLS} kills, {answered} uploads answered, {rows} stored: 0 lost, 0 left");
}

/// Uploads files of one size until the server is killed. Returns the ids of those it answered.
async fn uploads(by: Client, size: usize) -> Vec<String> {
    let form = Form::new().file("a", "text/plain", &vec![b'y'; size]);
    let mut answered = Vec::new();
    loop {
        let request = form.on(by.request(reqwest::Method::POST, FILES));
        let Ok(answer) = request.send().await else {
            return answered;
        };
        assert_eq!(answer.status(), 200);
        let Ok(file) = answer.json::<Value>().await else {
            return answered;
        };
        answered.push(id(&file));
    }
}

fn id(file: &Value) -> String {
    file["id"].as_str().expect("an id").to_owned()
}

/// The ids of all files of an agent.
async fn rows(by: &Client) -> HashSet<String> {
    let mut found = HashSet::new();
    let mut token = String::new();
    loop {
        let path = format!("{FILES}?page_size=100&page_token={token}");
        let page = by.get(path.trim_end_matches("&page_token=")).await.ok();
        found.extend(page["result"].as_array().expect("rows").iter().map(id));
        let next = page["next_page_token"].as_str().expect("a token");
        if next.is_empty() {
            return found;
        }
        token = next.replace(' ', "%20");
    }
}
