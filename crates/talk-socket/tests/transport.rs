//! The transport over real TCP connections.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix_http::body::BoxBody;
use actix_http::{HttpMessage as _, Request, Response};
use actix_server::{Server, ServerHandle};
use actix_service::fn_service;
use talk_socket::{Budget, InputLimits, Listener, Received, Socket, accept, listen};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const HANDSHAKE: &str = "GET / HTTP/1.1\r\nhost: t\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
    sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A message limit that the tests reach at once.
const MESSAGE: usize = 1_000;

/// Closes after the first thing that is received, with its code if it is a fault.
async fn converse(mut socket: Socket) {
    match socket.incoming.next().await {
        Received::Fault(code, reason) => socket.outgoing.close(Some(code), reason),
        Received::Text(text) if text == "cut" => {
            socket.outgoing.text("never sent");
            socket.peer.cut();
        }
        Received::Text(text) => {
            socket.outgoing.text(&text);
            socket.outgoing.close(Some(1000), "");
        }
        _ => {}
    }
    socket.outgoing.finish();
}

fn answer(request: &Request) -> Response<BoxBody> {
    let limits = InputLimits {
        message: MESSAGE,
        free: MESSAGE,
        budget: Arc::new(Budget::new(0)),
    };
    match accept(request.head(), &mut request.extensions_mut(), limits) {
        Ok((response, socket)) => {
            actix_rt::spawn(converse(socket));
            response
        }
        Err(_) => Response::bad_request().map_into_boxed_body(),
    }
}

/// A server on a thread of its own; it admits what `admit` says.
fn run(admit: fn() -> Option<()>) -> (SocketAddr, ServerHandle) {
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = tcp.local_addr().unwrap();
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let listener = Listener {
            tcp,
            is_upgrade: |request| request.path() == "/",
            admit: move |_| admit(),
            on_connect: |_| {},
        };
        let app = || fn_service(async |request: Request| Ok::<_, Infallible>(answer(&request)));
        actix_rt::System::new().block_on(async move {
            let builder = Server::build().workers(1).disable_signals();
            let server = listen(builder, listener, app).unwrap().run();
            send.send(server.handle()).unwrap();
            server.await.unwrap();
        });
    });
    (address, receive.recv().unwrap())
}

/// Sends bytes, and reads until the server ends its side.
async fn exchange(address: SocketAddr, sent: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut client = TcpStream::connect(address).await?;
    client.write_all(sent).await?;
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await?;
    Ok(answer)
}

fn masked(payload: &str) -> Vec<u8> {
    let length = 0x80 | u8::try_from(payload.len()).unwrap();
    [&[0x81, length, 0, 0, 0, 0], payload.as_bytes()].concat()
}

#[actix_rt::test]
async fn frames_sent_right_behind_the_handshake_are_answered() {
    let (address, server) = run(|| Some(()));
    let sent = [HANDSHAKE.as_bytes(), &masked("hello")].concat();
    let answer = exchange(address, &sent).await.unwrap();
    let text = String::from_utf8_lossy(&answer);
    assert!(text.starts_with("HTTP/1.1 101 "), "{text}");
    // The accept key of RFC 6455, 1.3.
    assert!(text.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{text}");
    assert!(answer.ends_with(b"\x81\x05hello\x88\x02\x03\xe8"), "{text}");
    server.stop(true).await;
}

/// The system resets a connection that is closed with unread bytes, and the client then may not see
/// why.
#[actix_rt::test]
async fn a_client_that_goes_on_sending_reads_why_it_is_closed() {
    let (address, server) = run(|| Some(()));
    let too_big = [0x81, 0xff, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0];
    let sent = [HANDSHAKE.as_bytes(), &too_big, &vec![0; 4 * 1024 * 1024]].concat();
    let answer = exchange(address, &sent).await.unwrap();
    let close = [b"\x88\x16\x03\xf1", &b"the frame is too big"[..]].concat();
    assert!(
        answer.ends_with(&close),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    server.stop(true).await;
}

#[actix_rt::test]
async fn what_is_no_handshake_is_refused_and_its_connection_ended() {
    let (address, server) = run(|| Some(()));
    let no_key = HANDSHAKE.replace("sec-websocket-key", "x");
    let answer = exchange(address, no_key.as_bytes()).await.unwrap();
    let text = String::from_utf8_lossy(&answer);
    assert!(text.starts_with("HTTP/1.1 400 "), "{text}");
    assert!(text.contains("connection: close\r\n"), "{text}");
    server.stop(true).await;
}

#[actix_rt::test]
async fn an_upgrade_elsewhere_is_an_ordinary_request() {
    let (address, server) = run(|| Some(()));
    let elsewhere = HANDSHAKE.replace("GET /", "GET /other");
    let answer = exchange(address, elsewhere.as_bytes()).await.unwrap();
    let text = String::from_utf8_lossy(&answer);
    assert!(text.starts_with("HTTP/1.1 400 "), "{text}");
    server.stop(true).await;
}

#[actix_rt::test]
async fn a_connection_that_is_not_admitted_is_closed_without_an_answer() {
    let (address, server) = run(|| None);
    let answer = exchange(address, HANDSHAKE.as_bytes()).await;
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.is_empty()));
    server.stop(true).await;
}

#[actix_rt::test]
async fn a_connection_that_is_cut_sends_nothing_that_is_queued() {
    let (address, server) = run(|| Some(()));
    let sent = [HANDSHAKE.as_bytes(), &masked("cut")].concat();
    let answer = exchange(address, &sent).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&answer);
    assert!(!text.contains("never sent"), "{text}");
    server.stop(true).await;
}
