//! The server over real sockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::*;
use crate::testing::{Scene, get};
use crate::{Rate, Rates};
use actix_web::dev::ServerHandle;
use talk_domain::testing::an_agent;

const LIMITS: ConnectionLimits = ConnectionLimits {
    connections: 100,
    per_address: 5,
};

struct Running {
    public: SocketAddr,
    admin: SocketAddr,
    handle: ServerHandle,
}

/// Agents 1, 2 and 9 are known; the server runs on a thread of its own.
fn run() -> Running {
    run_with(Rates::OF_TESTS)
}

/// The same with these rate limits.
fn run_with(rates: Rates) -> Running {
    let (public, admin) = (
        TcpListener::bind("127.0.0.1:0").unwrap(),
        TcpListener::bind("127.0.0.1:0").unwrap(),
    );
    let (at_public, at_admin) = (public.local_addr().unwrap(), admin.local_addr().unwrap());
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let scene = Scene::with_rates(rates);
        scene.reads(|snapshot| {
            snapshot
                .directory
                .expect_has_agents()
                .returning(|| Ok(true));
            snapshot
                .agents
                .expect_get()
                .returning(|_| Ok(Some(an_agent(1))));
        });
        let listen = Listen {
            public,
            admin: Some(admin),
            connections: LIMITS,
            workers: 1,
            shutdown_seconds: 1,
            metrics: Arc::new(|| "talk_up 1\n".to_owned()),
        };
        actix_web::rt::System::new().block_on(async move {
            let api = Api {
                // The tests come from the loopback address, and count.
                trusted_proxies: "192.0.2.1".parse().unwrap(),
                ..scene.shared.api.clone()
            };
            let server = server(api, listen).unwrap();
            send.send(server.handle()).unwrap();
            server.await.unwrap();
        });
    });
    Running {
        public: at_public,
        admin: at_admin,
        handle: receive.recv().unwrap(),
    }
}

/// Sends a request and reads until the server closes the connection.
fn exchange(at: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(at).unwrap();
    // The server may close before it has read a long request.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

fn head(line: &str, rest: &str) -> Vec<u8> {
    let common = "host: t\r\nconnection: close\r\nauthorization: Bearer t-1\r\n";
    format!("{line} HTTP/1.1\r\n{common}{rest}\r\n").into_bytes()
}

fn chunked(line: &str, bytes: usize) -> Vec<u8> {
    let mut request = head(line, "transfer-encoding: chunked\r\n");
    for _ in 0..bytes / 1_000 {
        request.extend_from_slice(format!("3e8\r\n{}\r\n", "x".repeat(1_000)).as_bytes());
    }
    request.extend_from_slice(b"0\r\n\r\n");
    request
}

#[actix_web::test]
async fn each_listener_serves_its_own() {
    let running = run();
    for (at, path, status) in [
        (running.public, "/healthz", "200"),
        (running.public, "/readyz", "200"),
        (running.public, "/metrics", "404"),
        (running.public, "/v1.0/service_agents/me", "200"),
        (running.admin, "/healthz", "200"),
        (running.admin, "/readyz", "200"),
        (running.admin, "/metrics", "200"),
        (running.admin, "/v1.0/service_agents/me", "404"),
    ] {
        let answer = exchange(at, &head(&format!("GET {path}"), ""));
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{path}: {answer}"
        );
        assert!(answer.contains("x-request-id: "), "{path}: {answer}");
    }
    running.handle.stop(true).await;
}

