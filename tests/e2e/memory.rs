//! Clients that send much or read nothing hold bounded memory.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use talk_testkit::harness::{Client, Server};

const MIB: u64 = 1_024;

/// A connection whose client has room for a few kilobytes of what it does not read.
async fn connect(server: &Server) -> TcpStream {
    let address = server.url.strip_prefix("http://").expect("an address");
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("a small buffer");
    let stream = socket.connect(address.parse().expect("an address")).await;
    stream.expect("a connection")
}

/// Sends `request` on `count` connections, and reads nothing.
async fn stalled(server: &Server, count: usize, request: &[u8]) -> Vec<TcpStream> {
    let mut streams = Vec::with_capacity(count);
    for _ in 0..count {
        let mut stream = connect(server).await;
        // A server that refuses the request early may have closed the connection.
        let _ = stream.write_all(request).await;
        streams.push(stream);
    }
    streams
}

/// The sum of a figure of the server's metrics over the lines that have all these labels.
async fn metric(server: &Server, name: &str, labels: &[&str]) -> f64 {
    let metrics = reqwest::get(format!("{}/metrics", server.admin_url)).await;
    let text = metrics.expect("metrics").text().await.expect("text");
    let lines = text.lines().filter(|line| line.starts_with(name));
    let values = lines
        .filter(|line| labels.iter().all(|label| line.contains(label)))
        .filter_map(|line| line.rsplit(' ').next());
    values
        .map(|value| value.parse::<f64>().expect("a number"))
        .sum()
}

/// Waits until the server has answered `count` reads of `route`.
async fn answered(server: &Server, route: &str, count: usize) {
    let started = Instant::now();
    let label = format!("route=\"{route}\"");
    #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
    let count = count as f64;
    loop {
        let name = "talk_http_request_duration_seconds_count";
        let done = metric(server, name, &["method=\"GET\"", &label]).await;
        if done >= count {
            return;
        }
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "{done} of {count} requests are answered"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn grown(server: &Server, before: u64, what: &str) -> u64 {
    let grown = server.memory().saturating_sub(before) / MIB;
    println!("{what}: {grown} MiB more");
    grown
}

/// Case 45.
#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_strangers_who_read_no_file_cost_little() {
    const FILE: &str = "/docs/swagger-ui-bundle.js";
    const COUNT: usize = 300;
    let server = Server::start().await;
    for coding in ["identity", "gzip"] {
        let request =
            format!("GET {FILE} HTTP/1.1\r\nhost: t\r\naccept-encoding: {coding}\r\n\r\n");
        let first = stalled(&server, 1, request.as_bytes()).await;
        let (answers, before) = match coding {
            "identity" => (1, server.memory()),
            _ => (COUNT + 2, server.memory()),
        };
        answered(&server, FILE, answers).await;
        let held = stalled(&server, COUNT, request.as_bytes()).await;
        answered(&server, FILE, answers + COUNT).await;
        // As many copies of the file would be 400 MiB, compressed 130.
        let grown = grown(&server, before, coding);
        assert!(grown < 64, "{grown} MiB for {coding}");
        drop((first, held));
    }
}

/// Case 45.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_logins_of_255_kib_cost_little() {
    const COUNT: usize = 1_000;
    let server = Server::start().await;
    let size = 255 * 1_024;
    let head = "POST /auth/login HTTP/1.1\r\nhost: t\r\ncontent-type: application/json\r\n";
    let sized = format!(
        "{head}content-length: {size}\r\n\r\n{}",
        "x".repeat(size - 1)
    );
    let chunked = format!(
        "{head}transfer-encoding: chunked\r\n\r\n{size:x}\r\n{}",
        "x".repeat(size - 1)
    );
    for (what, request) in [("sized", sized), ("chunked", chunked)] {
        let before = server.memory();
        // All but the last byte: a body that is read for its whole length stays where it is.
        let senders = stalled(&server, COUNT, request.as_bytes()).await;
        let grown = grown(&server, before, what);
        assert!(grown < 192, "{grown} MiB for {what}");
        drop(senders);
    }
    assert_eq!(server.anonymous().get("/readyz").await.status, 200);
}

/// Posts as many of the longest messages as make a full page.
async fn a_full_page(alice: &Client) -> Value {
    let chat = alice.chat("group", &[]).await;
    for _ in 0..100 {
        // Four bytes each.
        alice.say(&chat, &"🦀".repeat(16_000)).await;
    }
    chat
}

/// Case 45.
#[tokio::test(flavor = "multi_thread")]
async fn pages_that_nobody_reads_are_bounded_and_the_others_are_served() {
    let limit = [("TALK_MAX_UNSENT_BYTES_PER_AGENT", "8388608")];
    let server = Server::start_with(&limit).await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = a_full_page(&alice).await;
    let before = server.memory();
    let route = "/v1.0/service_agents/talk_messages";
    let id = chat["id"].as_str().expect("an id");
    let request = format!(
        "GET {route}?chat_id={id}&page_size=100 HTTP/1.1\r\nhost: t\r\nauthorization: Bearer {}\r\n\r\n",
        alice.token()
    );
    let held = stalled(&server, 100, request.as_bytes()).await;
    answered(&server, route, 100).await;
    assert!(metric(&server, "talk_unsent_bytes", &[]).await <= 8_388_608.0);
    let refused = metric(&server, "talk_unsent_refused_total", &["agent"]).await;
    assert!(refused > 0.0, "{refused} refused");
    let grown = grown(&server, before, "pages");
    assert!(grown < 128, "{grown} MiB");
    // The agent itself must read first, others need not wait for it.
    let refused = alice.get(&format!("{route}?chat_id={id}")).await;
    refused.refused(503, "BUSY");
    bob.get("/v1.0/service_agents/talk_chats").await.ok();
    drop(held);
    let started = Instant::now();
    while metric(&server, "talk_unsent_bytes", &[]).await > 0.0 {
        assert!(started.elapsed() < Duration::from_secs(60), "bytes leak");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    alice.get(&format!("{route}?chat_id={id}")).await.ok();
}

/// A stalled reader takes its answer to the last byte once it reads.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_answer_arrives_whole() {
    let server = Server::start().await;
    let mut stream = connect(&server).await;
    let request = "GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an answer");
    let answer = String::from_utf8(answer).expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    assert_eq!(length, Some(&*body.len().to_string()));
    assert!(body.len() > 1_000_000);
}
