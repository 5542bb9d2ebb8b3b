//! Texts and secrets that are planted, and where they are found after an erasure or a deletion.

use serde_json::{Value, json};
use talk_testkit::harness::server::PASSWORD;
use talk_testkit::harness::{Client, Server, Socket};

use super::live::all;
use super::sms::{TOKEN, answer, conversations, receives, server_with, twilio};
use super::{CONVERSATIONS, seen, text, visitor, web_chat, write};
use crate::erasure::out_of_all_files;
use crate::storage::files_with;
use crate::webhooks::receiver::{Receiver, status};

/// Words that only the agent has written.
const WRITTEN: [&str; 3] = ["zebra-in-a-chat", "zebra-in-a-queue", "zebra-in-a-deleted"];

/// A server with a web chat, SMS that cannot be sent, and a webhook that does not answer yet.
struct Scene {
    server: Server,
    admin: Client,
    bob: Client,
    hooks: Receiver,
    sms: Receiver,
    chat: Value,
    number: Value,
}

impl Scene {
    async fn start() -> Self {
        let (sms, hooks) = (Receiver::start(), Receiver::start());
        sms.answers(|_| answer(503, &json!({})));
        hooks.answers(|_| status(500));
        let ports = format!("{},{}", sms.port, hooks.port);
        let server = server_with(&[
            ("TALK_PROVIDER_ALLOW_PORTS", &ports),
            ("TALK_WEBHOOK_ALLOW_HTTP", "true"),
            ("TALK_WEBHOOK_ALLOW_NETWORKS", "127.0.0.0/8"),
            ("TALK_WEBHOOK_ALLOW_PORTS", &ports),
            ("TALK_WEBHOOK_SCHEDULE", "1,1,1,1,1,1,1,1,1,1"),
            ("TALK_LOG", "debug"),
        ])
        .await;
        let admin = server.admin().await;
        let hook = json!({"uri": hooks.url()});
        admin.post("/v1.0/webhooks", hook).await.ok();
        let agent = json!({"username": "bobzilla", "password": PASSWORD, "name": "Roberto Z"});
        let id = admin.post("/v1.0/agents", agent).await.ok();
        let bob = server.login("bobzilla", PASSWORD).await;
        Self {
            chat: web_chat(&admin, &[]).await,
            number: twilio(&admin, &sms).await,
            bob: bob.named(text(&id, "id")),
            server,
            admin,
            hooks,
            sms,
        }
    }

    /// The agent claims the conversation without an owner, of `count` ones, and writes into it; the message.
    async fn bob_answers(&self, count: usize, what: &str) -> Value {
        let mut rows = conversations(&self.admin, count).await.into_iter();
        let conversation = rows.find(|row| row["owner_type"] == "");
        let conversation = conversation.expect("one without an owner");
        let one = format!("{CONVERSATIONS}/{}", text(&conversation, "id"));
        self.bob.post(&format!("{one}/claim"), json!({})).await.ok();
        let (path, body) = (format!("{one}/messages"), json!({"text": what}));
        self.bob
            .post_once(&format!("key-of-{what}"), &path, &body)
            .await
            .ok()
    }

    /// All events of a conversation, from its first one.
    async fn events(&self, conversation: &str) -> Vec<Value> {
        let mut socket = Socket::open(&self.admin).await;
        let epoch = socket.subscribe(&all(&self.admin)).await["epoch"].clone();
        let mut socket = Socket::open(&self.admin).await;
        let topic = format!("{}:{conversation}", all(&self.admin));
        let since = json!({conversation: 0});
        let subscribe = json!({
            "type": "subscribe", "id": "s", "topics": [topic], "epoch": epoch, "since": since,
        });
        socket.send(subscribe).await;
        socket.answer("subscribed").await;
        let mut events = Vec::new();
        loop {
            let frame = socket.next().await;
            if frame["type"] == "caught_up" {
                return events;
            }
            events.push(frame);
        }
    }

    async fn message(&self, message: &Value) -> Value {
        let conversation = text(message, "conversation_id");
        let path = format!(
            "{CONVERSATIONS}/{conversation}/messages/{}",
            text(message, "id")
        );
        self.admin.get(&path).await.ok()
    }

    /// Everything that an admin reads of accounts, conversations and the messages of these.
    async fn answers(&self, of: &[&str]) -> String {
        let mut shown = String::new();
        let mut paths = vec![super::ACCOUNTS.to_owned(), CONVERSATIONS.to_owned()];
        for one in of {
            paths.push(format!("{CONVERSATIONS}/{one}"));
            paths.push(format!("{CONVERSATIONS}/{one}/messages"));
        }
        for path in paths {
            shown += &self.admin.get(&path).await.ok().to_string();
        }
        shown
    }
}

fn has_any(shown: &str, words: &[&str]) -> bool {
    words.iter().any(|word| shown.contains(word))
}

