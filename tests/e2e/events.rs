//! The log of a chat, read over HTTP.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpSocket;

use talk_testkit::harness::client::{message, path};
use talk_testkit::harness::{Client, Server};

const B: &str = "/v1.0/service_agents";

fn log(chat: &Value, more: &str) -> String {
    let id = chat["id"].as_str().expect("an id");
    format!("{B}/talk_events?chat_id={id}{more}")
}

fn seqs(events: &[Value]) -> Vec<u64> {
    let seq = |event: &Value| event["seq"].as_u64().expect("a number");
    events.iter().map(seq).collect()
}

/// Creates a chat with events of every kind. Returns it with one of its messages.
async fn eventful(alice: &Client, bob: &Client) -> (Value, Value) {
    let chat = alice.chat("group", &[]).await;
    alice.add(&chat, bob).await.ok();
    let said = alice.say(&chat, "hello").await;
    let changed = json!({"text": "hello, world"});
    alice.put(&message(&said, ""), changed).await.ok();
    bob.react(&said, "👍").await.ok();
    let reaction = message(&said, "/reactions?emoji=%2B1");
    bob.delete(&reaction).await.ok();
    alice.delete(&message(&said, "")).await.ok();
    alice
        .put(&path(&chat, ""), json!({"name": "New"}))
        .await
        .ok();
    let member = alice.participant(&chat, bob).await.expect("a member");
    alice.remove(&chat, &member).await.ok();
    (chat, said)
}

/// LOG-01 and LOG-04.
#[tokio::test(flavor = "multi_thread")]
async fn everything_that_happens_is_logged_once_and_in_order() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let (chat, _) = eventful(&alice, &bob).await;
    let events = alice.events(&chat).await;
    assert_eq!(seqs(&events), (1..=events.len() as u64).collect::<Vec<_>>());
    let happened = |event: &Value| event["type"].as_str().expect("a type").to_owned();
    let mut types: Vec<_> = events.iter().map(happened).collect();
    types.dedup_by(|note, before| note == "chatmessage_created" && before == "chatmessage_created");
    assert_eq!(
        types,
        [
            "chat_created",
            "chatparticipant_added",
            "chatparticipant_added",
            "chatmessage_created",
            "chatmessage_updated",
            "chatmessage_reaction_updated",
            "chatmessage_reaction_updated",
            "chatmessage_deleted",
            "chat_updated",
            "chatmessage_created",
            "chatparticipant_removed",
            "chatmessage_created",
        ]
    );
    for event in &events {
        assert_eq!(event["chat_id"], chat["id"]);
        assert!(event["data"]["id"].is_string(), "{event}");
    }
    let head = alice.get(&log(&chat, "")).await.ok()["head"].clone();
    assert_eq!(head, json!(events.len()));
    let now = alice.get(&path(&chat, "")).await.ok();
    assert_eq!(now["last_seq"], head);
}

/// LOG-05.
#[tokio::test(flavor = "multi_thread")]
async fn a_chat_is_announced_before_its_participants() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let events = alice.events(&chat).await;
    assert_eq!(events.len(), 3, "{events:?}");
    let created = &events[0];
    assert_eq!(
        (&created["type"], &created["seq"]),
        (&json!("chat_created"), &json!(1))
    );
    assert_eq!(created["data"]["id"], chat["id"]);
    assert_eq!(created["data"]["member_count"], 0);
    for (event, member) in events[1..].iter().zip([&alice, &bob]) {
        assert_eq!(event["type"], "chatparticipant_added");
        let participant = alice.participant(&chat, member).await;
        assert_eq!(Some(&event["data"]), participant.as_ref());
    }
}

/// LOG-04 and case 23.
#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_frame_says_what_was_done_with_which_reaction() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let said = alice.say(&chat, "hello").await;
    let added = bob.react(&said, "👍").await.ok();
    let removed = bob
        .delete(&message(&said, "/reactions?emoji=thumbsup"))
        .await
        .ok();
    let events = alice.get(&log(&chat, "&since=4")).await.rows();
    assert_eq!(events.len(), 2, "{events:?}");
    let reaction = &added["metadata"]["reactions"][0];
    for (event, action, data) in [
        (&events[0], "added", &added),
        (&events[1], "removed", &removed),
    ] {
        assert_eq!(event["type"], "chatmessage_reaction_updated");
        assert_eq!((&event["action"], &event["data"]), (&json!(action), data));
        assert_eq!(&event["reaction"], reaction);
    }
}

