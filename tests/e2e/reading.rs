//! Read marks and unread counts.

use serde_json::{Value, json};

use talk_testkit::harness::client::{message, path};
use talk_testkit::harness::{Answer, Client, Server, Socket};

async fn read(client: &Client, chat: &Value, seq: &Value) -> Answer {
    client.put(&path(chat, "/read"), json!({"seq": seq})).await
}

/// `read_seq`, `unread_count` and `mention_count` of the client's chat, the same in the list.
async fn state(client: &Client, chat: &Value) -> [u64; 3] {
    let shown = client.get(&path(chat, "")).await.ok();
    let listed = client.get("/v1.0/service_agents/talk_chats").await.rows();
    let listed = listed.iter().find(|listed| listed["id"] == chat["id"]);
    assert_eq!(listed, Some(&shown));
    ["read_seq", "unread_count", "mention_count"]
        .map(|field| shown[field].as_u64().expect("a number"))
}

/// MSG-17.
#[tokio::test(flavor = "multi_thread")]
async fn messages_of_others_are_unread_until_they_are_read() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    assert_eq!(state(&bob, &chat).await, [0, 0, 0]);
    let first = alice.say(&chat, "one").await;
    alice.say(&chat, "two for @bob").await;
    let last = alice.say(&chat, "three for @bobby").await;
    assert_eq!(state(&alice, &chat).await, [0, 0, 0]);
    assert_eq!(state(&bob, &chat).await, [0, 3, 1]);
    let answer = read(&bob, &chat, &first["seq"]).await.ok();
    assert_eq!(answer, bob.get(&path(&chat, "")).await.ok());
    let seq = |message: &Value| message["seq"].as_u64().expect("a number");
    assert_eq!(state(&bob, &chat).await, [seq(&first), 2, 1]);
    alice.delete(&message(&last, "")).await.ok();
    assert_eq!(state(&bob, &chat).await, [seq(&first), 1, 1]);
    let head = bob.get(&path(&chat, "")).await.ok()["last_seq"].clone();
    read(&bob, &chat, &head).await.ok();
    assert_eq!(state(&bob, &chat).await, [seq(&last), 0, 0]);
}

/// MSG-17.
#[tokio::test(flavor = "multi_thread")]
async fn a_mark_only_moves_on_and_reading_nothing_new_is_no_event() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let first = alice.say(&chat, "one").await;
    let last = alice.say(&chat, "two").await;
    let mut socket = Socket::subscribed(&alice).await;
    read(&bob, &chat, &last["seq"]).await.ok();
    let frame = socket.answer("chat_read_updated").await;
    assert_eq!(frame["data"]["owner_id"], bob.id.as_str());
    assert_eq!(frame["data"]["read_seq"], last["seq"]);
    let before = bob.events(&chat).await;
    assert_eq!(before.last(), Some(&frame));
    for seq in [&first["seq"], &last["seq"], &frame["seq"], &json!(0)] {
        read(&bob, &chat, seq).await.ok();
    }
    assert_eq!(bob.events(&chat).await, before);
    let head = frame["seq"].as_u64().expect("a number");
    let ahead = read(&bob, &chat, &json!(head + 1)).await;
    let refused = ahead.refused(400, "SEQ_AHEAD_OF_HEAD");
    assert_eq!(refused["details"], json!([{"field": "seq", "limit": head}]));
    for bad in [json!(null), json!(-1), json!("1"), json!(1.5)] {
        let refused = read(&bob, &chat, &bad).await.json();
        assert_eq!(refused["error"]["details"][0]["field"], "seq", "{bad}");
    }
}

