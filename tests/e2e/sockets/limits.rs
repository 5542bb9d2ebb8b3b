//! Limits of the socket, and close codes.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::{all_of, id};
use talk_testkit::harness::socket::handshake;
use talk_testkit::harness::{Server, Socket};

const MAX_FRAME: usize = 64 * 1024;

/// The time that posts under way have after SIGTERM.
const FINISH: Duration = Duration::from_secs(5);

/// A server that would wait for its sockets much longer than the tests wait for it.
const PATIENT: [(&str, &str); 1] = [("TALK_SHUTDOWN_SECONDS", "600")];

/// Invalid frames, with their id and the reason of the refusal.
const BAD: [(&str, Option<&str>, &str); 13] = [
    ("", None, "INVALID_JSON_BODY"),
    ("hello", None, "INVALID_JSON_BODY"),
    ("[]", None, "INVALID_JSON_BODY"),
    (r#"{"type":"subscribe""#, None, "INVALID_JSON_BODY"),
    (r#"{"type":1,"id":"7"}"#, Some("7"), "INVALID_FIELD"),
    ("{}", None, "FRAME_TYPE_INVALID"),
    (
        r#"{"type":"shout","id":"7"}"#,
        Some("7"),
        "FRAME_TYPE_INVALID",
    ),
    (
        r#"{"type":"subscribe","id":"7"}"#,
        Some("7"),
        "TOPICS_REQUIRED",
    ),
    (
        r#"{"type":"subscribe","topics":[]}"#,
        None,
        "TOPICS_REQUIRED",
    ),
    (
        r#"{"type":"unsubscribe","id":"7"}"#,
        Some("7"),
        "TOPICS_REQUIRED",
    ),
    (
        r#"{"type":"post","id":"key-0001"}"#,
        Some("key-0001"),
        "FIELD_REQUIRED",
    ),
    (r#"{"type":"post","message":{}}"#, None, "FIELD_REQUIRED"),
    (r#"{"type":"typing","chat_id":"x"}"#, None, "INVALID_ID"),
];

/// Text of this many bytes that is no JSON.
fn noise(bytes: usize) -> String {
    "x".repeat(bytes)
}

/// A part of a text.
fn part(text: &str, opcode: Data, is_last: bool) -> Message {
    let text = text.to_owned().into_bytes();
    Message::Frame(Frame::message(text, OpCode::Data(opcode), is_last))
}

/// Case 23 and WS-14.
#[tokio::test(flavor = "multi_thread")]
async fn a_bad_frame_is_refused_with_its_reason_and_the_third_closes() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    let topic = all_of(&alice);
    for (frame, id, reason) in BAD {
        let mut socket = Socket::open(&alice).await;
        for _ in 0..2 {
            socket.text(frame).await;
            let error = socket.answer("error").await;
            assert_eq!(
                (&error["id"], &error["reason"]),
                (&json!(id), &json!(reason)),
                "{frame}"
            );
            assert!(error["message"].is_string(), "{error}");
        }
        socket.subscribe(&topic).await;
        let said = alice.say(&chat, "still heard").await;
        assert_eq!(socket.next().await["data"], said, "{frame}");
        socket.text(frame).await;
        socket.answer("error").await;
        assert_eq!(socket.closed().await.0, 4400, "{frame}");
    }
}

/// WS-14.
#[tokio::test(flavor = "multi_thread")]
async fn a_frame_or_text_of_several_frames_over_64_kib_closes() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let mut socket = Socket::open(&alice).await;
    socket.text(&noise(MAX_FRAME)).await;
    socket.answer("error").await;
    socket.text(&noise(MAX_FRAME + 1)).await;
    assert_eq!(socket.closed().await.0, 1009);
    let mut socket = Socket::open(&alice).await;
    let half = noise(MAX_FRAME / 2);
    socket.message(part(&half, Data::Text, false)).await;
    socket.message(part(&half, Data::Continue, true)).await;
    socket.answer("error").await;
    socket.message(part(&half, Data::Text, false)).await;
    socket.message(part(&half, Data::Continue, false)).await;
    socket.message(part("x", Data::Continue, true)).await;
    assert_eq!(socket.closed().await.0, 1009);
}

/// Case 70 and WS-14.
#[tokio::test(flavor = "multi_thread")]
async fn one_subscribe_resumes_thousands_of_chats() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    let mut socket = Socket::open(&alice).await;
    let epoch = socket.subscribe(&all_of(&alice)).await["epoch"].clone();
    let chat_id = chat["id"].as_str().expect("an id");
    let unknown = (0..4_000_u64).map(|n| (format!("018f0000-0000-7000-8000-{n:012x}"), json!(7)));
    let mut since: serde_json::Map<_, _> = unknown.collect();
    since.insert(chat_id.to_owned(), json!(0));
    let frame = json!({
        "type": "subscribe", "id": "s", "topics": [all_of(&alice)], "epoch": epoch, "since": since,
    });
    let frame = frame.to_string();
    assert!(frame.len() > 2 * MAX_FRAME);
    let mut socket = Socket::open(&alice).await;
    socket.text(&frame).await;
    let answer = socket.answer("subscribed").await;
    assert_eq!(answer["chats"][chat_id]["from"], 1);
    let mut socket = Socket::open(&alice).await;
    socket.text(&noise(1024 * 1024 + 1)).await;
    assert_eq!(socket.closed().await.0, 1009);
    let post = json!({"type": "post", "id": "a-large-one", "message": {"text": noise(MAX_FRAME)}});
    let mut socket = Socket::open(&alice).await;
    socket.text(&post.to_string()).await;
    assert_eq!(socket.closed().await.0, 1009);
}

/// WS-14.
#[tokio::test(flavor = "multi_thread")]
async fn a_binary_frame_closes() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let mut socket = Socket::open(&alice).await;
    let frame = json!({"type": "subscribe", "id": "s", "topics": [all_of(&alice)]});
    socket.message(Message::binary(frame.to_string())).await;
    assert_eq!(socket.closed().await.0, 1003);
}