/// The agent's messages in a web chat and by SMS. The second one waits to be sent.
struct Written {
    jo: Client,
    said: Value,
    waiting: Value,
}

/// Lets the agent answer in a web chat, by SMS and in a conversation that is then deleted.
async fn write_everywhere(scene: &Scene) -> Written {
    let jo = visitor(&scene.server, &scene.chat).await;
    write(&jo, &scene.chat, (1, "horse-in-a-chat")).await.ok();
    let said = scene.bob_answers(1, WRITTEN[0]).await;
    let read = format!("/v1.0/webchat/{}/read", text(&scene.chat, "id"));
    jo.put(&read, json!({"seq": said["seq"]})).await.ok();
    let from = ("SM1", "+15550199", "horse-by-sms");
    receives(&scene.server, &scene.number, from).await;
    let waiting = scene.bob_answers(2, WRITTEN[1]).await;
    let kim = visitor(&scene.server, &scene.chat).await;
    write(&kim, &scene.chat, (2, "horse-in-a-deleted"))
        .await
        .ok();
    let deleted = scene.bob_answers(3, WRITTEN[2]).await;
    scene.sms.received(1).await;
    scene.hooks.received(1).await;
    let deleted = format!("{CONVERSATIONS}/{}", text(&deleted, "conversation_id"));
    scene.admin.delete(&deleted).await.ok();
    for word in &WRITTEN[..2] {
        assert!(!files_with(scene.server.data(), word).is_empty(), "{word}");
    }
    Written { jo, said, waiting }
}

/// Checks that both messages have kept their places without text, and cannot be sent again. Returns
/// everything that is shown of them.
async fn are_tombstones(scene: &Scene, written: &Written) -> String {
    let Written { jo, said, waiting } = written;
    let both = [said, waiting].map(|message| text(message, "conversation_id"));
    let mut shown = scene.answers(&both).await;
    for one in both {
        let events = scene.events(one).await;
        let seqs = events.iter().filter_map(|event| event["seq"].as_u64());
        assert_eq!(
            seqs.collect::<Vec<_>>(),
            (1..=events.len() as u64).collect::<Vec<_>>()
        );
        shown += &json!(events).to_string();
    }
    assert!(shown.contains("horse-in-a-chat") && shown.contains("horse-by-sms"));
    let tombstone = scene.message(said).await;
    assert_eq!(
        (text(&tombstone, "text"), &tombstone["seq"]),
        ("", &said["seq"])
    );
    assert_ne!(tombstone["tm_delete"], "");
    assert_eq!(tombstone["author"]["owner_id"], *scene.bob.id);
    let unsent = scene.message(waiting).await;
    assert_eq!(unsent["failure"]["code"], "MESSAGE_DELETED");
    let id = text(waiting, "id");
    let retry = format!("{CONVERSATIONS}/{}/messages/{id}/retry", both[1]);
    let refused = scene.admin.post(&retry, json!({})).await;
    refused.refused(409, "MESSAGE_NOT_FAILED");
    for (_, text) in seen(jo, &scene.chat, 0).await {
        shown += &text;
    }
    shown
}

/// CONV-60 and CONV-30: the texts of an erased agent leave answers, events, webhooks, the outgoing queue
/// and every file; those of others stay. The secret of an account was in none of them.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_an_erased_agent_wrote_to_people_outside_is_left() {
    let scene = Scene::start().await;
    let written = write_everywhere(&scene).await;
    let mut live = Socket::open(&scene.admin).await;
    live.subscribe(&all(&scene.admin)).await;

    let erase = ["agent", "erase", "bobzilla", "--yes", "--json"];
    scene.server.operate(&erase);
    let (before, tried) = (scene.hooks.all().len(), scene.sms.all().len());
    scene.hooks.answers(|_| status(200));
    for _ in 0..2 {
        while live.next().await["type"] != "conversation_message_deleted" {}
    }
    let mut shown = are_tombstones(&scene, &written).await;
    let told = scene.hooks.received(before + 8).await.split_off(before);
    let told: Vec<_> = told.iter().map(|request| &*request.body).collect();
    assert!(told.concat().contains("conversation_message_created"));
    shown += &told.concat();
    assert!(!has_any(&shown, &WRITTEN), "{shown}");
    assert!(!shown.contains(TOKEN));
    scene.server.operate(&["doctor"]);
    out_of_all_files(&scene.server, &WRITTEN).await;
    out_of_all_files(&scene.server, &["bobzilla", "Roberto Z", TOKEN]).await;
    assert!(!files_with(scene.server.data(), "horse-by-sms").is_empty());
    let sent = scene.sms.all().len();
    assert_eq!(sent, tried, "nothing is sent after the erasure");
    let log = scene.server.log();
    let words = [&WRITTEN[..], &["horse-", TOKEN]].concat();
    assert!(!has_any(&log, &words), "{log}");
}