/// MSG-17.
#[tokio::test(flavor = "multi_thread")]
async fn the_readers_of_a_message_are_listed_to_participants() {
    let server = Server::start().await;
    let [alice, bob, carol] = server.agents(["alice", "bob", "carol"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let first = alice.say(&chat, "one").await;
    let last = alice.say(&chat, "two").await;
    read(&bob, &chat, &first["seq"]).await.ok();
    let readers = alice.get(&message(&first, "/read_by")).await.rows();
    assert_eq!(readers.len(), 1);
    assert_eq!(readers[0]["owner_id"], bob.id.as_str());
    assert_eq!(readers[0]["read_seq"], first["seq"]);
    assert!(
        alice
            .get(&message(&last, "/read_by"))
            .await
            .rows()
            .is_empty()
    );
    for refused in [
        carol.get(&message(&first, "/read_by")).await,
        read(&carol, &chat, &json!(1)).await,
    ] {
        refused.refused(403, "PERMISSION_DENIED");
    }
}

/// MSG-17.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_marks_at_once_leave_the_furthest() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let mut seqs = Vec::new();
    for n in 0..50 {
        seqs.push(alice.say(&chat, &n.to_string()).await["seq"].clone());
    }
    let marks = seqs.iter().map(|seq| {
        let (bob, chat, seq) = (bob.on_its_own(), chat.clone(), seq.clone());
        tokio::spawn(async move { read(&bob, &chat, &seq).await.ok() })
    });
    for mark in marks.collect::<Vec<_>>() {
        mark.await.expect("an answer");
    }
    let furthest = seqs.last().and_then(Value::as_u64).expect("a number");
    assert_eq!(state(&bob, &chat).await, [furthest, 0, 0]);
    let events = alice.events(&chat).await;
    let marks = events
        .iter()
        .filter(|event| event["type"] == "chat_read_updated");
    let marks: Vec<_> = marks
        .map(|event| event["data"]["read_seq"].as_u64())
        .collect();
    assert!(marks.is_sorted() && marks.last() == Some(&Some(furthest)));
}

/// Cases 41 and 71 and MSG-18.
#[tokio::test(flavor = "multi_thread")]
async fn mentions_are_counted_in_every_script_and_follow_edits() {
    let server = Server::start().await;
    let [alice, bob, kim] = server.agents(["alice", "bob", "김철수"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    alice.add(&chat, &kim).await.ok();
    let mentioned = [
        "@Bob",
        "＠bob",
        "_@bob_",
        "@bob님",
        "你好@bob你好",
        "**@BOB**!",
    ];
    for text in mentioned {
        alice.say(&chat, text).await;
    }
    for text in [
        "`@bob`",
        "```\n@bob\n```",
        "https://e.test/@bob",
        "me@bob.example",
        "@bobby",
    ] {
        alice.say(&chat, text).await;
    }
    let count = |state: [u64; 3]| state[2];
    assert_eq!(count(state(&bob, &chat).await), 6);
    assert_eq!(count(state(&kim, &chat).await), 0);
    let said = alice.say(&chat, "@김철수님 안녕하세요").await;
    assert_eq!(count(state(&kim, &chat).await), 1);
    let edited = json!({"text": "@bob 안녕하세요"});
    alice.put(&message(&said, ""), edited).await.ok();
    assert_eq!(count(state(&kim, &chat).await), 0);
    assert_eq!(count(state(&bob, &chat).await), 7);
    alice.delete(&message(&said, "")).await.ok();
    assert_eq!(count(state(&bob, &chat).await), 6);
    let renamed = bob.put(&path(&chat, ""), json!({"name": "new"})).await.ok();
    assert_eq!(renamed["mention_count"], 6);
}

/// Case 71: the case of letters beyond ASCII does not count either.
#[tokio::test(flavor = "multi_thread")]
async fn a_mention_finds_usernames_of_every_alphabet_in_every_case() {
    let server = Server::start().await;
    let [alice, unal, strasse, odos] = server.agents(["alice", "Ünal", "Straße", "ΟΔΟΣ"]).await;
    let chat = alice.chat("group", &[&unal, &strasse, &odos]).await;
    for text in ["@ünal", "@ÜNAL", "@u\u{308}nal", "@Ünal"] {
        alice.say(&chat, text).await;
    }
    for text in ["@STRASSE", "@straße", "@οδος", "@οδοσ", "@Οδός"] {
        alice.say(&chat, text).await;
    }
    for (agent, count) in [(&unal, 4), (&strasse, 2), (&odos, 2)] {
        let [_, unread, mentioned] = state(agent, &chat).await;
        assert_eq!((unread, mentioned), (9, count), "{}", agent.id);
    }
}