/// Case 49.
#[actix_web::test]
async fn another_spelling_of_a_path_opens_no_other_listener() {
    let running = run();
    for (at, path) in [
        (running.public, "/%6Detrics"),
        (running.public, "/metric%73"),
        (running.public, "//metrics"),
        (running.admin, "/v1.0/%61gents"),
        (running.admin, "/%76%31.0/service_agents/me"),
        (running.admin, "/docs"),
        (running.admin, "/auth/login"),
    ] {
        let answer = exchange(at, &head(&format!("GET {path}"), ""));
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
        assert!(
            answer.contains(r#""reason":"ROUTE_NOT_FOUND""#),
            "{path}: {answer}"
        );
    }
    running.handle.stop(true).await;
}

/// Case 45.
#[actix_web::test]
async fn a_connection_beyond_the_limit_of_its_address_is_closed_and_the_next_one_is_served() {
    let running = run();
    let connect = || TcpStream::connect(running.public).unwrap();
    let mut open: Vec<_> = (0..LIMITS.per_address).map(|_| connect()).collect();
    // Each is served, so each is counted.
    for stream in &mut open {
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nhost: t\r\n\r\n")
            .unwrap();
        stream.read_exact(&mut [0; 12]).unwrap();
    }
    assert_eq!(exchange(running.public, b""), "");
    let metrics = exchange(running.admin, &head("GET /metrics", ""));
    assert!(metrics.starts_with("HTTP/1.1 200 "), "{metrics}");
    open.pop();
    // The server sees the end of a connection a moment later.
    while !exchange(running.public, &head("GET /healthz", "")).starts_with("HTTP/1.1 200 ") {}
    running.handle.stop(true).await;
}

#[actix_web::test]
async fn a_body_over_its_limit_is_answered_however_it_is_sent() {
    let running = run();
    let uri = "POST /v1.0/service_agents/talk_chats";
    let mut sized = head(uri, "content-length: 600000\r\n");
    sized.extend(std::iter::repeat_n(b'x', 600_000));
    for request in [sized, chunked(uri, 600_000)] {
        let answer = exchange(running.public, &request);
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        assert!(
            answer.contains(r#""reason":"PAYLOAD_TOO_LARGE""#),
            "{answer}"
        );
    }
    running.handle.stop(true).await;
}

#[actix_web::test]
async fn a_refusal_arrives_also_when_the_body_is_never_read() {
    let running = run();
    let mut request = head("POST /v1.0/nothing", "content-length: 600000\r\n");
    request.extend(std::iter::repeat_n(b'x', 600_000));
    let answer = exchange(running.public, &request);
    assert!(answer.contains(r#""reason":"ROUTE_NOT_FOUND""#), "{answer}");
    running.handle.stop(true).await;
}

/// The request that may leave the framework is refused like any other.
#[actix_web::test]
async fn a_refused_handshake_is_answered_like_any_request() {
    let running = run();
    let request = "GET /v1.0/ws HTTP/1.1\r\nhost: t\r\nauthorization: Bearer t-1\r\n\
                   connection: upgrade\r\nupgrade: websocket\r\n\r\n";
    let sent = [request.as_bytes(), &vec![b'x'; 100_000]].concat();
    let answer = exchange(running.public, &sent);
    assert!(
        answer.starts_with("HTTP/1.1 400 Bad Request\r\n"),
        "{answer}"
    );
    assert!(answer.contains("connection: close\r\n"), "{answer}");
    assert!(answer.contains("x-request-id: "), "{answer}");
    assert!(answer.ends_with('}'), "{answer}");
    running.handle.stop(true).await;
}

/// Case 73.
#[actix_web::test]
async fn a_request_elsewhere_that_wants_another_protocol_is_an_ordinary_one() {
    let running = run();
    let last = String::from_utf8(head("GET /healthz", "")).unwrap();
    let token = "authorization: Bearer t-1\r\n";
    for wish in [
        "connection: upgrade\r\nupgrade: websocket\r\n",
        "connection: keep-alive, Upgrade\r\nupgrade: WebSocket\r\n",
        "upgrade: websocket\r\n",
    ] {
        let login = r#"{"username":7}"#;
        let chunked = format!("{:x}\r\n{login}\r\n0\r\n\r\n", login.len());
        let length = format!("content-length: {}\r\n", login.len());
        for (line, head, body, status, part) in [
            (
                "GET /v1.0/service_agents/me",
                token,
                "",
                "200",
                r#""username""#,
            ),
            ("GET /v1.0/nothing", "", "", "404", "ROUTE_NOT_FOUND"),
            ("POST /v1.0/ws", token, "", "405", "METHOD_NOT_ALLOWED"),
            ("POST /auth/login", &length, login, "400", "username"),
            (
                "POST /auth/login",
                "transfer-encoding: chunked\r\n",
                &chunked,
                "400",
                "username",
            ),
        ] {
            let line = format!("{line} HTTP/1.1\r\nhost: t\r\n{wish}{head}\r\n{body}");
            // The body ends where it says, and what follows it is another request.
            let answer = exchange(running.public, format!("{line}{last}").as_bytes());
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status} ")),
                "{line}: {answer}"
            );
            assert!(answer.contains(part), "{line}: {answer}");
        }
    }
    running.handle.stop(true).await;
}

/// Case 73: none of the bytes that were read is lost on the way, and none of the answers.
#[actix_web::test]
async fn a_request_that_wants_another_protocol_is_answered_after_those_before_it() {
    let running = run();
    let plain = "GET /docs/page.css HTTP/1.1
host: t
x-request-id: ";
    let sent = format!(
        "{plain}r1

{plain}r2

{plain}r3
upgrade: websocket

"
    );
    let answer = exchange(running.public, sent.as_bytes());
    let ids = answer
        .lines()
        .filter_map(|line| line.strip_prefix("x-request-id: "));
    assert_eq!(ids.collect::<Vec<_>>(), ["r1", "r2", "r3"], "{answer}");
    running.handle.stop(true).await;
}

/// A request that the framework does not accept as a handshake is refused.
#[actix_web::test]
async fn a_handshake_for_several_protocols_is_refused() {
    let running = run();
    let upgrade = "upgrade: websocket, other\r\nsec-websocket-version: 13\r\n\
                   sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nconnection: upgrade\r\n";
    let line = "GET /v1.0/ws HTTP/1.1\r\nhost: t\r\nauthorization: Bearer t-1\r\n";
    // A second request ends the connection, if it is still one of HTTP.
    let last = String::from_utf8(head("GET /healthz", "")).unwrap();
    let request = format!("{line}{upgrade}\r\n{last}");
    let answer = exchange(running.public, request.as_bytes());
    assert!(
        answer.contains(r#""reason":"UPGRADE_REQUIRED""#),
        "{answer}"
    );
    running.handle.stop(true).await;
}

#[actix_web::test]
async fn a_stopped_server_lets_go_of_its_port() {
    for _ in 0..3 {
        let running = run();
        running.handle.stop(true).await;
        if TcpStream::connect(running.public).is_err() {
            return;
        }
        // Another process may listen at the port by now.
    }
    panic!("the port is kept");
}

#[actix_web::test]
async fn a_token_in_the_query_never_reaches_an_answer() {
    let answer = Scene::new()
        .call(get(1, "/v1.0/nothing?token=secret-1"))
        .await;
    assert!(!answer.body.contains("secret-1"), "{}", answer.body);
}

/// Sends requests one after the other on one connection; the status of each.
fn statuses(stream: &mut TcpStream, path: &str, requests: usize) -> Vec<String> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: t\r\nauthorization: Bearer t-1\r\n\r\n");
    let mut statuses = Vec::new();
    for _ in 0..requests {
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        while !is_whole(&answer) {
            let mut bytes = [0; 4_096];
            let read = stream.read(&mut bytes).unwrap();
            assert_ne!(read, 0, "{}", String::from_utf8_lossy(&answer));
            answer.extend_from_slice(&bytes[..read]);
        }
        statuses.push(String::from_utf8_lossy(&answer[9..12]).into_owned());
    }
    statuses
}

/// Returns whether an answer has as many bytes as its `Content-Length`.
fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    body.len() == length.unwrap().parse::<usize>().unwrap()
}

/// API-09: a client that ignores 429 is answered as fast as its bucket refills, not faster.
#[actix_web::test]
async fn a_connection_that_goes_on_after_its_429_waits_for_its_token() {
    let rate = Rate {
        per_second: 4,
        burst: 1,
    };
    let of_agent = Rates {
        agent: rate,
        ..Rates::OF_TESTS
    };
    let of_address = Rates {
        address: rate,
        ..Rates::OF_TESTS
    };
    for (rates, path) in [
        (of_agent, "/v1.0/service_agents/me"),
        (of_address, "/healthz"),
    ] {
        let running = run_with(rates);
        let mut greedy = TcpStream::connect(running.public).unwrap();
        assert_eq!(
            statuses(&mut greedy, path, 5),
            ["200", "429", "200", "200", "200"]
        );
        // Another connection finds what the greedy one has left: nothing.
        let mut other = TcpStream::connect(running.public).unwrap();
        assert_eq!(statuses(&mut other, path, 1), ["429"]);
        let mut admin = TcpStream::connect(running.admin).unwrap();
        assert!(
            statuses(&mut admin, "/healthz", 9)
                .iter()
                .all(|status| status == "200")
        );
        running.handle.stop(true).await;
    }
}
