//! Agents take part in conversations besides the owner, and each has its own read state.

use serde_json::json;
use talk_testkit::harness::socket::Socket;

use super::CONVERSATIONS;
use super::live::{Scene, all, event, follow};

/// CONV-10, CONV-13 and CONV-15: a participant reads, writes and follows, until it is removed.
#[tokio::test(flavor = "multi_thread")]
async fn a_participant_takes_part_until_it_is_removed() {
    let scene = Scene::start().await;
    let (alice, bob) = (&scene.alice, &scene.bob);
    alice.post(&scene.path("/claim"), json!({})).await.ok();
    let (mut socket, _) = follow(bob).await;
    let refused = bob.get(&scene.path("/messages")).await;
    refused.refused(403, "PERMISSION_DENIED");
    let named = json!({"owner_type": "agent", "owner_id": bob.id});
    let participants = scene.path("/participants");
    bob.post(&participants, named.clone())
        .await
        .refused(403, "PERMISSION_DENIED");
    let added = alice.post(&participants, named.clone()).await.ok();
    assert_eq!(
        (&added["owner_id"], &added["conversation_id"]),
        (&json!(bob.id), &json!(scene.conversation))
    );
    assert_eq!(alice.post(&participants, named).await.ok(), added);
    let frame = socket.answer("conversation_participant_added").await;
    assert_eq!(frame["data"], added);
    assert_eq!(bob.get(&participants).await.rows(), [added]);
    let listed = bob.get(CONVERSATIONS).await.rows();
    assert_eq!(listed[0]["participants_count"], 1);
    bob.post(&scene.path("/messages"), json!({"text": "Hi"}))
        .await
        .ok();
    assert_eq!(
        event(&mut socket, "conversation_message_created").await,
        "Hi"
    );
    bob.post(&scene.path("/close"), json!({})).await.ok();
    scene.says(2, "Thanks").await;
    for state in ["closed", "active"] {
        let frame = socket.answer("conversation_updated").await;
        assert_eq!(frame["data"]["state"], state);
    }
    let said = event(&mut socket, "conversation_message_created").await;
    assert_eq!(said, "Thanks");
    for refused in [
        bob.post(&scene.path("/unassign"), json!({})).await,
        bob.put(&scene.path(""), json!({"name": "x"})).await,
    ] {
        refused.refused(403, "PERMISSION_DENIED");
    }
    let gone = scene.path(&format!("/participants/{}", bob.id));
    bob.delete(&gone).await.ok();
    alice
        .delete(&gone)
        .await
        .refused(404, "PARTICIPANT_NOT_FOUND");
    socket.answer("conversation_participant_removed").await;
    let ended = socket.answer("unsubscribed").await;
    assert_eq!(ended["conversation_id"], *scene.conversation);
    assert!(bob.get(CONVERSATIONS).await.rows().is_empty());
}

/// CONV-15: neither strangers nor people outside, and no more than the limit.
#[tokio::test(flavor = "multi_thread")]
async fn participants_are_agents_of_the_customer_up_to_the_limit() {
    let scene = Scene::start_with(&[("TALK_MAX_CONVERSATION_PARTICIPANTS", "1")]).await;
    let participants = scene.path("/participants");
    let (stranger, []) = scene.server.customer("other", []).await;
    let named = |id: &str| json!({"owner_type": "agent", "owner_id": id});
    let refused = scene.admin.post(&participants, named(&stranger.id)).await;
    refused.refused(400, "OWNER_INVALID");
    stranger
        .get(&participants)
        .await
        .refused(404, "CONVERSATION_NOT_FOUND");
    let peer = json!({"address": {"type": "webchat", "target": "somebody"}});
    let refused = scene.admin.post(&participants, peer).await;
    refused.refused(409, "GROUPS_NOT_SUPPORTED");
    scene
        .admin
        .post(&participants, named(&scene.bob.id))
        .await
        .ok();
    let refused = scene
        .admin
        .post(&participants, named(&scene.alice.id))
        .await;
    refused.refused(409, "PARTICIPANT_LIMIT");
}

