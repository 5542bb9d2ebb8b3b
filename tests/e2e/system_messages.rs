//! System messages (S-090): announcements in the chat.

use serde_json::{Value, json};

use talk_testkit::harness::client::{message, path};
use talk_testkit::harness::{Answer, Client, Server};

const MESSAGES: &str = "/v1.0/service_agents/talk_messages";
const NIL: &str = "00000000-0000-0000-0000-000000000000";

async fn act(by: &Client, chat: &Value, action: &str) -> Answer {
    by.post(&path(chat, action), json!({})).await
}

async fn rename(by: &Client, chat: &Value, name: &str) -> Answer {
    by.put(&path(chat, ""), json!({"name": name})).await
}

/// Lets `by` end the membership of `whom`.
async fn expel(by: &Client, chat: &Value, whom: &Client) {
    let member = by.participant(chat, whom).await.expect("a member");
    by.remove(chat, &member).await.ok();
}

/// The messages of a chat, the oldest first.
async fn listed(by: &Client, chat: &Value) -> Vec<Value> {
    let id = chat["id"].as_str().expect("an id");
    let list = format!("{MESSAGES}?chat_id={id}&order=asc&page_size=100");
    by.get(&list).await.rows()
}

/// One field of each.
fn each<'a>(field: &str, rows: &'a [Value]) -> Vec<&'a str> {
    let text = |row: &'a Value| row[field].as_str().expect("a text");
    rows.iter().map(text).collect()
}

/// Formats system messages with kind, actor, subject and text.
fn told(messages: &[Value], agents: &[(&str, &Client)]) -> Vec<String> {
    let name = |id: &Value| {
        let agent = agents.iter().find(|(_, agent)| *id == agent.id);
        agent.map_or_else(|| id.to_string(), |(name, _)| (*name).to_owned())
    };
    let tell = |message: &Value| {
        let note = message["metadata"]["system"].as_object().expect("a note");
        let (kind, actor) = (note["kind"].as_str(), name(&note["actor_id"]));
        let subject = note.get("subject_id").map_or("-".to_owned(), name);
        let text = message["text"].as_str().expect("a text");
        format!("{} {actor} {subject}: {text}", kind.expect("a kind"))
    };
    messages.iter().map(tell).collect()
}

/// S-090.
#[tokio::test(flavor = "multi_thread")]
async fn the_chat_says_what_happened_by_whom_and_to_whom() {
    let server = Server::start().await;
    let [alice, bob, carol] = server.agents(["alice", "bob", "carol"]).await;
    let admin = server.admin().await;
    let chat = alice.chat("talk", &[]).await;
    alice.add(&chat, &bob).await.ok();
    rename(&bob, &chat, "Q1 \"plans\"").await.ok();
    act(&bob, &chat, "/close").await.ok();
    act(&alice, &chat, "/reopen").await.ok();
    act(&carol, &chat, "/join").await.ok();
    expel(&bob, &chat, &carol).await;
    carol.add(&chat, &carol).await.ok();
    expel(&carol, &chat, &carol).await;
    let deleted = format!("/v1.0/agents/{}", bob.id);
    admin.delete(&deleted).await.ok();
    let agents = [("A", &alice), ("B", &bob), ("C", &carol), ("R", &admin)];
    let expected = [
        "participant_joined A B: bob joined the conversation.",
        "chat_renamed B -: bob renamed the conversation to \"Q1 \"plans\"\".",
        "chat_closed B -: bob closed the conversation.",
        "chat_reopened A -: alice reopened the conversation.",
        "participant_joined C C: carol joined the conversation.",
        "participant_left B C: carol left the conversation.",
        "participant_joined C C: carol joined the conversation.",
        "participant_left C C: carol left the conversation.",
        "participant_left R B: bob left the conversation.",
    ];
    assert_eq!(told(&listed(&alice, &chat).await, &agents), expected);
}

