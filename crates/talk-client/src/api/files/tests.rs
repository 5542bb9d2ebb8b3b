//! Downloads over connections that break.

use std::sync::Mutex;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// Reads the headers of a request.
async fn request(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).await.unwrap();
        read.push(byte[0]);
    }
    String::from_utf8(read).unwrap().to_lowercase()
}

/// Answers each connection with one of these texts, and then closes it. Returns the requests.
async fn serve(listener: TcpListener, answers: &[&str]) -> Vec<String> {
    let mut requests = Vec::new();
    for answer in answers {
        let (mut stream, _) = listener.accept().await.unwrap();
        requests.push(request(&mut stream).await);
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
    requests
}

async fn downloaded(answers: &[&str]) -> (Vec<String>, Vec<u8>, Result<u64, ClientError>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let client = Client::with_token(&url, "t").unwrap();
    let mut sink = Vec::new();
    let last = Mutex::new(0);
    let download = client.download("f", &mut sink, |done| *last.lock().unwrap() = done);
    let (requests, got) = tokio::join!(serve(listener, answers), download);
    assert_eq!(*last.lock().unwrap(), sink.len() as u64);
    (requests, sink, got)
}

const HALF: &str = "HTTP/1.1 200 OK\r\netag: \"tag\"\r\ncontent-length: 6\r\n\r\nabc";

#[tokio::test]
async fn a_download_continues_where_the_connection_broke() {
    let rest = "HTTP/1.1 206 Partial Content\r\netag: \"tag\"\r\ncontent-length: 3\r\n\r\ndef";
    let (requests, bytes, got) = downloaded(&[HALF, rest]).await;
    assert_eq!((got.unwrap(), &*bytes), (6, &b"abcdef"[..]));
    assert!(!requests[0].contains("range:"), "{}", requests[0]);
    for header in ["\r\nrange: bytes=3-\r\n", "\r\nif-range: \"tag\"\r\n"] {
        assert!(requests[1].contains(header), "{}", requests[1]);
    }
}

#[tokio::test]
async fn a_download_is_never_put_together_from_two_files() {
    let other = "HTTP/1.1 200 OK\r\netag: \"other\"\r\ncontent-length: 6\r\n\r\nuvwxyz";
    let (_, bytes, got) = downloaded(&[HALF, other]).await;
    assert!(matches!(got, Err(ClientError::Protocol(_))), "{got:?}");
    assert_eq!(bytes, b"abc");
}
