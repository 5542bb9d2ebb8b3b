//! Tests of requests, with receivers on the loopback.

use super::*;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use talk_domain::testing::at;
use talk_outgoing::header::HeaderValue;
use talk_outgoing::{ClientSettings, Guard, Lookup};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const SETTINGS: ClientSettings = ClientSettings {
    user_agent: "Talk",
    timeout_ms: 2_000,
    connect_timeout_ms: 1_000,
    authorities: None,
};

/// A receiver that answers each connection with `answer`, and counts connections.
async fn receiver(answer: &'static str) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, count) = (
        listener.local_addr().unwrap(),
        Arc::new(AtomicUsize::new(0)),
    );
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut request = [0; 4_096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    (address, count)
}

fn guard(port: u16, networks: &[&str]) -> Guard {
    let networks: Vec<_> = networks.iter().map(ToString::to_string).collect();
    Guard::new(&networks, &[port], true).unwrap()
}

async fn send_to(client: &Client, uri: &str) -> (Attempt, Outcome) {
    let outgoing = Outgoing {
        uri,
        method: Method::POST,
        headers: vec![("webhook-id", "evt_1".to_owned())],
        body: "{}".to_owned(),
    };
    send(client, outgoing, at(1)).await
}

async fn answered(answer: &'static str) -> (Attempt, Outcome) {
    let (address, _) = receiver(answer).await;
    let client = Client::new(guard(address.port(), &["127.0.0.0/8"]), &SETTINGS).unwrap();
    send_to(&client, &format!("http://{address}/hook")).await
}

/// HOOK-14.
#[tokio::test]
async fn the_status_of_an_answer_decides() {
    for (answer, outcome) in [
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            Outcome::Accepted,
        ),
        ("HTTP/1.1 204 No Content\r\n\r\n", Outcome::Accepted),
        (
            "HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n",
            Outcome::Failed(None),
        ),
        (
            "HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n",
            Outcome::Gone,
        ),
        (
            "HTTP/1.1 429 X\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n",
            Outcome::Failed(Some(7)),
        ),
        (
            "HTTP/1.1 503 X\r\nretry-after: soon\r\ncontent-length: 0\r\n\r\n",
            Outcome::Failed(None),
        ),
        (
            "HTTP/1.1 500 X\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n",
            Outcome::Failed(None),
        ),
        ("no http at all", Outcome::Failed(None)),
        ("", Outcome::Failed(None)),
    ] {
        assert_eq!(answered(answer).await.1, outcome, "{answer}");
    }
    let (attempt, _) = answered("HTTP/1.1 500 X\r\ncontent-length: 4\r\n\r\noops").await;
    let said = (attempt.http_status, &*attempt.error, &*attempt.answer);
    assert_eq!(said, (Some(500), "answered 500", "oops"));
}

/// HOOK-14: redirects are not followed.
#[tokio::test]
async fn a_redirect_reaches_no_other_receiver() {
    let (target, count) = receiver("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4_096]).await;
        let answer =
            format!("HTTP/1.1 307 X\r\nlocation: http://{target}/\r\ncontent-length: 0\r\n\r\n");
        let _ = stream.write_all(answer.as_bytes()).await;
    });
    let guard = Guard::new(
        &["127.0.0.1".into()],
        &[address.port(), target.port()],
        true,
    );
    let client = Client::new(guard.unwrap(), &SETTINGS).unwrap();
    let (attempt, outcome) = send_to(&client, &format!("http://{address}/")).await;
    assert_eq!(
        (attempt.http_status, outcome),
        (Some(307), Outcome::Failed(None))
    );
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

/// HOOK-14: at most 16 KiB of an answer are read, and 1 KiB is stored.
#[tokio::test]
async fn an_endless_answer_is_read_in_part() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4_096]).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while stream.write_all(&[b'x'; 4_096]).await.is_ok() {}
    });
    let client = Client::new(guard(address.port(), &["127.0.0.1"]), &SETTINGS).unwrap();
    let (attempt, outcome) = send_to(&client, &format!("http://{address}/")).await;
    assert_eq!(
        (attempt.answer.len(), outcome),
        (ANSWER_BYTES, Outcome::Accepted)
    );
}

/// HOOK-14.
#[tokio::test]
async fn an_endpoint_that_does_not_answer_fails_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let settings = ClientSettings {
        timeout_ms: 50,
        ..SETTINGS
    };
    let client = Client::new(guard(address.port(), &["127.0.0.1"]), &settings).unwrap();
    let (attempt, outcome) = send_to(&client, &format!("http://{address}/")).await;
    assert_eq!(attempt.error, "no answer within 50 ms");
    assert_eq!(outcome, Outcome::Failed(None));
    drop(listener);
    let (attempt, _) = send_to(&client, &format!("http://{address}/")).await;
    assert_eq!(attempt.error, "the connection failed");
}

/// Resolves every name to the loopback address.
#[derive(Clone)]
struct ToLoopback;

impl Lookup for ToLoopback {
    async fn lookup(&self, name: String) -> std::io::Result<Vec<SocketAddr>> {
        match name.as_str() {
            "missing.test" => Err(std::io::ErrorKind::NotFound.into()),
            _ => Ok(vec![SocketAddr::from(([127, 0, 0, 1], 0))]),
        }
    }
}