/// WS-14.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_frames_closes_but_not_one_of_posts() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    let mut socket = Socket::open(&alice).await;
    let frame = json!({"type": "unsubscribe", "topics": [all_of(&alice)]});
    for _ in 0..190 {
        socket.send(frame.clone()).await;
    }
    for n in 0..300 {
        let message = json!({"chat_id": chat["id"], "text": "x"});
        let post = json!({"type": "post", "id": format!("key-{n:05}"), "message": message});
        socket.send(post).await;
    }
    for _ in 0..300 {
        socket.answer("posted").await;
    }
    socket.nothing_else().await;
    let frame = Message::text(frame.to_string());
    assert_eq!(socket.flood(frame).await, 4429);
    let mut pinging = Socket::open(&alice).await;
    let ping = Message::Ping(b"x".as_slice().into());
    assert_eq!(pinging.flood(ping).await, 4429);
}

/// WS-19.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_has_so_many_sockets_and_no_more() {
    let server = Server::start_with(&[("TALK_MAX_SOCKETS_PER_AGENT", "2")]).await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let first = Socket::open(&alice).await;
    let mut second = Socket::open(&alice).await;
    assert_eq!(Socket::refused(handshake(&alice)).await, 429);
    let refused = alice.get("/v1.0/ws").await;
    refused.refused(429, "TOO_MANY_SOCKETS");
    let wait = refused.header("retry-after").map(str::parse::<u32>);
    assert!(matches!(wait, Some(Ok(1..))), "{refused:?}");
    Socket::open(&bob).await.nothing_else().await;
    first.close().await;
    let deadline = Instant::now() + Duration::from_secs(30);
    while alice.get("/v1.0/ws").await.status == 429 {
        assert!(Instant::now() < deadline, "the place is not given back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Socket::open(&alice).await.nothing_else().await;
    second.nothing_else().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_a_handshake_is_refused() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let plain = alice.get("/v1.0/ws").await;
    plain.refused(400, "UPGRADE_REQUIRED");
    let wrong = alice.post("/v1.0/ws", json!({})).await;
    wrong.refused(405, "METHOD_NOT_ALLOWED");
    let unknown = server.anonymous().get("/v1.0/ws").await;
    unknown.refused(401, "AUTHENTICATION_REQUIRED");
}

/// Case 37 and WS-17.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_closes_its_sockets_with_the_time_to_reconnect() {
    let mut server = Server::start_with(&PATIENT).await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let mut sockets = [Socket::open(&alice).await, Socket::subscribed(&bob).await];
    let said = alice.say(&chat, "heard").await;
    assert_eq!(sockets[1].next().await["data"]["id"], id(&said));
    server.terminate();
    for socket in &mut sockets {
        let (code, reason) = socket.closed().await;
        assert_eq!(code, 4503);
        let wait = reason.strip_prefix("retry_ms=").map(str::parse::<u32>);
        assert!(matches!(wait, Some(Ok(1..=60_000))), "{reason}");
    }
    assert_eq!(server.ended().await.code(), Some(0));
}