/// S-090.
#[tokio::test(flavor = "multi_thread")]
async fn it_is_a_message_like_others_and_nobodys() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[]).await;
    alice.add(&chat, &bob).await.ok();
    act(&bob, &chat, "/close").await.ok();
    let said = listed(&bob, &chat).await;
    assert_eq!(said.len(), 2, "{said:?}");
    let joined = json!({"kind": "participant_joined", "actor_id": alice.id, "subject_id": bob.id});
    let closed = json!({"kind": "chat_closed", "actor_id": bob.id});
    for (said, note) in said.iter().zip([joined, closed]) {
        let whole = json!({
            "id": said["id"], "customer_id": chat["customer_id"], "chat_id": chat["id"],
            "owner_type": "system", "owner_id": NIL, "type": "system", "text": said["text"],
            "medias": [], "metadata": {"reactions": [], "system": note}, "seq": said["seq"],
            "root_id": said["id"], "depth": 0, "reply_count": 0, "tm_create": said["tm_create"],
            "tm_update": said["tm_create"], "tm_edit": "", "tm_delete": "",
            "reaction_counts": {},
        });
        assert_eq!(*said, whole, "nothing more, nothing less");
        assert_eq!(alice.get(&message(said, "")).await.ok(), whole);
    }
    let everywhere = bob.get(&format!("{MESSAGES}?order=asc")).await;
    assert_eq!(everywhere.rows(), said);
}

/// S-090.
#[tokio::test(flavor = "multi_thread")]
async fn agents_are_called_by_their_name_or_else_their_username() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let admin = server.admin().await;
    let name = async |name: &str| {
        let agent = format!("/v1.0/agents/{}", bob.id);
        admin.put(&agent, json!({"name": name})).await.ok();
    };
    let chat = alice.chat("group", &[]).await;
    name("Bob Ross 김").await;
    alice.add(&chat, &bob).await.ok();
    act(&bob, &chat, "/close").await.ok();
    name("Robert").await;
    act(&bob, &chat, "/reopen").await.ok();
    rename(&bob, &chat, "").await.ok();
    name("").await;
    expel(&alice, &chat, &bob).await;
    let expected = [
        "Bob Ross 김 joined the conversation.",
        "Bob Ross 김 closed the conversation.",
        "Robert reopened the conversation.",
        "Robert renamed the conversation to \"\".",
        "bob left the conversation.",
    ];
    assert_eq!(each("text", &listed(&alice, &chat).await), expected);
}

/// S-090.
#[tokio::test(flavor = "multi_thread")]
async fn the_members_a_chat_is_created_with_are_not_announced() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    for kind in ["direct", "group", "talk"] {
        let chat = alice.chat(kind, &[&bob]).await;
        assert_eq!(listed(&bob, &chat).await, [] as [Value; 0]);
        assert_eq!(alice.events(&chat).await.len(), 3);
    }
}

/// S-090.
#[tokio::test(flavor = "multi_thread")]
async fn who_returns_is_announced_after_the_chat_is_open_again() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("direct", &[&bob]).await;
    expel(&bob, &chat, &bob).await;
    act(&alice, &chat, "/close").await.ok();
    assert_eq!(alice.chat("direct", &[&bob]).await["id"], chat["id"]);
    let expected = [
        "bob left the conversation.",
        "alice closed the conversation.",
        "alice reopened the conversation.",
        "bob joined the conversation.",
    ];
    assert_eq!(each("text", &listed(&bob, &chat).await), expected);
    let group = alice.chat("group", &[]).await;
    expel(&alice, &group, &alice).await;
    act(&alice, &group, "/reopen").await.ok();
    let expected = [
        "alice left the conversation.",
        "alice reopened the conversation.",
        "alice joined the conversation.",
    ];
    assert_eq!(each("text", &listed(&alice, &group).await), expected);
}

/// S-090.
#[tokio::test(flavor = "multi_thread")]
async fn each_follows_the_event_it_is_about() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[]).await;
    alice.add(&chat, &bob).await.ok();
    bob.say(&chat, "hello").await;
    rename(&alice, &chat, "Q1").await.ok();
    act(&alice, &chat, "/close").await.ok();
    act(&alice, &chat, "/reopen").await.ok();
    expel(&alice, &chat, &bob).await;
    let events = alice.events(&chat).await;
    let about = |pair: &[Value]| {
        let kind = pair[1]["data"]["metadata"]["system"]["kind"].as_str()?;
        Some(format!("{}: {kind}", pair[0]["type"].as_str()?))
    };
    let pairs: Vec<_> = events.windows(2).filter_map(about).collect();
    let expected = [
        "chatparticipant_added: participant_joined",
        "chat_updated: chat_renamed",
        "chat_updated: chat_closed",
        "chat_updated: chat_reopened",
        "chatparticipant_removed: participant_left",
    ];
    assert_eq!(pairs, expected);
    let mut announced = events.clone();
    announced.retain(|event| event["type"] == "chatmessage_created");
    let messages = listed(&alice, &chat).await;
    assert_eq!(announced.len(), messages.len());
    for (event, message) in announced.iter().zip(&messages) {
        assert_eq!((&event["data"], &event["seq"]), (message, &message["seq"]));
    }
    assert!(each("tm_create", &messages).is_sorted_by(|a, b| a < b));
}

