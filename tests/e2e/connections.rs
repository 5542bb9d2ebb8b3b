//! The limits on connections.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use talk_testkit::harness::Server;

const LIMIT: usize = 20;

/// A connection from the loopback address 127.0.0.`last`.
async fn connect(server: &Server, last: u8) -> TcpStream {
    let address = server.url.strip_prefix("http://").expect("an address");
    let socket = TcpSocket::new_v4().expect("a socket");
    let from = std::net::SocketAddr::from(([127, 0, 0, last], 0));
    socket.bind(from).expect("an address of this host");
    let stream = socket.connect(address.parse().expect("an address")).await;
    stream.expect("a connection")
}

/// Whether the server answers a request on this connection. One that it closed at once ends
/// without an answer.
async fn is_served(stream: &mut TcpStream) -> bool {
    let request = b"GET /healthz HTTP/1.1\r\nhost: t\r\n\r\n";
    let mut answer = [0; 12];
    if stream.write_all(request).await.is_err() {
        return false;
    }
    stream.read_exact(&mut answer).await.is_ok() && answer == *b"HTTP/1.1 200"
}

/// As many connections as one address may have, all of them served.
async fn fill(server: &Server, last: u8) -> Vec<TcpStream> {
    let mut open = Vec::with_capacity(LIMIT);
    for _ in 0..LIMIT {
        let mut stream = connect(server, last).await;
        assert!(is_served(&mut stream).await);
        open.push(stream);
    }
    open
}

/// A limit of 20 for each address, and no proxy whose connections would not count.
async fn limited(more: &[(&str, &str)]) -> Server {
    let own = [
        ("TALK_MAX_CONNECTIONS_PER_ADDRESS", "20"),
        ("TALK_TRUSTED_PROXIES", "192.0.2.1"),
    ];
    Server::start_with(&[&own, more].concat()).await
}

/// Case 45.
#[tokio::test(flavor = "multi_thread")]
async fn one_address_does_not_take_the_connections_of_the_others() {
    let server = limited(&[]).await;
    let open = fill(&server, 2).await;
    assert!(!is_served(&mut connect(&server, 2).await).await);
    assert!(is_served(&mut connect(&server, 3).await).await);
    drop(open);
    // Their ends are noticed one after the other.
    let started = Instant::now();
    while !is_served(&mut connect(&server, 2).await).await {
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "none is given back"
        );
    }
    server.log_with("max_connections_per_address").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_has_a_limit_for_all_and_operators_come_in_beside_it() {
    let server = limited(&[("TALK_MAX_CONNECTIONS", "39")]).await;
    let mut open = fill(&server, 2).await;
    // The test's own client may have one or two open already.
    loop {
        let mut stream = connect(&server, 3).await;
        if !is_served(&mut stream).await {
            break;
        }
        open.push(stream);
    }
    assert!((36..40).contains(&open.len()), "{} were open", open.len());
    assert!(!is_served(&mut connect(&server, 4).await).await);
    let metrics = reqwest::get(format!("{}/metrics", server.admin_url)).await;
    let metrics = metrics.expect("an answer").text().await.expect("text");
    for figure in [
        "talk_connections{listener=\"public\"} 39",
        "talk_connections_refused_total{limit=\"server\"} 2",
    ] {
        assert!(metrics.contains(figure), "no {figure} in {metrics}");
    }
}

/// A proxy brings the connections of many clients.
#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_has_no_limit_of_its_own() {
    let server = Server::start_with(&[("TALK_MAX_CONNECTIONS_PER_ADDRESS", "20")]).await;
    let _open = fill(&server, 2).await;
    assert!(is_served(&mut connect(&server, 2).await).await);
}