/// RUN-11: a post is durable and answered, or neither.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_answers_what_it_has_accepted() {
    let mut server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    let mut socket = Socket::open(&alice).await;
    for n in 0..200 {
        let message = json!({"chat_id": chat["id"], "text": "hello"});
        let id = format!("key-{n:05}");
        socket
            .send(json!({"type": "post", "id": id, "message": message}))
            .await;
    }
    let first = socket.answer("posted").await;
    let mut answered = HashSet::from([id(&first["data"]).to_owned()]);
    let asked = Instant::now();
    server.terminate();
    while let Some(frame) = socket.unless_closed().await {
        assert_eq!(frame["type"], "posted", "{frame}");
        answered.insert(id(&frame["data"]).to_owned());
    }
    let took = asked.elapsed();
    server.ended().await;
    server.kill_and_restart().await;
    let alice = server.with_token(alice.token());
    let mut events = alice.events(&chat).await;
    events.retain(|event| event["type"] == "chatmessage_created");
    let posted: HashSet<_> = events
        .iter()
        .map(|event| id(&event["data"]).to_owned())
        .collect();
    assert!(answered.is_subset(&posted));
    // A post that took longer than this is not answered, but stored.
    if took < FINISH {
        assert_eq!(answered, posted);
    }
}

/// A client that does not read its answers is not read any further.
#[tokio::test(flavor = "multi_thread")]
async fn answers_nobody_takes_need_no_memory() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let mut socket = Socket::narrow(&alice).await;
    let chat = alice.chat("group", &[]).await;
    let message = json!({"chat_id": chat["id"], "text": "x".repeat(15_000)});
    let flood = async {
        for n in 0..2_000 {
            let id = format!("key-{n:05}");
            socket
                .send(json!({"type": "post", "id": id, "message": message}))
                .await;
        }
    };
    // The flood does not finish: unread frames stay in the client's buffers.
    let ended = tokio::time::timeout(Duration::from_secs(8), flood).await;
    assert!(ended.is_err());
    let posted = alice
        .get(&talk_testkit::harness::client::path(&chat, ""))
        .await
        .ok();
    let posted = posted["last_seq"].as_u64().expect("a number");
    assert!(posted < 1_500, "{posted} posts were carried out");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_does_not_wait_for_clients_that_do_not_listen() {
    let mut server = Server::start_with(&PATIENT).await;
    let [alice] = server.agents(["alice"]).await;
    let _deaf = [
        Socket::subscribed(&alice).await,
        Socket::subscribed(&alice).await,
    ];
    server.terminate();
    assert_eq!(server.ended().await.code(), Some(0));
}

/// A closed socket stops counting at once, not some seconds later.
#[tokio::test(flavor = "multi_thread")]
async fn who_closes_is_gone_at_once() {
    let server = Server::start_with(&[("TALK_MAX_SOCKETS_PER_AGENT", "1")]).await;
    let [alice] = server.agents(["alice"]).await;
    let started = Instant::now();
    for _ in 0..10 {
        Socket::open(&alice).await.close().await;
    }
    // Ten that wait for the last moment of a close would take longer.
    assert!(started.elapsed() < Duration::from_secs(20));
}
