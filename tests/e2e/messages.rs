//! Messages: posting, editing, deleting.

use serde_json::{Value, json};

use talk_testkit::harness::client::{message, path};
use talk_testkit::harness::{Answer, Client, Server};

const MESSAGES: &str = "/v1.0/service_agents/talk_messages";

async fn post(by: &Client, chat: &Value, more: Value) -> Answer {
    let mut body = json!({"chat_id": chat["id"]});
    let more = more.as_object().expect("fields").clone();
    body.as_object_mut().expect("fields").extend(more);
    by.post(MESSAGES, body).await
}

async fn edit(by: &Client, of: &Value, text: &str) -> Answer {
    by.put(&message(of, ""), json!({"text": text})).await
}

async fn listed(by: &Client, chat: &Value) -> Answer {
    let id = chat["id"].as_str().expect("an id");
    by.get(&format!("{MESSAGES}?chat_id={id}&page_size=100"))
        .await
}

async fn log(by: &Client, chat: &Value) -> Answer {
    let id = chat["id"].as_str().expect("an id");
    by.get(&format!(
        "/v1.0/service_agents/talk_events?chat_id={id}&limit=1000"
    ))
    .await
}

fn has_six_digits(time: &Value) -> bool {
    let time = time.as_str().expect("a time");
    let shape: String = time
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    shape == "0000-00-00 00:00:00.000000"
}

/// MSG-01 and case 17.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_the_same_bytes_wherever_it_is_read() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let medias = json!([{"type": "link", "link_url": "https://e.test/?a=<1>&b=é"}]);
    let posted = post(
        &alice,
        &chat,
        json!({"text": "\"héllo\" </b> 👍\n", "medias": medias}),
    )
    .await;
    let said = posted.ok();
    assert_eq!(bob.get(&message(&said, "")).await.body, posted.body);
    for list in [
        listed(&bob, &chat).await,
        bob.get(MESSAGES).await,
        log(&bob, &chat).await,
    ] {
        assert!(list.body.contains(&posted.body), "{posted:?} in {list:?}");
    }
    let reply = alice.reply(&said, "yes").await;
    assert_eq!(bob.get(&message(&reply.ok(), "")).await.body, reply.body);
    assert!(listed(&bob, &chat).await.body.contains(&reply.body));
    assert!(log(&bob, &chat).await.body.contains(&reply.body));
}

/// MSG-01, API-03, API-04, X-07 and case 19.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_has_every_documented_field() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let said = alice.say(&chat, "hello").await;
    let expected = json!({
        "id": said["id"], "customer_id": chat["customer_id"], "owner_type": "agent",
        "owner_id": alice.id, "chat_id": chat["id"], "type": "normal", "text": "hello",
        "medias": [], "metadata": {"reactions": []}, "tm_create": said["tm_create"],
        "tm_update": said["tm_create"], "tm_delete": "", "tm_edit": "", "seq": 4,
        "reaction_counts": {},
        "root_id": said["id"], "depth": 0, "reply_count": 0,
    });
    assert_eq!(said, expected);
    assert!(has_six_digits(&said["tm_create"]), "{said}");
}

/// MSG-02 and case 11.
#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_server_decides_cannot_be_forged() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let forged = json!({
        "text": "x", "owner_id": bob.id, "owner_type": "system", "customer_id": bob.id,
        "id": bob.id, "seq": 99, "depth": 7, "root_id": bob.id, "reply_count": 5,
        "tm_create": "2001-01-01 00:00:00.000000", "tm_delete": "2001-01-01 00:00:00.000000",
        "metadata": {"reactions": [{"emoji": "👍", "owner_type": "agent", "owner_id": bob.id}]},
    });
    let said = post(&alice, &chat, forged).await.ok();
    assert_eq!(
        (&said["owner_id"], &said["seq"]),
        (&json!(alice.id), &json!(4))
    );
    assert_eq!(said["owner_type"], "agent");
    assert_eq!(said["customer_id"], chat["customer_id"]);
    assert_eq!(said["metadata"], json!({"reactions": []}));
    assert_ne!(said["id"], json!(bob.id));
    assert!(said["tm_create"].as_str() > chat["tm_create"].as_str());
    assert_eq!(
        (&said["tm_delete"], &said["depth"]),
        (&json!(""), &json!(0))
    );
}

