//! Retention of messages, deleted chats and logs, and the resets that clients get.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::erasure::out_of_all_files;
use talk_testkit::harness::client::{message, path};
use talk_testkit::harness::{Client, Server, Socket};

/// Nothing expires.
pub(crate) const FOR_EVER: [(&str, &str); 2] = [
    ("TALK_DELETED_CHATS_DAYS", "0"),
    ("TALK_LOG_RETENTION_DAYS", "0"),
];

/// Messages expire after 30 days, and nothing else.
const MESSAGES: [(&str, &str); 3] = [
    ("TALK_MESSAGE_RETENTION_DAYS", "30"),
    ("TALK_DELETED_CHATS_DAYS", "0"),
    ("TALK_LOG_RETENTION_DAYS", "0"),
];

/// A log keeps a day, or five events.
pub(crate) const LOG: [(&str, &str); 3] = [
    ("TALK_LOG_RETENTION_DAYS", "1"),
    ("TALK_LOG_RETENTION_EVENTS", "5"),
    ("TALK_DELETED_CHATS_DAYS", "0"),
];

/// The log message at the end of a run that erased something.
const ERASED: &str = "expired data was erased";

/// Moves everything in the database 40 days into the past. The search index is ordered by time and
/// is rebuilt.
pub(crate) fn age(database: &Path) {
    let mut conn = open(database);
    let days = 40_i64 * 24 * 60 * 60 * 1_000_000;
    let tables = [
        (
            "chats",
            &["created_at", "updated_at", "last_at", "deleted_at"][..],
        ),
        ("participants", &["chat_created_at", "joined_at"]),
        ("former_participants", &["joined_at", "left_at"]),
        ("read_marks", &["seq_at", "updated_at"]),
        (
            "messages",
            &["created_at", "updated_at", "edited_at", "deleted_at"],
        ),
        ("reactions", &["created_at"]),
        ("revisions", &["written_at"]),
        ("mentions", &["created_at"]),
        ("events", &["tm"]),
        ("idempotency", &["answered_at"]),
    ];
    for (table, columns) in tables {
        let earlier = columns
            .iter()
            .map(|name| format!("{name} = {name} - {days}"));
        let earlier: Vec<_> = earlier.collect();
        let sql = format!("UPDATE talk_{table} SET {}", earlier.join(", "));
        conn.batch_execute(&sql).expect("moved");
    }
    let index = "UPDATE talk_meta SET value = '' WHERE key = 'search_version'";
    conn.batch_execute(index).expect("forgotten");
}

