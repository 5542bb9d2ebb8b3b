//! Held messages.

use serde_json::json;

use talk_testkit::harness::Socket;
use talk_testkit::harness::client::message;

use super::{DECISIONS, HELD, INTERCEPT, MESSAGES, decisions, held_id, is_about, says, set, texts};
use crate::webhooks::receiver::{Receiver, status};
use crate::webhooks::{server_for, server_with};

/// INT-07 and INT-09.
#[tokio::test(flavor = "multi_thread")]
async fn a_held_message_is_posted_when_an_admin_releases_it() {
    let receiver = Receiver::start();
    let server = server_for(&[&receiver]).await;
    let (admin, [alice, bob]) = (server.admin().await, server.agents(["alice", "bob"]).await);
    let chat = alice.chat("group", &[&bob]).await;
    set(&admin, &receiver, json!({})).await;
    let mut socket = Socket::subscribed(&alice).await;
    receiver.answers(|request| {
        if is_about(request, "later") {
            return status(204);
        }
        says(&json!({"action": "hold", "reason": "a phone number"}))
    });
    let answer = alice.try_say(&chat, "call 555").await;
    let held = held_id(&answer);
    alice.say(&chat, "later").await;
    assert_eq!(texts(&bob, &chat).await, ["later"]);
    let rows = admin.get(HELD).await.rows();
    assert_eq!(rows.len(), 1);
    let shown = (&rows[0]["id"], &rows[0]["text"], &rows[0]["reason"]);
    let expected = (&json!(held), &json!("call 555"), &json!("a phone number"));
    assert_eq!(shown, expected);
    let release = format!("{HELD}/{held}/release");
    bob.post(&release, json!({}))
        .await
        .refused(403, "PERMISSION_DENIED");
    let released = admin.post_once("release-1", &release, &json!({})).await;
    let again = admin.post_once("release-1", &release, &json!({})).await;
    assert_eq!(released.ok(), again.ok());
    let released = released.ok();
    assert_eq!(
        (&released["owner_id"], &released["text"]),
        (&json!(alice.id), &json!("call 555"))
    );
    assert_eq!(texts(&bob, &chat).await, ["later", "call 555"]);
    socket.up_to(&released).await;
    admin
        .post(&release, json!({}))
        .await
        .refused(404, "HELD_NOT_FOUND");
    assert!(admin.get(HELD).await.rows().is_empty());
    let decided = &admin.get(&format!("{DECISIONS}?order=asc")).await.rows()[0];
    let shown = (&decided["decision"], &decided["decided_by"]);
    assert_eq!(shown, (&json!("release"), &json!(admin.id)));
    assert_eq!(decided["digest_after"], decided["digest_before"]);
}

/// INT-07: the client library, whose retries hold a message once.
#[tokio::test(flavor = "multi_thread")]
async fn the_client_library_gets_the_id_of_a_held_message() {
    let receiver = Receiver::start();
    let server = server_for(&[&receiver]).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    let chat = alice.chat("group", &[]).await;
    set(&admin, &receiver, json!({})).await;
    receiver.answers(|_| says(&json!({"action": "hold"})));
    let chat = chat["id"].as_str().expect("an id");
    let client = talk_client::Client::with_token(alice.url(), alice.token()).expect("a client");
    let mut ids = Vec::new();
    for _ in 0..2 {
        let draft = talk_client::Draft::text("held").key("client-0001");
        match client.post(chat, draft).await {
            Err(talk_client::ClientError::Held { id }) => ids.push(json!(id)),
            other => panic!("not held: {other:?}"),
        }
    }
    let rows = admin.get(HELD).await.rows();
    assert_eq!((rows.len(), &rows[0]["id"]), (1, &ids[0]));
    assert_eq!(ids[0], ids[1]);
}

/// INT-09: a dropped message is gone, and edits are held too.
#[tokio::test(flavor = "multi_thread")]
async fn held_edits_are_released_and_others_dropped() {
    let receiver = Receiver::start();
    let server = server_for(&[&receiver]).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    let chat = alice.chat("group", &[]).await;
    let said = alice.say(&chat, "before").await;
    set(&admin, &receiver, json!({})).await;
    receiver.answers(|_| says(&json!({"action": "hold"})));
    let path = message(&said, "");
    let answer = alice.put(&path, json!({"text": "after"}));
    let edit = held_id(&answer.await);
    let post = held_id(&alice.try_say(&chat, "new").await);
    assert_eq!(texts(&alice, &chat).await, ["before"]);
    let rows = admin.get(&format!("{HELD}?order=asc")).await.rows();
    let shown = (
        &rows[0]["message_id"],
        &rows[0]["text"],
        rows[0].get("medias"),
    );
    assert_eq!(shown, (&said["id"], &json!("after"), None));
    let path = format!("{HELD}/{edit}/release");
    let released = admin.post(&path, json!({}));
    assert_eq!(released.await.ok()["text"], "after");
    let dropped = admin.post(&format!("{HELD}/{post}/drop"), json!({})).await;
    let expected = json!({"id": post, "status": "dropped"});
    assert_eq!(dropped.ok(), expected);
    assert_eq!(texts(&alice, &chat).await, ["after"]);
    let decided = decisions(&admin).await;
    let decided = decided.iter().map(|one| &*one.0);
    assert!(decided.eq(["release", "drop"]));
    let path = format!("{HELD}/{post}/release");
    let gone = admin.post(&path, json!({}));
    gone.await.refused(404, "HELD_NOT_FOUND");
}

