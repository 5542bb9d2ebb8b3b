//! Large bodies of senders that nobody has verified.

use talk_testkit::harness::{Answer, Client, Server};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::sms::{server_for, twilio};
use super::text;
use crate::files::until;
use crate::webhooks::receiver::Receiver;

/// The bytes of the largest body of a hook.
const LARGEST: usize = 4 * 1024 * 1024;

/// Sends a body of the largest size without its last byte.
async fn begin(client: Client, path: String) -> TcpStream {
    let address = client.url().strip_prefix("http://").expect("an address");
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let head =
        format!("POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {LARGEST}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("the head");
    // The server may answer and close before it has read everything.
    let _ = stream.write_all(&vec![b'x'; LARGEST - 1]).await;
    stream
}

async fn post(server: &Server, path: &str, body: Vec<u8>) -> Answer {
    let request = server.anonymous().request(reqwest::Method::POST, path);
    Answer::to(request.body(body)).await
}

/// CONV-36: senders without a signature hold a limited amount of memory together, and small requests pass
/// beside them.
#[tokio::test(flavor = "multi_thread")]
async fn large_bodies_of_unknown_senders_are_bounded_together() {
    let provider = Receiver::start();
    let server = server_for(&provider).await;
    let admin = server.admin().await;
    let account = twilio(&admin, &provider).await;
    let path = format!("/v1.0/conversation/accounts/{}", text(&account, "id"));
    let mut begun = JoinSet::new();
    for _ in 0..24 {
        let (client, path) = (server.anonymous(), path.clone());
        begun.spawn(async move { begin(client, path).await });
    }
    let streams = begun.join_all().await;
    let small = post(&server, &path, vec![b'x'; 1024]).await;
    small.refused(401, "SIGNATURE_INVALID");
    let large = async || post(&server, &path, vec![b'x'; LARGEST]).await;
    until(async || large().await.status == 503).await;
    large().await.refused(503, "BUSY");
    drop(streams);
    until(async || large().await.status == 401).await;
}
