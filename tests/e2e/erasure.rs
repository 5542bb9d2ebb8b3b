//! Erased agents: none of their texts and names is left, and texts of others are.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::storage::files_with;
use talk_testkit::harness::client::{message, path};
use talk_testkit::harness::server::PASSWORD;
use talk_testkit::harness::{Client, Server, Socket};

const ERASED: &str = "Erased agent";

/// Waits until none of `words` is in a file of the data directory: a minute at most.
pub(crate) async fn out_of_all_files(server: &Server, words: &[&str]) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let found = words
            .iter()
            .map(|word| (word, files_with(server.data(), word)));
        let found: Vec<_> = found.filter(|(_, files)| !files.is_empty()).collect();
        if found.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "after a minute: {found:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// An agent of the first customer with everything that may hold something personal.
struct Personal {
    admin: Client,
    bob: Client,
    id: String,
}

impl Personal {
    /// Words that only the agent has written.
    const WORDS: [&str; 9] = [
        "bobzilla",
        "Roberto Zapatero",
        "zip-code-90210",
        "my-laptop-key",
        "zebra-first-version",
        "zebra-second-version",
        "zebra-in-a-reply",
        "zebra.example.org",
        "zebra-in-a-deleted-chat",
    ];

    async fn new(server: &Server) -> Self {
        let admin = server.admin().await;
        let agent = json!({
            "username": "bobzilla", "password": PASSWORD, "name": "Roberto Zapatero",
            "detail": "zip-code-90210",
        });
        let created = admin.post_once("the-key-of-bob", "/v1.0/agents", &agent);
        let id = created.await.ok()["id"].clone();
        let bob = server.login("bobzilla", PASSWORD).await;
        let key = json!({"name": "my-laptop-key"});
        bob.post_once("the-key-of-the-key", "/v1.0/accesskeys", &key)
            .await
            .ok();
        let id = id.as_str().expect("an id").to_owned();
        Self { admin, bob, id }
    }
}

/// The agent's messages in the chat of both.
struct Life {
    chat: Value,
    said: Value,
    answer: Value,
}

/// Lets the agent leave personal data everywhere it can.
async fn live(bob: &Client, alice: &Client) -> Life {
    let chat = alice.chat("group", &[bob]).await;
    let said = bob.say(&chat, "zebra-first-version").await;
    let edit = json!({"text": "@alice zebra-second-version",
        "medias": [{"type": "link", "link_url": "https://zebra.example.org/"}]});
    bob.put(&message(&said, ""), edit).await.ok();
    alice.react(&said, "👍").await.ok();
    let answer = alice.reply(&said, "I see").await.ok();
    bob.react(&answer, "🎉").await.ok();
    bob.reply(&answer, "zebra-in-a-reply").await.ok();
    let name = json!({"name": "Plan B"});
    bob.put(&path(&chat, ""), name).await.ok();
    bob.post(&path(&chat, "/close"), json!({})).await.ok();
    bob.post(&path(&chat, "/reopen"), json!({})).await.ok();
    let gone = bob.chat("group", &[alice]).await;
    bob.say(&gone, "zebra-in-a-deleted-chat").await;
    bob.delete(&path(&gone, "")).await.ok();
    Life { chat, said, answer }
}

/// Checks the system messages of a chat, and that a search finds nothing.
async fn is_called_erased(alice: &Client, chat: &Value) {
    let id = chat["id"].as_str().expect("an id");
    let page = format!("/v1.0/service_agents/talk_messages?chat_id={id}");
    let rows = alice.get(&page).await.rows();
    let system = rows.iter().filter(|row| row["type"] == "system");
    let system: Vec<_> = system.filter_map(|row| row["text"].as_str()).collect();
    let expected = [
        "Erased agent left the conversation.",
        "Erased agent reopened the conversation.",
        "Erased agent closed the conversation.",
        "Erased agent renamed the conversation to \"Plan B\".",
    ];
    assert_eq!(system, expected);
    for found in ["zebra", "second"] {
        let search = format!("/v1.0/service_agents/talk_search?q={found}");
        assert_eq!(alice.get(&search).await.rows(), [] as [Value; 0]);
    }
}