/// INT-09: also to an admin who is not in the chat.
#[tokio::test(flavor = "multi_thread")]
async fn the_release_of_an_edit_that_was_made_meanwhile_can_be_repeated() {
    let receiver = Receiver::start();
    let server = server_for(&[&receiver]).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    let chat = alice.chat("group", &[]).await;
    let said = alice.say(&chat, "before").await;
    set(&admin, &receiver, json!({})).await;
    receiver.answers(|_| says(&json!({"action": "hold"})));
    let after = json!({"text": "after"});
    let edit = held_id(&alice.put(&message(&said, ""), after.clone()).await);
    admin.put(INTERCEPT, json!({"enabled": false})).await.ok();
    alice.put(&message(&said, ""), after).await.ok();
    let path = format!("{HELD}/{edit}/release");
    let released = admin.post_once("release-1", &path, &json!({})).await.ok();
    let again = admin.post_once("release-1", &path, &json!({})).await;
    assert_eq!(again.ok(), released);
    assert_eq!(released["text"], "after");
    alice.delete(&message(&said, "")).await.ok();
    let again = admin.post_once("release-1", &path, &json!({})).await;
    assert_eq!(again.ok()["text"], "");
}

/// INT-09: the rules are those of the release.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_the_rules_refuse_now_stays_held() {
    let receiver = Receiver::start();
    let server = server_for(&[&receiver]).await;
    let (admin, [alice, bob]) = (server.admin().await, server.agents(["alice", "bob"]).await);
    let chat = alice.chat("group", &[&bob]).await;
    set(&admin, &receiver, json!({})).await;
    receiver.answers(|_| says(&json!({"action": "hold"})));
    let held = held_id(&bob.try_say(&chat, "held").await);
    let participant = alice.participant(&chat, &bob).await.expect("bob");
    alice.remove(&chat, &participant).await.ok();
    let path = format!("{HELD}/{held}/release");
    let release = admin.post(&path, json!({}));
    release.await.refused(403, "PERMISSION_DENIED");
    assert_eq!(admin.get(HELD).await.rows().len(), 1);
}

/// INT-07: over the socket.
#[tokio::test(flavor = "multi_thread")]
async fn a_post_frame_is_answered_as_held_or_refused() {
    let receiver = Receiver::start();
    let server = server_for(&[&receiver]).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    let chat = alice.chat("group", &[]).await;
    set(&admin, &receiver, json!({})).await;
    receiver.answers(|request| {
        if is_about(request, "rude") {
            return status(403);
        }
        says(&json!({"action": "hold"}))
    });
    let mut socket = Socket::open(&alice).await;
    for _ in 0..2 {
        let message = json!({"chat_id": chat["id"], "text": "held"});
        let frame = json!({"type": "post", "id": "post-0001", "message": message});
        socket.send(frame).await;
        let held = socket.answer("held").await;
        let rows = admin.get(HELD).await.rows();
        assert_eq!((&held["held_id"], rows.len()), (&rows[0]["id"], 1));
        assert_eq!(held["id"], "post-0001");
    }
    let message = json!({"chat_id": chat["id"], "text": "rude"});
    let frame = json!({"type": "post", "id": "post-0002", "message": message});
    socket.send(frame).await;
    assert_eq!(socket.answer("error").await["reason"], "INTERCEPT_BLOCKED");
    assert_eq!(receiver.all().len(), 2);
}

/// INT-08.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_has_a_limited_number_of_held_messages() {
    let receiver = Receiver::start();
    let limit = [("TALK_MAX_HELD_MESSAGES_PER_AGENT", "2")];
    let server = server_with(&[&receiver], &limit).await;
    let (admin, [alice, bob]) = (server.admin().await, server.agents(["alice", "bob"]).await);
    let chat = alice.chat("group", &[&bob]).await;
    set(&admin, &receiver, json!({})).await;
    receiver.answers(|_| says(&json!({"action": "hold"})));
    for text in ["1", "2"] {
        held_id(&alice.try_say(&chat, text).await);
    }
    let refused = alice.try_say(&chat, "3").await;
    refused.refused(422, "INTERCEPT_BLOCKED");
    held_id(&bob.try_say(&chat, "bob").await);
    let body = json!({"chat_id": chat["id"], "text": "3"});
    for _ in 0..2 {
        let refused = alice.post_once("held-0001", MESSAGES, &body).await;
        refused.refused(422, "INTERCEPT_BLOCKED");
    }
    let rows = admin.get(HELD).await.rows();
    assert_eq!(rows.len(), 3);
    assert_eq!(receiver.all().len(), 5, "a repetition calls nobody");
    let decided = decisions(&admin).await;
    let verdicts = decided.iter().map(|one| &*one.0);
    assert!(verdicts.eq(["hold", "hold", "block", "hold", "block"]));
    let why = "too many messages are held; an admin must release or drop some";
    assert_eq!((&*decided[2].1, &*decided[4].1), (why, why));
}
