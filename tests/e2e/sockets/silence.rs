//! A client that takes everything and says nothing.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use talk_testkit::harness::Server;

/// A close frame of the server's with code 4408.
const NOTHING_HEARD: [u8; 2] = 4408_u16.to_be_bytes();

/// WS-15: a ping every 25 seconds, a close after 60 without a pong. Receiving the ping is no answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_answers_no_ping_is_closed() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let address = alice.url().strip_prefix("http://").expect("an address");
    let mut connection = TcpStream::connect(address).await.expect("a connection");
    let request = format!(
        "GET /v1.0/ws?token={} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        alice.token()
    );
    connection
        .write_all(request.as_bytes())
        .await
        .expect("sent");
    let opened = Instant::now();
    let mut taken = Vec::new();
    let read = connection.read_to_end(&mut taken);
    let ended = tokio::time::timeout(Duration::from_secs(150), read).await;
    ended.expect("an end").expect("it is read");
    assert!(opened.elapsed() > Duration::from_secs(59));
    let head = taken.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let frames = &taken[head.expect("an answer") + 4..];
    assert_eq!(frames[..4], [0x89, 0, 0x89, 0], "two pings");
    assert_eq!((frames[4], &frames[6..8]), (0x88, &NOTHING_HEARD[..]));
}
