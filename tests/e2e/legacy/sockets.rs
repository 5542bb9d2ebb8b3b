//! Events in the older vocabulary, over the socket and from the log.

use serde_json::{Value, json};

use super::{create, talk};
use talk_testkit::harness::client::path;
use talk_testkit::harness::{Client, Server, Socket};

fn topic(agent: &Client, vocabulary: &str) -> String {
    format!("agent_id:{}:{vocabulary}", agent.id)
}

async fn log(by: &Client, chat: &Value, rest: &str) -> Value {
    let id = chat["id"].as_str().expect("an id");
    let path = format!("/v1.0/service_agents/talk_events?chat_id={id}{rest}");
    by.get(&path).await.ok()
}

/// Does everything that the vocabulary has a word for; the words.
async fn everything(alice: &Client, bob: &Client, chat: &Value) -> Vec<&'static str> {
    let said = alice.say(chat, "hello").await;
    let id = said["id"].as_str().expect("an id");
    let one = talk(chat, &format!("/messages/{id}"));
    alice.put(&one, json!({"text": "hello!"})).await.ok();
    alice.react(&said, "👍").await.ok();
    let taken = format!("/v1.0/messages/{id}/reactions?emoji=thumbsup");
    alice.delete(&taken).await.ok();
    alice.delete(&one).await.ok();
    alice
        .put(&path(chat, ""), json!({"detail": "x"}))
        .await
        .ok();
    alice.add(chat, bob).await.ok();
    let participant = alice.participant(chat, bob).await.expect("bob");
    alice.remove(chat, &participant).await.ok();
    vec![
        "message_created",
        "message_updated",
        "reaction_added",
        "reaction_removed",
        "message_deleted",
        "participant_joined",
        "message_created",
        "participant_left",
        "message_created",
    ]
}

/// LOG-04.
#[tokio::test]
async fn events_have_the_names_of_the_requested_vocabulary() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = create(&alice, &[], json!({"name": "Plans"})).await;
    let mut socket = Socket::open(&alice).await;
    socket.subscribe(&topic(&alice, "talk")).await;
    let before = log(&alice, &chat, "").await["head"].clone();
    let words = everything(&alice, &bob, &chat).await;
    let mut frames = Vec::new();
    for word in words {
        frames.push(socket.answer(word).await);
    }
    socket.nothing_else().await;
    for frame in &frames {
        assert_eq!(frame["chat_id"], chat["id"]);
        assert_eq!(frame["data"]["agent_id"], frame["data"]["owner_id"]);
    }
    assert_eq!(frames[7]["data"]["status"], "left");
    // The log has them the same, but for the content that was deleted since.
    let since = format!("&since={before}&dialect=talk");
    let logged = log(&alice, &chat, &since).await;
    let kinds = |frames: &[Value]| -> Vec<_> {
        let place = |frame: &Value| (frame["type"].clone(), frame["seq"].clone());
        frames.iter().map(place).collect()
    };
    let logged = logged["result"].as_array().expect("a list");
    assert_eq!(kinds(logged), kinds(&frames));
    assert_eq!(logged[0]["data"]["text"], "");
    assert_eq!(logged[5..], frames[5..]);
}

/// WS-03.
#[tokio::test]
async fn a_connection_that_asks_in_both_gets_each_once() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = create(&alice, &[], json!({"name": "Plans"})).await;
    let mut socket = Socket::open(&alice).await;
    let one = format!(
        "{}:{}",
        topic(&alice, "talk"),
        chat["id"].as_str().expect("an id")
    );
    let topics = [topic(&alice, "chat"), topic(&alice, "talk"), one];
    let topics: Vec<_> = topics.iter().map(String::as_str).collect();
    let answer = socket.subscribe_all(&topics).await;
    assert_eq!(answer["chats"].as_object().expect("chats").len(), 1);
    let said = alice.say(&chat, "hello").await;
    let modern = socket.answer("chatmessage_created").await;
    let older = socket.answer("message_created").await;
    assert_eq!((&modern["data"], &modern["seq"]), (&said, &older["seq"]));
    socket
        .send(json!({"type": "unsubscribe", "topics": [topic(&alice, "chat")]}))
        .await;
    socket.nothing_else().await;
    alice.say(&chat, "again").await;
    socket.answer("message_created").await;
    socket.nothing_else().await;
}

/// WS-06.
#[tokio::test]
async fn a_resumption_in_the_older_vocabulary_misses_nothing() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = create(&alice, &[], json!({"name": "Plans"})).await;
    let id = chat["id"].as_str().expect("an id");
    let here = log(&alice, &chat, "").await;
    alice.say(&chat, "one").await;
    alice
        .put(&path(&chat, ""), json!({"detail": "x"}))
        .await
        .ok();
    alice.say(&chat, "two").await;
    let mut socket = Socket::open(&alice).await;
    socket
        .send(
            json!({"type": "subscribe", "id": "s", "topics": [topic(&alice, "talk")],
            "epoch": here["epoch"], "since": {id: here["head"]}}),
        )
        .await;
    socket.answer("subscribed").await;
    for text in ["one", "two"] {
        let frame = socket.answer("message_created").await;
        assert_eq!(
            (&frame["data"]["text"], &frame["replay"]),
            (&json!(text), &json!(true))
        );
    }
    socket.answer("caught_up").await;
    socket.nothing_else().await;
}

/// WS-03: a replay would repeat events in the vocabulary that already got them.
#[tokio::test]
async fn a_second_vocabulary_begins_where_the_first_one_stands() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = create(&alice, &[], json!({"name": "Plans"})).await;
    let id = chat["id"].as_str().expect("an id");
    let epoch = log(&alice, &chat, "").await["epoch"].clone();
    let mut socket = Socket::subscribed(&alice).await;
    let said = alice.say(&chat, "one").await;
    socket.answer("chatmessage_created").await;
    socket
        .send(
            json!({"type": "subscribe", "id": "s", "topics": [topic(&alice, "talk")],
            "epoch": epoch, "since": {id: 0}}),
        )
        .await;
    let answer = socket.answer("subscribed").await;
    assert_eq!(answer["chats"][id]["head"], said["seq"]);
    let reset = socket.answer("reset").await;
    assert_eq!(
        (&reset["reason"], &reset["head"]),
        (&json!("already_followed"), &said["seq"])
    );
    alice.say(&chat, "two").await;
    socket.answer("chatmessage_created").await;
    let older = socket.answer("message_created").await;
    assert_eq!(older["data"]["text"], "two");
    socket.nothing_else().await;
}