/// CONV-09 and CONV-15: a participant that is deleted takes part in nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_agent_takes_part_no_longer() {
    let scene = Scene::start().await;
    let participants = scene.path("/participants");
    let named = json!({"owner_type": "agent", "owner_id": scene.bob.id});
    scene.admin.post(&participants, named).await.ok();
    let (mut admin, _) = follow(&scene.admin).await;
    let agent = format!("/v1.0/agents/{}", scene.bob.id);
    scene.admin.delete(&agent).await.ok();
    admin.answer("conversation_participant_removed").await;
    assert!(scene.admin.get(&participants).await.rows().is_empty());
}

/// CONV-16: each reader has its own mark and number of unread messages.
#[tokio::test(flavor = "multi_thread")]
async fn each_reader_has_its_own_read_state() {
    let scene = Scene::start().await;
    let (alice, admin) = (&scene.alice, &scene.admin);
    alice.post(&scene.path("/claim"), json!({})).await.ok();
    scene.says(2, "Anybody?").await;
    alice
        .post(&scene.path("/messages"), json!({"text": "Yes"}))
        .await
        .ok();
    let shown = alice.get(&scene.path("")).await.ok();
    let state =
        |shown: &serde_json::Value| (shown["read_seq"].as_u64(), shown["unread_count"].as_u64());
    assert_eq!(state(&shown), (Some(0), Some(2)));
    let (mut socket, _) = follow(admin).await;
    let read = alice
        .put(&scene.path("/read"), json!({"seq": 4}))
        .await
        .ok();
    assert_eq!(state(&read), (Some(4), Some(0)));
    let frame = socket.answer("conversation_read_updated").await;
    assert_eq!(
        (&frame["data"]["owner_id"], &frame["data"]["read_seq"]),
        (&json!(alice.id), &json!(4))
    );
    let back = alice
        .put(&scene.path("/read"), json!({"seq": 2}))
        .await
        .ok();
    assert_eq!(state(&back), (Some(4), Some(0)));
    assert_eq!(
        state(&admin.get(CONVERSATIONS).await.rows()[0]),
        (Some(0), Some(3))
    );
    let ahead = alice.put(&scene.path("/read"), json!({"seq": 99})).await;
    ahead.refused(400, "SEQ_AHEAD_OF_HEAD");
    alice
        .put(&scene.path("/read"), json!({}))
        .await
        .refused(400, "SEQ_REQUIRED");
    let bob = scene.bob.put(&scene.path("/read"), json!({"seq": 2})).await;
    bob.refused(403, "PERMISSION_DENIED");
}

/// CONV-13: a participant that was cut off resumes, and one that was removed meanwhile learns that.
#[tokio::test(flavor = "multi_thread")]
async fn a_participant_resumes_and_a_former_one_learns_its_removal() {
    let scene = Scene::start().await;
    let bob = &scene.bob;
    let named = json!({"owner_type": "agent", "owner_id": bob.id});
    scene
        .admin
        .post(&scene.path("/participants"), named)
        .await
        .ok();
    let (socket, begun) = follow(bob).await;
    let range = &begun["conversations"][&*scene.conversation];
    assert_eq!(*range, json!({"from": 4, "head": 3}));
    socket.close().await;
    scene.says(2, "Anybody?").await;
    let resume = json!({
        "type": "subscribe", "id": "s", "topics": [all(bob)], "epoch": begun["epoch"],
        "since": {&*scene.conversation: 3},
    });
    let mut socket = Socket::open(bob).await;
    socket.send(resume.clone()).await;
    socket.answer("subscribed").await;
    assert_eq!(
        event(&mut socket, "conversation_message_created").await,
        "Anybody?"
    );
    socket.close().await;
    let gone = scene.path(&format!("/participants/{}", bob.id));
    scene.admin.delete(&gone).await.ok();
    scene.says(3, "Bye").await;
    let mut socket = Socket::open(bob).await;
    socket.send(resume).await;
    socket.answer("subscribed").await;
    let frame = socket.next().await;
    assert_eq!(frame["type"], "conversation_participant_removed", "{frame}");
    let ended = socket.next().await;
    assert_eq!(ended["reason"], "removed", "{ended}");
    socket.nothing_else().await;
}