pub(crate) fn open(database: &Path) -> SqliteConnection {
    let url = database.to_str().expect("a path");
    let mut conn = SqliteConnection::establish(url).expect("a database");
    conn.batch_execute("PRAGMA secure_delete = ON; PRAGMA busy_timeout = 10000")
        .expect("settings");
    conn
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn number(server: &Server, sql: &str) -> i64 {
    let mut conn = open(&server.data().join("talk.db"));
    let number: Number = diesel::sql_query(sql).get_result(&mut conn).expect(sql);
    number.n
}

/// Waits until runs have ended that erased something.
pub(crate) async fn erased(server: &Server, runs: usize) {
    while server.log().matches(ERASED).count() < runs {
        let health = reqwest::get(format!("{}/healthz", server.url)).await;
        assert!(health.expect("an answer").status().is_success());
    }
}

fn id(resource: &Value) -> &str {
    resource["id"].as_str().expect("an id")
}

async fn log(by: &Client, chat: &Value, since: u64) -> Value {
    let path = "/v1.0/service_agents/talk_events";
    let query = format!("chat_id={}&since={since}", id(chat));
    by.get(&format!("{path}?{query}")).await.ok()
}

/// The same agents at the server that was started again.
fn again<const N: usize>(server: &Server, agents: [&Client; N]) -> [Client; N] {
    agents.map(|agent| server.with_token(agent.token()).named(&agent.id))
}

/// A socket that resumes a chat after an event.
async fn resumed(by: &Client, epoch: &Value, chat: &Value, since: u64) -> Socket {
    let mut socket = Socket::open(by).await;
    let epoch = epoch.as_str().expect("text");
    socket.resume(by, epoch, json!({id(chat): since})).await;
    socket
}

/// Checks that nothing is left of a message but its place in its thread.
async fn is_tombstone(by: &Client, said: &Value) {
    let now = by.get(&message(said, "")).await.ok();
    assert_eq!((&now["text"], &now["medias"]), (&json!(""), &json!([])));
    assert_eq!(now["metadata"]["reactions"], json!([]));
    assert_ne!(now["tm_delete"], "");
    for field in ["id", "parent_id", "root_id", "owner_id", "seq"] {
        assert_eq!(now[field], said[field]);
    }
    let versions = by.get(&message(said, "/revisions")).await;
    assert_eq!(versions.rows(), [] as [Value; 0]);
}

/// RUN-17: the same tombstone and event as a deletion, and no text in any file.
#[tokio::test(flavor = "multi_thread")]
async fn old_messages_become_tombstones_and_their_words_leave_every_file() {
    let mut server = Server::start_with(&FOR_EVER).await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let root = alice.say(&chat, "zanzibar-one @bob").await;
    let answer = bob.reply(&root, "zanzibar-two").await.ok();
    bob.react(&root, "🦓").await.ok();
    let link = json!([{"type": "link", "link_url": "https://zanzibar.example.org/"}]);
    let edit = json!({"text": "zanzibar-three", "medias": link});
    alice.put(&message(&root, ""), edit).await.ok();
    let gone = alice.say(&chat, "zanzibar-four").await;
    alice.delete(&message(&gone, "")).await.ok();
    let position = log(&bob, &chat, 0).await["head"]
        .as_u64()
        .expect("a number");

    server.restart_after(&MESSAGES, age).await;
    erased(&server, 1).await;
    let [alice, bob] = again(&server, [&alice, &bob]);
    let new = alice.say(&chat, "a new one").await;
    for said in [&root, &answer] {
        is_tombstone(&bob, said).await;
    }
    let time = async |said| {
        let now = bob.get(&message(said, "")).await.ok();
        now["tm_delete"].as_str().expect("a time").to_owned()
    };
    assert!(time(&gone).await < time(&root).await, "deleted once");
    let list = format!("/v1.0/service_agents/talk_messages?chat_id={}", id(&chat));
    let texts: Vec<_> = bob
        .get(&list)
        .await
        .rows()
        .iter()
        .map(|m| m["text"].clone())
        .collect();
    assert_eq!(texts.len(), 4);
    assert_eq!(texts.iter().filter(|text| **text == "a new one").count(), 1);
    let found = bob.get("/v1.0/service_agents/talk_search?q=zanzibar").await;
    assert_eq!(found.rows(), [] as [Value; 0]);

    // A client that resumes gets the tombstones.
    let epoch = &log(&bob, &chat, 0).await["epoch"];
    let mut socket = resumed(&bob, epoch, &chat, position).await;
    for said in [&root, &answer] {
        let event = socket.next().await;
        assert_eq!(event["type"], "chatmessage_deleted");
        assert_eq!(
            (&event["data"]["id"], &event["data"]["text"]),
            (&said["id"], &json!(""))
        );
    }
    assert_eq!(socket.next().await["data"], new);
    server.operate(&["doctor"]);
    let words = ["zanzibar", "https://zanzibar", "🦓"];
    out_of_all_files(&server, &words).await;
}

/// RUN-17: the steps continue after a crash, and customers take turns.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_during_a_run_loses_nothing_and_no_customer_waits_for_another() {
    let mut server = Server::start_with(&FOR_EVER).await;
    let [alice] = server.agents(["alice"]).await;
    let (small, []) = server.customer("small", []).await;
    let chat = alice.chat("group", &[]).await;
    let mut posts = JoinSet::new();
    for n in 0..1_500 {
        let (alice, chat) = (alice.on_its_own(), chat.clone());
        posts.spawn(async move { alice.say(&chat, &format!("zanzibar {n}")).await });
    }
    posts.join_all().await;
    let own = small.chat("group", &[]).await;
    small.say(&own, "zanzibar").await;
    server.restart_after(&MESSAGES, age).await;
    let left = "SELECT COUNT(*) AS n FROM talk_messages WHERE deleted_at IS NULL";
    let (mut crashes, mut before) = (0, i64::MAX);
    loop {
        let now = number(&server, left);
        if now == 0 {
            break;
        }
        if now < before && crashes < 5 {
            server.kill_and_restart().await;
            server.operate(&["doctor"]);
            crashes += 1;
        }
        before = now;
    }
    assert_eq!(crashes, 5);
    let last = |name: &str| {
        let of = format!(
            "SELECT MAX(m.deleted_at) AS n FROM talk_messages m JOIN talk_customers c ON c.id = \
             m.customer_id WHERE c.name = '{name}'"
        );
        number(&server, &of)
    };
    assert!(
        last("small") < last("default"),
        "the small one did not wait"
    );
    server.operate(&["doctor"]);
}

