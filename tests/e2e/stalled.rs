//! Clients that stop reading: they do not affect others, are cut, and miss nothing when they
//! resume.

use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use talk_testkit::harness::socket::handshake;
use talk_testkit::harness::{Client, Server, Socket};

/// Sockets that read, and as many that do not.
const SOCKETS: usize = 200;
/// Messages of some kilobytes: more than all buffers on the way to a client hold.
const MESSAGES: usize = 250;
const BYTES: usize = 8_000;

/// A socket that follows the client's chats and then reads nothing more.
async fn stall(client: &Client) -> WebSocketStream<TcpStream> {
    let address = client.url().strip_prefix("http://").expect("an address");
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("a small buffer");
    let stream = socket.connect(address.parse().expect("an address")).await;
    let (mut stream, _) = client_async(handshake(client), stream.expect("a connection"))
        .await
        .expect("a handshake");
    let topics = json!([format!("agent_id:{}:chat", client.id)]);
    let subscribe = json!({"type": "subscribe", "id": "s", "topics": topics});
    let sent = stream.send(Message::text(subscribe.to_string())).await;
    sent.expect("sent");
    let answer = stream.next().await.expect("an answer").expect("a frame");
    assert!(answer.to_text().expect("text").contains("subscribed"));
    stream
}

/// The next message; who reads slowly may be told so.
async fn message(socket: &mut Socket) -> Value {
    loop {
        let frame = socket.next().await;
        if frame["type"] != "lagging" {
            assert_eq!(frame["type"], "chatmessage_created", "{frame}");
            return frame;
        }
    }
}

/// Reads the messages in their order; how long each was on its way.
async fn read(mut socket: Socket, from: u64, started: Instant) -> Vec<Duration> {
    let mut took = Vec::with_capacity(MESSAGES);
    for seq in (from + 1..).take(MESSAGES) {
        let frame = message(&mut socket).await;
        assert_eq!(frame["seq"], seq);
        let text = frame["data"]["text"].as_str().expect("a text");
        let sent: u64 = text.trim_end_matches('x').parse().expect("a time");
        took.push(
            started
                .elapsed()
                .saturating_sub(Duration::from_micros(sent)),
        );
    }
    took
}

/// Posts everything while all sockets of `clients` read; the median time on the way.
async fn tell(alice: &Client, chat: &Value, clients: &[&Client]) -> Duration {
    let head = alice.events(chat).await.len() as u64;
    let started = Instant::now();
    let mut reading = JoinSet::new();
    for n in 0..SOCKETS {
        let socket = Socket::subscribed(clients[n % clients.len()]).await;
        reading.spawn(read(socket, head, started));
    }
    for _ in 0..MESSAGES {
        let sent = started.elapsed().as_micros().to_string();
        let padding = "x".repeat(BYTES - sent.len());
        alice.say(chat, &format!("{sent}{padding}")).await;
        tokio::time::sleep(Duration::from_millis(4)).await;
    }
    let mut took = reading.join_all().await.concat();
    took.sort_unstable();
    took[took.len() / 2]
}

/// A figure of the server's metrics.
async fn metric(server: &Server, name: &str) -> usize {
    let metrics = reqwest::get(format!("{}/metrics", server.admin_url)).await;
    let text = metrics.expect("metrics").text().await.expect("text");
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let value = line.expect("the figure").trim();
    value.parse().expect("a number")
}

/// WS-11, WS-15 and case 26.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_that_do_not_read_cost_the_others_nothing_and_miss_nothing() {
    let server = Server::start_with(&[("TALK_MAX_SOCKETS_PER_AGENT", "1000")]).await;
    let [alice, bob, carol] = server.agents(["alice", "bob", "carol"]).await;
    let chat = alice.chat("group", &[&bob, &carol]).await;
    let readers = [&bob, &carol];
    let alone = tell(&alice, &chat, &readers).await;
    let before = server.memory();
    let from = alice.events(&chat).await.len() as u64;
    let mut stalled = Vec::new();
    for n in 0..SOCKETS {
        stalled.push(stall(readers[n % readers.len()]).await);
    }
    let beside = tell(&alice, &chat, &readers).await;
    let told = Instant::now();
    // What waits is bounded per socket; events are shared.
    let grown = server.memory().saturating_sub(before) / 1_024;
    println!("median {alone:?} alone, {beside:?} beside {SOCKETS} stalled; {grown} MiB more");
    assert!(grown < SOCKETS as u64 * 448 / 1_024, "{grown} MiB");
    // Cut by the server, or by the kernel on its behalf, after 20 s; as silent ones they would end
    // after 60.
    while metric(&server, "talk_sockets ").await > 0 {
        assert!(
            told.elapsed() < Duration::from_secs(50),
            "stalled sockets stay"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    drop(stalled);
    let mut again = Socket::open(&bob).await;
    let answer = again.subscribe(&format!("agent_id:{}:chat", bob.id)).await;
    let epoch = answer["epoch"].as_str().expect("an epoch").to_owned();
    let mut again = Socket::open(&bob).await;
    let since = json!({chat["id"].as_str().expect("an id"): from});
    again.resume(&bob, &epoch, since).await;
    for seq in (from + 1..).take(MESSAGES) {
        assert_eq!(again.answer("chatmessage_created").await["seq"], seq);
    }
    again.answer("caught_up").await;
}
