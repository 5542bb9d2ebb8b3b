//! Reading from a TCP connection.

use super::*;
use std::task::Waker;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

const KIB: usize = 1_024;

/// Two ends of a TCP connection.
async fn connection() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap());
    (client.await.unwrap(), listener.accept().await.unwrap().0)
}

fn incoming(stream: TcpStream, first: &[u8], budget: &Arc<Budget>) -> Incoming {
    let limits = InputLimits {
        message: 100 * KIB,
        free: KIB,
        budget: Arc::clone(budget),
    };
    Incoming::new(Rc::new(stream), first, limits)
}

/// A frame whose mask changes nothing.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    [&[first, 0x80 | 0x7e], &length[..], &[0; 4], payload].concat()
}

#[actix_rt::test]
async fn a_client_that_never_stops_is_read_in_turns() {
    let (mut client, accepted) = connection().await;
    actix_rt::spawn(async move { while client.write_all(&[b'x'; READ]).await.is_ok() {} });
    // More than a turn has come before the first read.
    let mut there = vec![0; TURN + 2 * READ];
    while accepted.peek(&mut there).await.unwrap() < there.len() {
        tokio::task::yield_now().await;
    }
    let mut input = Input {
        stream: Rc::new(accepted),
        taken: 0,
    };
    let mut decoder = Decoder::new(KIB);
    let mut cx = Context::from_waker(Waker::noop());
    let mut turn = 0;
    while let Poll::Ready(read) = input.poll_read(&mut decoder, &mut cx) {
        turn += read.unwrap();
    }
    assert!((TURN..TURN + READ).contains(&turn), "{turn}");
}

#[actix_rt::test]
async fn bytes_that_the_http_library_has_read_come_first() {
    let (mut client, accepted) = connection().await;
    let (begin, end) = (frame(0x81, b"one"), frame(0x81, b"two"));
    client.write_all(&begin[4..]).await.unwrap();
    client.write_all(&end).await.unwrap();
    let mut incoming = incoming(accepted, &begin[..4], &Arc::new(Budget::new(0)));
    assert_eq!(incoming.next().await, Received::Text("one".into()));
    assert_eq!(incoming.next().await, Received::Text("two".into()));
    drop(client);
    assert_eq!(incoming.next().await, Received::Gone);
}

/// Case 70. A ping between fragments must not give the share of the fragments back.
#[actix_rt::test]
async fn messages_that_never_end_hold_no_more_than_the_budget() {
    let budget = Arc::new(Budget::new(100 * KIB));
    let part = [frame(0x01, &vec![b'x'; 21 * KIB]), frame(0x89, b"")].concat();
    let mut open = Vec::new();
    for _ in 0..5 {
        let (mut client, accepted) = connection().await;
        client.write_all(&part).await.unwrap();
        let mut incoming = incoming(accepted, &[], &budget);
        assert_eq!(incoming.next().await, Received::Ping("".into()));
        open.push((client, incoming));
    }
    let (mut client, accepted) = connection().await;
    client.write_all(&part).await.unwrap();
    let mut one_more = incoming(accepted, &[], &budget);
    let refused = Received::Fault(1009, "too many large frames at a time");
    assert_eq!(one_more.next().await, refused);
    assert_eq!(one_more.next().await, refused, "nothing more is read");
    // A small message takes no share, and a complete one gives its share back.
    let (mut client, accepted) = connection().await;
    client.write_all(&frame(0x81, b"small")).await.unwrap();
    let mut small = incoming(accepted, &[], &budget);
    assert_eq!(small.next().await, Received::Text("small".into()));
    let (mut first, mut incoming_first) = open.remove(0);
    first.write_all(&frame(0x80, b"end")).await.unwrap();
    assert!(matches!(incoming_first.next().await, Received::Text(_)));
    client.write_all(&part).await.unwrap();
    assert_eq!(small.next().await, Received::Ping("".into()));
}