/// RUN-18.
#[tokio::test(flavor = "multi_thread")]
async fn deleted_chats_are_removed_whole_and_others_stay() {
    let mut server = Server::start_with(&FOR_EVER).await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let kept = alice.chat("group", &[&bob]).await;
    alice.say(&kept, "stays").await;
    let chat = alice.chat("group", &[&bob]).await;
    let said = alice.say(&chat, "zanzibar @bob").await;
    bob.react(&said, "👍").await.ok();
    for n in 0..100 {
        bob.reply(&said, &format!("zanzibar {n}")).await.ok();
    }
    alice
        .put(&path(&chat, ""), json!({"name": "zanzibar"}))
        .await
        .ok();
    let deleted = alice.delete(&path(&chat, "")).await.ok();
    let position = deleted["last_seq"].as_u64().expect("a number") - 3;
    server.restart_after(&[], age).await;
    erased(&server, 1).await;
    let [alice, bob] = again(&server, [&alice, &bob]);
    alice
        .delete(&path(&chat, ""))
        .await
        .refused(404, "CHAT_NOT_FOUND");
    bob.get(&message(&said, ""))
        .await
        .refused(404, "MESSAGE_NOT_FOUND");
    let count = |table: &str| number(&server, &format!("SELECT COUNT(*) AS n FROM talk_{table}"));
    let rows = [
        "chats",
        "former_participants",
        "mentions",
        "reactions",
        "read_marks",
    ]
    .map(count);
    assert_eq!(rows, [1, 0, 0, 0, 0]);
    assert_eq!((count("messages"), count("events")), (1, 4));
    let epoch = &log(&bob, &kept, 0).await["epoch"];
    let mut socket = resumed(&bob, epoch, &chat, position).await;
    let end = socket.next().await;
    let expected = json!({
        "type": "unsubscribed", "chat_id": chat["id"], "reason": "not_a_participant",
        "seq": position,
    });
    assert_eq!(end, expected);

    // New messages get the numbers of removed ones in the index, and are found.
    let new = alice.say(&kept, "mombasa").await;
    let found = bob.get("/v1.0/service_agents/talk_search?q=mombasa").await;
    assert_eq!(found.rows(), [new]);
    server.operate(&["doctor"]);
    out_of_all_files(&server, &["zanzibar"]).await;
}

/// WS-07 and RUN-16: beyond retention there is a reset, never a silent gap.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_from_before_the_log_is_reset_and_one_at_its_edge_is_not() {
    let mut server = Server::start_with(&FOR_EVER).await;
    let [alice, bob, carol] = server.agents(["alice", "bob", "carol"]).await;
    let chat = alice.chat("group", &[&bob, &carol]).await;
    let short = alice.chat("group", &[&bob]).await;
    let left = alice.participant(&chat, &carol).await.expect("a member");
    carol.remove(&chat, &left).await.ok();
    for n in 0..150 {
        alice.say(&chat, &format!("message {n}")).await;
    }
    let before = log(&bob, &chat, 0).await;
    assert_eq!(before["log_start"], 0);
    let head = before["head"].as_u64().expect("a number");

    server.restart_after(&LOG, age).await;
    erased(&server, 1).await;
    let [bob, carol] = again(&server, [&bob, &carol]);
    let now = log(&bob, &chat, 0).await;
    let start = head - 5;
    assert_eq!(
        (&now["log_start"], &now["head"]),
        (&json!(start), &json!(head))
    );
    assert_eq!(now["result"][0]["seq"], start + 1);
    assert_eq!(log(&bob, &short, 0).await["log_start"], 0, "it is short");
    let epoch = &now["epoch"];
    for since in [0, 1, start - 1] {
        let mut socket = resumed(&bob, epoch, &chat, since).await;
        let expected = json!({
            "type": "reset", "chat_id": chat["id"], "reason": "retention", "head": head,
        });
        assert_eq!(socket.next().await, expected, "{since}");
    }
    let mut socket = resumed(&bob, epoch, &chat, start).await;
    for seq in start + 1..=head {
        assert_eq!(socket.next().await["seq"], seq);
    }
    assert_eq!(socket.next().await["type"], "caught_up");

    // An agent that left before the start of the log gets `unsubscribed` and no event.
    let mut socket = resumed(&carol, epoch, &chat, 3).await;
    let end = socket.next().await;
    assert_eq!(
        (&end["type"], &end["reason"]),
        (&json!("unsubscribed"), &json!("removed"))
    );
    socket.nothing_else().await;

    let [alice] = again(&server, [&alice]);
    let list = format!("/v1.0/service_agents/talk_messages?chat_id={}", id(&chat));
    let said = alice.get(&list).await.rows()[0].clone();
    alice.delete(&message(&said, "")).await.ok();
    server.operate(&["doctor"]);
}