/// MSG-03 and case 11.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_message_is_refused() {
    let server = Server::start().await;
    let [alice, bob, eve] = server.agents(["alice", "bob", "eve"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let long = "é".repeat(16_001);
    for (body, status, reason) in [
        (
            json!({"text": "x", "type": "system"}),
            403,
            "SYSTEM_TYPE_RESERVED",
        ),
        (
            json!({"text": "x", "type": "other"}),
            400,
            "MESSAGE_TYPE_INVALID",
        ),
        (json!({"text": ""}), 400, "MESSAGE_EMPTY"),
        (json!({"text": " \n\t", "medias": []}), 400, "MESSAGE_EMPTY"),
        (json!({"text": "\u{200b}\u{2800}"}), 400, "MESSAGE_EMPTY"),
        (json!({}), 400, "MESSAGE_EMPTY"),
        (json!({"text": long}), 400, "LIMIT_EXCEEDED"),
    ] {
        post(&alice, &chat, body).await.refused(status, reason);
    }
    let limit = post(&alice, &chat, json!({"text": long})).await.json();
    let named = json!([{"field": "text", "limit": 16_000}]);
    assert_eq!(limit["error"]["details"], named);
    eve.try_say(&chat, "x")
        .await
        .refused(403, "PERMISSION_DENIED");
    alice.post(&path(&chat, "/close"), json!({})).await.ok();
    alice.try_say(&chat, "x").await.refused(409, "CHAT_CLOSED");
    alice.delete(&path(&chat, "")).await.ok();
    alice
        .try_say(&chat, "x")
        .await
        .refused(404, "CHAT_NOT_FOUND");
}

/// MSG-07.
#[tokio::test(flavor = "multi_thread")]
async fn an_edit_keeps_every_superseded_version_newest_first() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let first = alice.say(&chat, "one").await;
    let second = edit(&alice, &first, "two").await.ok();
    let third = edit(&alice, &first, "three").await;
    let now = third.ok();
    assert_eq!(bob.get(&message(&first, "")).await.body, third.body);
    assert_eq!(
        (&now["text"], &now["tm_edit"]),
        (&json!("three"), &now["tm_update"])
    );
    for kept in ["id", "seq", "tm_create"] {
        assert_eq!(now[kept], first[kept]);
    }
    let revisions = bob.get(&message(&first, "/revisions")).await.rows();
    let of = |text: &str, at: &Value| json!({"message_id": first["id"], "text": text, "medias": [], "tm_create": at});
    let earlier = [
        of("two", &second["tm_edit"]),
        of("one", &first["tm_create"]),
    ];
    assert_eq!(revisions, earlier);
    let events = alice.events(&chat).await;
    assert_eq!(events[events.len() - 1]["type"], "chatmessage_updated");
    assert_eq!(events[events.len() - 1]["data"], now);
}

/// MSG-07 and LOG-02.
#[tokio::test(flavor = "multi_thread")]
async fn only_its_author_edits_a_message_and_only_a_change_is_an_event() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let said = alice.try_say(&chat, "hello").await;
    let first = said.ok();
    let before = alice.events(&chat).await;
    edit(&bob, &first, "mine")
        .await
        .refused(403, "PERMISSION_DENIED");
    for empty in ["", "\u{ad}\u{115f} \u{feff}"] {
        let refused = edit(&alice, &first, empty).await;
        refused.refused(400, "MESSAGE_EMPTY");
    }
    let nothing = alice.put(&message(&first, ""), json!({})).await;
    nothing.refused(400, "NOTHING_TO_CHANGE");
    assert_eq!(edit(&alice, &first, "hello").await.body, said.body);
    let revisions = alice.get(&message(&first, "/revisions")).await;
    assert_eq!(revisions.rows(), [] as [Value; 0]);
    assert_eq!(alice.events(&chat).await, before);
}