/// LOG-02.
#[tokio::test(flavor = "multi_thread")]
async fn no_change_says_nothing() {
    let server = Server::start().await;
    let [alice, bob, eve] = server.agents(["alice", "bob", "eve"]).await;
    let chat = alice.chat("talk", &[&bob]).await;
    let own = alice.participant(&chat, &bob).await.expect("a member");
    let detail = json!({"name": "Project", "detail": "plans"});
    for (answer, status) in [
        (alice.put(&path(&chat, ""), detail).await, 200),
        (rename(&alice, &chat, "Project").await, 200),
        (act(&alice, &chat, "/reopen").await, 200),
        (act(&bob, &chat, "/join").await, 200),
        (alice.add(&chat, &bob).await, 409),
        (rename(&eve, &chat, "Mine").await, 403),
        (rename(&alice, &chat, &"x".repeat(256)).await, 400),
        (act(&eve, &chat, "/close").await, 403),
        (eve.remove(&chat, &own).await, 403),
    ] {
        assert_eq!(answer.status, status, "{answer:?}");
    }
    assert_eq!(listed(&alice, &chat).await, [] as [Value; 0]);
    for (action, said) in [("/close", 1), ("/close", 1), ("/reopen", 2), ("/reopen", 2)] {
        act(&bob, &chat, action).await.ok();
        assert_eq!(listed(&alice, &chat).await.len(), said, "{action}");
    }
    bob.remove(&chat, &own).await.ok();
    let again = alice.remove(&chat, &own).await;
    again.refused(404, "PARTICIPANT_NOT_FOUND");
    assert_eq!(listed(&alice, &chat).await.len(), 3);
}

/// MSG-14.
#[tokio::test(flavor = "multi_thread")]
async fn clients_do_not_change_or_answer_what_the_system_said_but_may_react() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[]).await;
    alice.add(&chat, &bob).await.ok();
    let said = listed(&alice, &chat).await.remove(0);
    let before = alice.events(&chat).await;
    for agent in [&alice, &bob] {
        for refused in [
            agent.put(&message(&said, ""), json!({"text": "x"})).await,
            agent.delete(&message(&said, "")).await,
            agent.reply(&said, "welcome").await,
        ] {
            refused.refused(403, "SYSTEM_MESSAGE_READ_ONLY");
        }
    }
    assert_eq!(alice.events(&chat).await, before);
    assert_eq!(bob.get(&message(&said, "")).await.ok(), said);
    let revisions = bob.get(&message(&said, "/revisions")).await;
    assert!(revisions.rows().is_empty(), "{revisions:?}");
    let welcomed = alice.react(&said, "🎉").await.ok()["metadata"].clone();
    assert_eq!(welcomed["system"], said["metadata"]["system"]);
    assert_eq!(welcomed["reactions"][0]["owner_id"], alice.id.as_str());
    let reaction = message(&said, "/reactions?emoji=tada");
    let removed = alice.delete(&reaction).await.ok();
    assert_eq!(removed["metadata"], said["metadata"]);
}

/// MSG-02.
#[tokio::test(flavor = "multi_thread")]
async fn clients_do_not_speak_as_the_system() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let before = alice.events(&chat).await;
    for text in ["bob left the conversation.", ""] {
        let forged = json!({"chat_id": chat["id"], "type": "system", "text": text});
        for agent in [&alice, &server.admin().await] {
            let refused = agent.post(MESSAGES, forged.clone()).await;
            refused.refused(403, "SYSTEM_TYPE_RESERVED");
        }
    }
    assert_eq!(alice.events(&chat).await, before);
    let forged = json!({
        "chat_id": chat["id"], "text": "bob left the conversation.", "owner_type": "system",
        "owner_id": NIL, "metadata": {"system": {"kind": "participant_left"}},
    });
    let said = alice.post(MESSAGES, forged).await.ok();
    assert_eq!(
        (&said["type"], &said["owner_id"]),
        (&json!("normal"), &json!(alice.id))
    );
    assert_eq!(said["metadata"], json!({"reactions": []}));
}