/// LOG-06.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_read_in_pieces_from_any_place() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let (chat, _) = eventful(&alice, &bob).await;
    let all = alice.events(&chat).await;
    let head = all.len();
    assert_eq!(alice.get(&log(&chat, "")).await.rows(), all);
    let piece = alice.get(&log(&chat, "&since=3&limit=4")).await;
    assert_eq!(piece.rows(), all[3..7]);
    assert_eq!(
        piece.ok()["head"],
        json!(head),
        "the head, not the last of the piece"
    );
    let whole = alice.get(&log(&chat, "&since=0&limit=1")).await.ok();
    assert_eq!(whole["epoch"], piece.ok()["epoch"]);
    assert!(
        whole["epoch"]
            .as_str()
            .is_some_and(|epoch| !epoch.is_empty())
    );
    let at_head = alice.get(&log(&chat, &format!("&since={head}"))).await;
    assert!(at_head.rows().is_empty());
    for limit in ["0", "1001", "-1", "x"] {
        let refused = alice.get(&log(&chat, &format!("&limit={limit}"))).await;
        let error = refused.refused(400, "LIMIT_INVALID");
        assert_eq!(error["details"][0]["field"], "limit");
        assert_eq!(error["details"][0]["limit"], 1000);
    }
    for since in ["-1", "x"] {
        let refused = alice.get(&log(&chat, &format!("&since={since}"))).await;
        let error = refused.refused(400, "SINCE_INVALID");
        assert_eq!(error["details"][0]["field"], "since");
    }
}

/// WS-09.
#[tokio::test(flavor = "multi_thread")]
async fn reads_of_one_chat_tell_their_place_in_its_log() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let (chat, said) = eventful(&alice, &bob).await;
    let events = alice.get(&log(&chat, "")).await.ok();
    let [epoch, id] = [&events["epoch"], &chat["id"]].map(|text| text.as_str().expect("text"));
    let position = format!("{epoch};{id}={}", events["head"]);
    for read in [
        path(&chat, ""),
        path(&chat, "/participants"),
        format!("{B}/talk_messages?chat_id={id}"),
        message(&said, ""),
        message(&said, "/revisions"),
    ] {
        let answer = alice.get(&read).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("talk-position"), Some(&*position), "{read}");
    }
    let of_all = alice.get(&format!("{B}/talk_messages")).await;
    assert_eq!(of_all.header("talk-position"), None);
}

/// LOG-02 and LOG-06.
#[tokio::test(flavor = "multi_thread")]
async fn outsiders_read_no_log_and_what_is_refused_is_not_logged() {
    let server = Server::start().await;
    let [alice, bob, eve] = server.agents(["alice", "bob", "eve"]).await;
    let (_, [stranger]) = server.customer("acme", ["x"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let said = alice.say(&chat, "hello").await;
    let before = alice.events(&chat).await;
    eve.get(&log(&chat, ""))
        .await
        .refused(403, "PERMISSION_DENIED");
    stranger
        .get(&log(&chat, ""))
        .await
        .refused(404, "CHAT_NOT_FOUND");
    for (refused, status) in [
        (eve.try_say(&chat, "x").await, 403),
        (stranger.try_say(&chat, "x").await, 404),
        (alice.try_say(&chat, "").await, 400),
        (alice.add(&chat, &bob).await, 409),
        (alice.add(&chat, &stranger).await, 404),
        (bob.react(&said, "no emoji").await, 400),
        (bob.delete(&message(&said, "")).await, 403),
        (bob.put(&path(&chat, ""), json!({})).await, 400),
        (bob.delete(&path(&chat, "")).await, 403),
    ] {
        assert_eq!(refused.status, status, "{refused:?}");
    }
    alice
        .put(&path(&chat, ""), json!({"name": chat["name"]}))
        .await
        .ok();
    assert_eq!(alice.events(&chat).await, before);
}

/// An answer is bounded, however long the log, and a client that does not read is cut.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_log_is_read_in_parts_by_those_who_take_them() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    let text = "x".repeat(16_000);
    for _ in 0..300 {
        alice.say(&chat, &text).await;
    }
    let uri = log(&chat, "&limit=1000");
    let page = alice.get(&uri).await.ok();
    let count = page["result"].as_array().expect("a list").len();
    let bytes = page["result"].to_string().len();
    assert!(
        count < 300 && (1 << 20..2 << 20).contains(&bytes),
        "{count} events, {bytes} bytes"
    );
    assert_eq!(alice.events(&chat).await.len(), 302);

    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("a small buffer");
    let address = alice.url().strip_prefix("http://").expect("an address");
    let connected = socket.connect(address.parse().expect("an address")).await;
    let mut connection = connected.expect("a connection");
    let head = format!("GET {uri} HTTP/1.1\r\nHost: {address}\r\n");
    let request = format!("{head}Authorization: Bearer {}\r\n\r\n", alice.token());
    connection
        .write_all(request.as_bytes())
        .await
        .expect("sent");
    let deadline = Instant::now() + Duration::from_secs(90);
    while connection.write_all(b"\r\n").await.is_ok() {
        assert!(Instant::now() < deadline, "the answer still waits");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}