/// MSG-09 and case 13.
#[tokio::test(flavor = "multi_thread")]
async fn the_content_of_a_deleted_message_is_gone_everywhere() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let medias = json!([{"type": "link", "link_url": "https://secret.test/"}]);
    let said = post(
        &alice,
        &chat,
        json!({"text": "secret one", "medias": medias}),
    );
    let said = said.await.ok();
    edit(&alice, &said, "secret two").await.ok();
    bob.react(&said, "👍").await.ok();
    bob.delete(&message(&said, ""))
        .await
        .refused(403, "PERMISSION_DENIED");
    let deleted = alice.delete(&message(&said, "")).await;
    let tombstone = deleted.ok();
    assert_eq!(
        (&tombstone["text"], &tombstone["medias"]),
        (&json!(""), &json!([]))
    );
    assert_eq!(tombstone["metadata"], json!({"reactions": []}));
    assert_eq!(tombstone["tm_delete"], tombstone["tm_update"]);
    assert!(has_six_digits(&tombstone["tm_delete"]));
    assert_eq!(bob.get(&message(&said, "")).await.body, deleted.body);
    let revisions = bob.get(&message(&said, "/revisions")).await;
    assert_eq!(revisions.rows(), [] as [Value; 0]);
    let events = log(&bob, &chat).await;
    for answer in [
        &listed(&bob, &chat).await,
        &bob.get(MESSAGES).await,
        &events,
    ] {
        assert!(answer.body.contains(&deleted.body), "{answer:?}");
        assert!(!answer.body.contains("secret"), "{answer:?}");
    }
    let about = |event: &&Value| event["data"]["id"] == said["id"];
    let rows = events.rows();
    assert_eq!(rows.iter().filter(about).count(), 4);
    for event in rows.iter().filter(about) {
        assert_eq!(event["data"]["text"], "");
        assert_eq!(event["data"]["metadata"], json!({"reactions": []}));
    }
}

/// MSG-08.
#[tokio::test(flavor = "multi_thread")]
async fn deleting_again_answers_the_same_and_a_tombstone_takes_nothing_more() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let said = alice.say(&chat, "hello").await;
    let deleted = alice.delete(&message(&said, "")).await;
    let before = alice.events(&chat).await;
    assert_eq!(alice.delete(&message(&said, "")).await.body, deleted.body);
    edit(&alice, &said, "again")
        .await
        .refused(409, "MESSAGE_DELETED");
    bob.react(&said, "👍").await.refused(409, "MESSAGE_DELETED");
    assert_eq!(alice.events(&chat).await, before);
    assert_eq!(before[before.len() - 1]["type"], "chatmessage_deleted");
    assert_eq!(before[before.len() - 1]["data"], deleted.ok());
}

/// MSG-14.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_system_says_cannot_be_edited_deleted_or_answered() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[]).await;
    alice.add(&chat, &bob).await.ok();
    let note = listed(&alice, &chat).await.rows()[0].clone();
    assert_eq!(
        (&note["type"], &note["owner_type"]),
        (&json!("system"), &json!("system"))
    );
    assert_eq!(note["owner_id"], "00000000-0000-0000-0000-000000000000");
    assert_eq!(note["text"], "bob joined the conversation.");
    assert_eq!(
        note["metadata"]["system"],
        json!({"kind": "participant_joined", "actor_id": alice.id, "subject_id": bob.id})
    );
    for refused in [
        edit(&alice, &note, "x").await,
        alice.delete(&message(&note, "")).await,
        alice.reply(&note, "x").await,
    ] {
        refused.refused(403, "SYSTEM_MESSAGE_READ_ONLY");
    }
}
