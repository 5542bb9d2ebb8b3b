//! Messages and reactions under their older paths.

use serde_json::{Value, json};

use super::{create, talk};
use talk_testkit::harness::Server;
use talk_testkit::harness::client::message;

/// The same message as it is shown today.
fn modern(mut shown: Value) -> Value {
    let fields = shown.as_object_mut().expect("an object");
    for (older, today) in [("message_id", "id"), ("agent_id", "owner_id")] {
        assert_eq!(fields.remove(older).as_ref(), fields.get(today));
    }
    shown
}

/// OLD-05.
#[tokio::test]
async fn a_message_is_the_same_under_both_paths() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let group = create(&alice, &[&bob], json!({"name": "Plans"})).await;
    let messages = talk(&group, "/messages");
    let body = json!({"text": "hello", "medias": [
        {"type": "application/pdf", "url": "https://e.test/a.pdf", "name": "a.pdf"},
    ]});
    let said = alice.post(&messages, body.clone()).await.ok();
    assert_eq!(said["medias"], body["medias"]);
    assert_eq!(said["chat_id"], group["id"]);
    let shown = bob.get(&message(&said, "")).await.ok();
    assert_eq!(modern(said.clone()), shown);
    let reply = json!({"text": "indeed", "parent_id": said["message_id"]});
    let reply = bob.post(&messages, reply).await.ok();
    let thread = format!(
        "{messages}?root_id={}&order=asc",
        said["id"].as_str().expect("an id")
    );
    let thread = alice.get(&thread).await.rows();
    let ids: Vec<_> = thread.iter().map(|row| &row["message_id"]).collect();
    assert_eq!(ids, [&said["id"], &reply["id"]]);
    let listed = alice.get(&messages).await;
    assert_eq!(modern(listed.rows()[0].clone()), modern(reply.clone()));
    assert!(listed.header("talk-position").is_some());

    let one = talk(
        &group,
        &format!("/messages/{}", reply["id"].as_str().expect("an id")),
    );
    let edited = bob.put(&one, json!({"text": "yes"})).await.ok();
    assert_eq!(modern(edited)["text"], "yes");
    alice
        .put(&one, json!({"text": "no"}))
        .await
        .refused(403, "PERMISSION_DENIED");
    let deleted = bob.delete(&one).await.ok();
    assert_eq!(modern(deleted)["text"], "");
}

/// OLD-05.
#[tokio::test]
async fn a_message_of_another_talk_is_not_found() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let [one, other] = [
        create(&alice, &[], json!({"name": "one"})).await,
        create(&alice, &[], json!({"name": "other"})).await,
    ];
    let said = alice.say(&one, "hello").await;
    let elsewhere = talk(
        &other,
        &format!("/messages/{}", said["id"].as_str().expect("an id")),
    );
    alice
        .put(&elsewhere, json!({"text": "x"}))
        .await
        .refused(404, "MESSAGE_NOT_FOUND");
    alice
        .delete(&elsewhere)
        .await
        .refused(404, "MESSAGE_NOT_FOUND");
    assert_eq!(alice.get(&message(&said, "")).await.ok()["text"], "hello");
    // The chat of the body counts for nothing: the path names it.
    let body = json!({"text": "here", "chat_id": one["id"]});
    let said = alice.post(&talk(&other, "/messages"), body).await.ok();
    assert_eq!(said["chat_id"], other["id"]);
}

/// OLD-01.
#[tokio::test]
async fn reactions_are_counted_under_both_paths() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let group = create(&alice, &[&bob], json!({"name": "Plans"})).await;
    let said = alice.say(&group, "hello").await;
    let id = said["id"].as_str().expect("an id");
    let reactions = format!("/v1.0/messages/{id}/reactions");
    let body = json!({"emoji": "thumbsup"});
    let reacted = bob.post(&reactions, body).await.ok();
    assert_eq!(reacted["reaction_counts"], json!({"thumbsup": 1}));
    assert_eq!(reacted["message_id"], said["id"]);
    let reacted = alice.react(&said, "👍").await.ok();
    assert_eq!(reacted["reaction_counts"], json!({"thumbsup": 2}));
    let taken = bob.delete(&format!("{reactions}?emoji=%2B1")).await.ok();
    assert_eq!(modern(taken)["reaction_counts"], json!({"👍": 1}));
}

/// API-17.
#[tokio::test]
async fn repeated_requests_are_answered_the_same() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let group = create(&alice, &[], json!({"name": "Plans"})).await;
    let said = alice.say(&group, "hello").await;
    let id = said["id"].as_str().expect("an id");
    for (path, body) in [
        (talk(&group, "/messages"), json!({"text": "once"})),
        (
            format!("/v1.0/messages/{id}/reactions"),
            json!({"emoji": "👍"}),
        ),
        (talk(&group, "/participants"), json!({"agent_id": bob.id})),
        ("/v1.0/talks".to_owned(), json!({"name": "x"})),
    ] {
        let key = format!("key-{path}");
        let first = alice.post_once(&key, &path, &body).await;
        let again = alice.post_once(&key, &path, &body).await;
        assert_eq!((first.status, &first.body), (200, &again.body));
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
    }
}