/// Checks what the others see of a chat in which an agent was that is erased.
async fn shape_is_kept(alice: &Client, (chat, id): (&Value, &str), [said, answer]: [&Value; 2]) {
    let tombstone = alice.get(&message(said, "")).await.ok();
    assert_eq!(
        (&tombstone["text"], &tombstone["medias"]),
        (&"".into(), &json!([]))
    );
    assert_eq!(
        (&tombstone["owner_id"], &tombstone["reply_count"]),
        (&id.into(), &1.into())
    );
    assert_eq!(tombstone["metadata"]["reactions"], json!([]));
    assert_ne!(tombstone["tm_delete"], "");
    let kept = alice.get(&message(answer, "")).await.ok();
    assert_eq!(
        (&kept["text"], &kept["parent_id"]),
        (&"I see".into(), &said["id"])
    );
    let reactions = kept["metadata"]["reactions"].as_array().expect("reactions");
    assert_eq!(reactions.len(), 1, "an emoji with an id stays: {kept}");
    let revisions = alice.get(&message(said, "/revisions")).await;
    assert_eq!(revisions.rows(), [] as [Value; 0]);
    let events = alice.events(chat).await;
    let seqs: Vec<_> = events
        .iter()
        .filter_map(|event| event["seq"].as_u64())
        .collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    let told = events.iter().map(ToString::to_string);
    let personal: Vec<_> = told
        .filter(|told| Personal::WORDS.iter().any(|word| told.contains(word)))
        .collect();
    assert_eq!(personal, [] as [String; 0]);
    let deleted = |event: &&Value| event["type"] == "chatmessage_deleted";
    assert_eq!(events.iter().filter(deleted).count(), 2, "{events:?}");
}

/// RUN-19.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_an_erased_agent_is_left_and_threads_keep_their_shape() {
    let server = Server::start().await;
    let Personal { admin, bob, id } = Personal::new(&server).await;
    let [alice] = server.agents(["alice"]).await;
    let Life { chat, said, answer } = live(&bob, &alice).await;
    let mut socket = Socket::subscribed(&alice).await;
    let mut bobs = Socket::open(&bob).await;

    let words = Personal::WORDS;
    assert_eq!(
        words.map(|word| files_with(server.data(), word).is_empty()),
        [false; 9]
    );
    let erased = server.operate(&["agent", "erase", "bobzilla", "--yes", "--json"]);
    let erased: Value = serde_json::from_str(&erased).expect("JSON");
    assert_eq!(
        (&erased["name"], &erased["status"]),
        (&ERASED.into(), &"disabled".into())
    );
    assert_eq!(bobs.closed().await.0, 4401);
    assert_eq!(bob.get("/v1.0/agents").await.status, 401);
    assert_eq!(admin.get(&format!("/v1.0/agents/{id}")).await.status, 404);

    shape_is_kept(&alice, (&chat, &id), [&said, &answer]).await;
    is_called_erased(&alice, &chat).await;
    loop {
        let frame = socket.next().await;
        if frame["type"] == "chatmessage_deleted" && frame["data"]["id"] == said["id"] {
            break;
        }
    }
    server.operate(&["doctor"]);
    out_of_all_files(&server, &words).await;
    server.agents(["bobzilla"]).await;
    server.operate(&["doctor"]);
}

/// RUN-19: the command writes the names, and the server takes no part in it.
#[tokio::test(flavor = "multi_thread")]
async fn the_name_of_an_agent_that_never_said_anything_is_out_of_all_files() {
    let server = Server::start().await;
    let agent = json!({"username": "bobzilla", "password": PASSWORD, "name": "Roberto Zapatero"});
    let admin = server.admin().await;
    let id = admin.post("/v1.0/agents", agent).await.ok()["id"].clone();
    let id = id.as_str().expect("an id");
    admin.delete(&format!("/v1.0/agents/{id}")).await.ok();
    server.operate(&["agent", "erase", id, "--yes"]);
    out_of_all_files(&server, &["bobzilla", "Roberto Zapatero"]).await;
}

/// RUN-19: whichever process is interrupted, the next one finishes the work.
#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_goes_on_after_a_crash_and_without_a_server() {
    let mut server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bobzilla"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    for n in 0..60 {
        bob.say(&chat, &format!("zebra-{n}")).await;
        alice.say(&chat, &format!("horse-{n}")).await;
    }
    server.kill_and_restart().await;
    let mut command = talk_testkit::harness::server::command(server.data(), &[]);
    let command = command.args(["agent", "erase", "bobzilla", "--yes"]);
    let mut erasing = command.spawn().expect("it runs");
    while !files_with_agent(&server, "erased-") {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    erasing.kill().expect("killed");
    erasing.wait().expect("ended");
    server.kill();
    server.operate(&["doctor"]);
    server.operate(&["agent", "erase", &bob.id, "--yes"]);
    assert!(files_with(server.data(), "zebra-").is_empty());
    assert!(!files_with(server.data(), "horse-59").is_empty());
    server.operate(&["doctor"]);
    server.restart().await;
    let alice = server.with_token(alice.token());
    let texts = alice.events(&chat).await.into_iter();
    let texts = texts.filter(|event| event["type"] == "chatmessage_created");
    let texts: Vec<_> = texts.map(|event| event["data"]["text"].clone()).collect();
    let kept = texts
        .iter()
        .filter(|text| text.to_string().contains("horse"))
        .count();
    assert_eq!((kept, texts.len()), (60, 121));
}

