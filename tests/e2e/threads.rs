//! Threads: answers to messages, and reading one thread.

use serde_json::{Value, json};

use talk_testkit::harness::client::message;
use talk_testkit::harness::{Answer, Client, Server};

const MESSAGES: &str = "/v1.0/service_agents/talk_messages";
const UNKNOWN: &str = "018f0000-0000-7000-8000-000000000000";

async fn answer(by: &Client, chat: &Value, parent: Value) -> Answer {
    let body = json!({"chat_id": chat["id"], "text": "yes", "parent_id": parent});
    by.post(MESSAGES, body).await
}

async fn list(by: &Client, query: &str) -> Vec<Value> {
    by.get(&format!("{MESSAGES}?order=asc&{query}"))
        .await
        .rows()
}

fn id(of: &Value) -> &str {
    of["id"].as_str().expect("an id")
}

fn ids(of: &[Value]) -> Vec<&str> {
    of.iter().map(id).collect()
}

/// MSG-04 and case 12.
#[tokio::test(flavor = "multi_thread")]
async fn only_an_absent_parent_makes_a_message_top_level() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let [chat, other] = [
        alice.chat("group", &[&bob]).await,
        alice.chat("group", &[]).await,
    ];
    for none in [Value::Null, json!("")] {
        let top = answer(&alice, &chat, none).await.ok();
        assert_eq!(top.get("parent_id"), None);
        assert_eq!((&top["root_id"], &top["depth"]), (&top["id"], &json!(0)));
    }
    let before = alice.events(&chat).await;
    for malformed in ["x", "018f0000-0000-7000-8000-00000000000"] {
        let error = answer(&alice, &chat, json!(malformed)).await;
        let error = error.refused(400, "INVALID_ID");
        assert_eq!(error["details"][0]["field"], "parent_id");
    }
    let elsewhere = alice.say(&other, "there").await;
    for parent in [json!(UNKNOWN), elsewhere["id"].clone()] {
        let refused = answer(&alice, &chat, parent).await;
        refused.refused(404, "PARENT_NOT_FOUND");
    }
    assert_eq!(alice.events(&chat).await, before);
}

/// S-082.
#[tokio::test(flavor = "multi_thread")]
async fn replies_nest_to_any_depth_and_are_counted_by_their_parent() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let root = alice.say(&chat, "root").await;
    let mut last = root.clone();
    for depth in 1..=12 {
        let reply = bob.reply(&last, "deeper").await.ok();
        assert_eq!(
            (&reply["depth"], &reply["root_id"]),
            (&json!(depth), &root["id"])
        );
        assert_eq!(reply["parent_id"], last["id"]);
        last = reply;
    }
    alice.reply(&root, "second").await.ok();
    let count = async |of: &Value| alice.get(&message(of, "")).await.ok()["reply_count"].clone();
    assert_eq!(
        (count(&root).await, count(&last).await),
        (json!(2), json!(0))
    );
}

/// S-082 and MSG-04.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_reply_is_no_longer_counted_and_a_deleted_parent_keeps_its_replies() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let root = alice.say(&chat, "root").await;
    let kept = bob.reply(&root, "kept").await.ok();
    let gone = bob.reply(&root, "gone").await.ok();
    for _ in 0..2 {
        let tombstone = bob.delete(&message(&gone, "")).await.ok();
        assert_eq!(tombstone["parent_id"], root["id"]);
        assert_eq!(alice.get(&message(&root, "")).await.ok()["reply_count"], 1);
    }
    alice.delete(&message(&root, "")).await.ok();
    assert_eq!(bob.get(&message(&kept, "")).await.ok(), kept);
    let late = bob.reply(&root, "late").await.ok();
    assert_eq!(
        (&late["parent_id"], &late["root_id"]),
        (&root["id"], &root["id"])
    );
    assert_eq!(bob.get(&message(&root, "")).await.ok()["reply_count"], 2);
    let direct = list(&bob, &format!("parent_id={}", id(&root))).await;
    assert_eq!(ids(&direct), [id(&kept), id(&gone), id(&late)]);
}

/// MSG-05 and case 12.
#[tokio::test(flavor = "multi_thread")]
async fn a_thread_is_listed_by_its_parent_or_as_a_whole() {
    let server = Server::start().await;
    let [alice, bob, eve] = server.agents(["alice", "bob", "eve"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let root = alice.say(&chat, "root").await;
    alice.say(&chat, "aside").await;
    let first = bob.reply(&root, "first").await.ok();
    let nested = alice.reply(&first, "nested").await.ok();
    let second = bob.reply(&root, "second").await.ok();
    let [a, b, c, d] = [id(&root), id(&first), id(&nested), id(&second)];
    assert_eq!(ids(&list(&bob, &format!("parent_id={a}")).await), [b, d]);
    assert_eq!(ids(&list(&bob, &format!("parent_id={b}")).await), [c]);
    assert!(list(&bob, &format!("parent_id={c}")).await.is_empty());
    for named in [a, b, c] {
        assert_eq!(
            ids(&list(&bob, &format!("root_id={named}")).await),
            [a, b, c, d]
        );
    }
    let both = format!("chat_id={}&root_id={a}", id(&chat));
    assert_eq!(ids(&list(&bob, &both).await), [a, b, c, d]);
    for key in ["parent_id", "root_id"] {
        let refused = eve.get(&format!("{MESSAGES}?{key}={a}")).await;
        refused.refused(403, "PERMISSION_DENIED");
        let refused = bob.get(&format!("{MESSAGES}?{key}={UNKNOWN}")).await;
        refused.refused(404, "MESSAGE_NOT_FOUND");
        let refused = bob.get(&format!("{MESSAGES}?{key}=x")).await;
        refused.refused(400, "INVALID_ID");
    }
}

/// MSG-05.
#[tokio::test(flavor = "multi_thread")]
async fn since_seq_lists_only_what_was_said_after_it() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    let mut said = Vec::new();
    for text in ["one", "two", "three"] {
        said.push(alice.say(&chat, text).await);
    }
    let since = format!("chat_id={}&since_seq={}", id(&chat), said[0]["seq"]);
    assert_eq!(list(&alice, &since).await, said[1..]);
    alice
        .get(&format!("{MESSAGES}?since_seq=1"))
        .await
        .refused(400, "SINCE_SEQ_NEEDS_CHAT");
    let bad = format!("{MESSAGES}?chat_id={}&since_seq=x", id(&chat));
    alice.get(&bad).await.refused(400, "SINCE_SEQ_INVALID");
}

///
#[tokio::test(flavor = "multi_thread")]
async fn without_a_chat_the_messages_of_all_own_chats_come_newest_first() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let [one, two] = [
        alice.chat("group", &[&bob]).await,
        alice.chat("group", &[&bob]).await,
    ];
    let private = alice.chat("group", &[]).await;
    let mut said = Vec::new();
    for text in ["a", "b", "c"] {
        said.insert(0, alice.say(&one, text).await);
        said.insert(0, bob.say(&two, text).await);
        alice.say(&private, text).await;
    }
    assert_eq!(bob.get(MESSAGES).await.rows(), said);
    assert_eq!(alice.get(MESSAGES).await.rows().len(), 9);
}