/// HOOK-13: errors of deliveries do not reveal which ports of the operator's network are open.
#[tokio::test]
async fn refused_hosts_get_no_connection_and_all_the_same_error() {
    let (address, count) = receiver("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let port = address.port();
    let client = Client::resolving(guard(port, &[]), &SETTINGS, ToLoopback).unwrap();
    let mut seen = Vec::new();
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "rebinding.test",
        "localhost",
        "missing.test",
        "10.255.255.1",
        "user@rebinding.test",
    ] {
        seen.push(send_to(&client, &format!("http://{host}:{port}/")).await);
    }
    seen.push(send_to(&client, "http://rebinding.test:1/").await);
    assert_eq!(count.load(Ordering::SeqCst), 0);
    assert_eq!(seen[0].0.error, "the host cannot be reached from here");
    assert_eq!(seen[0].0.latency_ms, 0);
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:#?}");
    let allowed = Client::resolving(guard(port, &["127.0.0.1"]), &SETTINGS, ToLoopback).unwrap();
    let (_, outcome) = send_to(&allowed, &format!("http://rebinding.test:{port}/")).await;
    assert_eq!(
        (outcome, count.load(Ordering::SeqCst)),
        (Outcome::Accepted, 1)
    );
}

/// Resolves a name to an allowed address first, then to a forbidden one, then to both.
#[derive(Clone, Default)]
struct Rebinding(Arc<AtomicUsize>);

impl Lookup for Rebinding {
    async fn lookup(&self, _: String) -> std::io::Result<Vec<SocketAddr>> {
        let [permitted, other] = [1, 2].map(|n| SocketAddr::from(([127, 0, 0, n], 0)));
        Ok(match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => vec![permitted],
            1 => vec![other],
            _ => vec![other, permitted],
        })
    }
}

/// HOOK-13: a name that resolves to a forbidden address later gets no connection to it.
#[tokio::test]
async fn a_name_is_checked_at_each_connection_and_only_checked_addresses_are_connected_to() {
    const CLOSED: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let (address, count) = receiver(CLOSED).await;
    let port = address.port();
    let other = std::net::TcpListener::bind(("127.0.0.2", port)).unwrap();
    other.set_nonblocking(true).unwrap();
    let resolver = Rebinding::default();
    let client = Client::resolving(guard(port, &["127.0.0.1"]), &SETTINGS, resolver.clone());
    let client = client.unwrap();
    let mut outcomes = Vec::new();
    for _ in 0..3 {
        let (attempt, outcome) = send_to(&client, &format!("http://rebinding.test:{port}/")).await;
        outcomes.push((outcome, attempt.error));
    }
    let accepted = (Outcome::Accepted, String::new());
    let refused = "the host cannot be reached from here".to_owned();
    let refused = (Outcome::Failed(None), refused);
    assert_eq!(outcomes, [accepted.clone(), refused, accepted]);
    assert_eq!(count.load(Ordering::SeqCst), 2);
    assert_eq!(
        resolver.0.load(Ordering::SeqCst),
        3,
        "once for each request"
    );
    let none = other.accept().expect_err("no connection");
    assert_eq!(none.kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn authorities_are_certificates() {
    let settings = ClientSettings {
        authorities: Some(b"no certificate".to_vec()),
        ..SETTINGS
    };
    assert!(Client::new(guard(1, &[]), &settings).is_err());
}

#[test]
fn the_beginning_of_an_answer_is_text_that_can_be_stored() {
    assert_eq!(beginning(b"a\0b"), "a\u{fffd}b");
    let wide = beginning("ä".repeat(600).as_bytes());
    assert!(wide.len() <= ANSWER_BYTES && wide.starts_with("ä"));
    assert!(beginning(&[0xff; 2_000]).len() <= ANSWER_BYTES);
}

fn named(retry_after: &'static str, date: Option<&'static str>) -> Option<u32> {
    let mut headers = HeaderMap::new();
    headers.insert(RETRY_AFTER, HeaderValue::from_static(retry_after));
    if let Some(date) = date {
        headers.insert(DATE, HeaderValue::from_static(date));
    }
    // 1970-01-01 00:01:00
    super::retry_after(&headers, at(60_000_000))
}

/// HOOK-06: a date counts from the date of the answer, or from the time of the try without one.
#[test]
fn retry_after_is_a_number_of_seconds_or_a_date() {
    const LATER: &str = "Thu, 01 Jan 1970 00:03:00 GMT";
    assert_eq!(named("120", None), Some(120));
    assert_eq!(named(" 7 ", None), Some(7));
    assert_eq!(named(LATER, None), Some(120));
    assert_eq!(
        named(LATER, Some("Thu, 01 Jan 1970 00:02:50 GMT")),
        Some(10)
    );
    assert_eq!(named(LATER, Some("nonsense")), Some(120));
    let passed = "Thu, 01 Jan 1970 00:00:00 GMT";
    assert_eq!(named(passed, None), Some(0));
    assert_eq!(named("Fri, 31 Dec 9999 23:59:59 GMT", None), Some(u32::MAX));
    for invalid in ["soon", "-1", "1.5", ""] {
        assert_eq!(named(invalid, None), None, "{invalid}");
    }
}
