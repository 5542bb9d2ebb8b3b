//! A receiver on loopback in place of a provider.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// The reaction of a provider to one request.
#[derive(Clone, Debug)]
pub(super) enum Reaction {
    /// It answers with status and body.
    Answers(u16, String),
    /// It repeats the request in an answer with this status.
    Echoes(u16, fn(&str) -> String),
    /// It closes the connection after the request.
    Closes,
    /// It keeps silent.
    Waits,
}

/// The address of a provider, and its requests as they come in.
pub(super) struct Provider {
    pub(super) port: u16,
    pub(super) requests: Receiver<String>,
}

impl Provider {
    /// Starts a provider that reacts to one request after the other.
    pub(super) fn start(reactions: Vec<Reaction>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, requests) = channel();
        thread::spawn(move || {
            let mut silent = Vec::new();
            for reaction in reactions {
                let (mut stream, _) = listener.accept().unwrap();
                let request = request(&mut stream);
                let answer = match reaction {
                    Reaction::Answers(status, body) => Some((status, body)),
                    Reaction::Echoes(status, refusal) => Some((status, refusal(&request))),
                    Reaction::Closes => None,
                    Reaction::Waits => {
                        silent.push(stream);
                        continue;
                    }
                };
                sender.send(request).unwrap();
                if let Some((status, body)) = answer {
                    let length = body.len();
                    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n");
                    let answer = format!("{head}connection: close\r\n\r\n{body}");
                    stream.write_all(answer.as_bytes()).unwrap();
                }
            }
            // Until the requests have given up.
            for mut stream in silent {
                let _ = stream.read(&mut [0]);
            }
        });
        Self { port, requests }
    }
}

/// Reads a request with its body.
fn request(stream: &mut TcpStream) -> String {
    let time = Some(Duration::from_secs(10));
    stream.set_read_timeout(time).unwrap();
    let mut request = Vec::new();
    loop {
        let mut bytes = [0; 4_096];
        let read = stream.read(&mut bytes).unwrap();
        request.extend_from_slice(&bytes[..read]);
        let text = String::from_utf8_lossy(&request).to_string();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lines = head.lines().map(str::to_ascii_lowercase);
            let mut lengths =
                lines.filter_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= lengths.next().unwrap_or(0) {
                return text;
            }
        }
        assert!(read > 0, "the request ends early: {text}");
    }
}