fn files_with_agent(server: &Server, username: &str) -> bool {
    !files_with(server.data(), username).is_empty()
}

/// RUN-20.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_deleted_customer_is_left_and_nobody_of_it_is_let_in() {
    let server = Server::start().await;
    let (admin, [bob, carol]) = server.customer("yak", ["bob", "carol"]).await;
    let [alice] = server.agents(["alice"]).await;
    let kept = alice.chat("group", &[]).await;
    alice.say(&kept, "a message of another customer").await;
    let customer = admin.get("/v1.0/customer").await.ok();
    let id = customer["id"].as_str().expect("an id");
    let words = ["yak", "yodel", "quagga"];
    for n in 0..5 {
        let chat = bob.chat("talk", &[&carol]).await;
        let name = json!({"name": format!("yodel {n}")});
        bob.put(&path(&chat, ""), name).await.ok();
        for m in 0..10 {
            let said = carol.say(&chat, &format!("quagga {m}")).await;
            bob.react(&said, "👍").await.ok();
        }
        if n == 0 {
            bob.delete(&path(&chat, "")).await.ok();
        }
    }
    let key = json!({"name": "yodel"});
    let key = bob.post_once("the-key-of-the-key", "/v1.0/accesskeys", &key);
    let key = key.await.ok()["token"].clone();
    let key = key.as_str().expect("a key");
    let mut socket = Socket::open(&bob).await;
    assert_eq!(
        words.map(|word| files_with(server.data(), word).is_empty()),
        [false; 3]
    );

    let deleted = server.operate(&["customer", "delete", id, "--yes", "--json"]);
    let deleted: Value = serde_json::from_str(&deleted).expect("JSON");
    assert_eq!(deleted["name"], "yak");
    assert_eq!(socket.closed().await.0, 4401);
    for gone in [&bob, &carol, &admin, &server.with_token(key)] {
        assert_eq!(gone.get("/v1.0/agents").await.status, 401);
    }
    let login = json!({"username": "bob-yak", "password": PASSWORD});
    let login = server.anonymous().post("/auth/login", login).await;
    login.refused(401, "INVALID_CREDENTIALS");
    let list = server.operate(&["customer", "list"]);
    assert_eq!(list.lines().count(), 1, "{list}");
    server.operate(&["doctor"]);
    out_of_all_files(&server, &words).await;
    assert_eq!(alice.events(&kept).await.len(), 3);
}

/// RUN-20: also while rows of it remain.
#[tokio::test(flavor = "multi_thread")]
async fn a_half_deleted_customer_lets_nobody_in_and_is_finished_later() {
    let mut server = Server::start().await;
    let (_, [bob]) = server.customer("yak", ["bob"]).await;
    let chat = bob.chat("group", &[]).await;
    for n in 0..100 {
        bob.say(&chat, &format!("quagga {n}")).await;
    }
    let customer = bob.get("/v1.0/customer").await.ok();
    let id = customer["id"].as_str().expect("an id");
    server.kill();
    let mut command = talk_testkit::harness::server::command(server.data(), &[]);
    let command = command.args(["customer", "delete", id, "--yes"]);
    let mut deleting = command.spawn().expect("it runs");
    let url = format!("sqlite:{}", server.data().join("talk.db").display());
    while talk_store_diesel::cleanup_backlog(&url).expect("a database") == 0 {
        assert!(
            deleting.try_wait().expect("its state").is_none(),
            "it was not seen at work"
        );
    }
    deleting.kill().expect("killed");
    deleting.wait().expect("ended");
    server.operate(&["doctor"]);
    server.restart().await;
    let bob = server.with_token(bob.token());
    assert_eq!(bob.get("/v1.0/agents").await.status, 401);
    server.operate(&["customer", "delete", id, "--yes"]);
    assert_eq!(server.operate(&["customer", "list"]).lines().count(), 1);
    server.operate(&["doctor"]);
}

/// RUN-20 and RUN-15: a newest event that went with its customer does not make the database an
/// older copy.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_others_stays_the_same_when_a_customer_is_deleted_between_two_servers() {
    let mut server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let (_, [bob]) = server.customer("yak", ["bob"]).await;
    let kept = alice.chat("group", &[]).await;
    alice.say(&kept, "a message of another customer").await;
    let chat = bob.chat("group", &[]).await;
    bob.say(&chat, "the newest message").await;
    let customer = bob.get("/v1.0/customer").await.ok();
    let id = customer["id"].as_str().expect("an id");
    let events = format!(
        "/v1.0/service_agents/talk_events?chat_id={}",
        kept["id"].as_str().expect("an id")
    );
    let before = alice.get(&events).await.ok();
    server.terminate();
    assert!(server.ended().await.success());
    server.operate(&["customer", "delete", id, "--yes"]);
    server.restart().await;
    let alice = server.with_token(alice.token());
    assert_eq!(alice.get(&events).await.ok(), before);
}
