//! Requests byte by byte, as no well-behaved client sends them.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use talk_testkit::harness::{Answer, Server};

/// Sends these bytes, the request line first, on a connection of their own.
pub(super) fn ask(server: &Server, request: &[u8]) -> Answer {
    let host = server.url.strip_prefix("http://").expect("an address");
    let end = request.windows(2).position(|pair| pair == b"\r\n");
    let (line, rest) = request.split_at(end.expect("a request line"));
    let headers = format!("\r\nHost: {host}\r\nConnection: close");
    let mut connection = TcpStream::connect(host).expect("a connection");
    let patience = Some(Duration::from_secs(30));
    connection.set_read_timeout(patience).expect("a timeout");
    let request = [line, headers.as_bytes(), rest].concat();
    connection.write_all(&request).expect("sent");
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).expect("an answer");
    // The server may have closed it already.
    let _ = connection.shutdown(Shutdown::Both);
    parse(&String::from_utf8(answer).expect("text"))
}

fn parse(answer: &str) -> Answer {
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").expect("a header");
        let name: HeaderName = name.parse().expect("a name");
        headers.insert(name, HeaderValue::from_str(value).expect("a value"));
    }
    Answer {
        status: status.and_then(|code| code.parse().ok()).expect("a code"),
        headers,
        body: body.to_owned(),
    }
}
