//! Chats: creating, renaming, closing, reopening.

use serde_json::{Value, json};

use talk_testkit::harness::client::{message, path};
use talk_testkit::harness::{Client, Server};

const CHATS: &str = "/v1.0/service_agents/talk_chats";

async fn close(by: &Client, chat: &Value) -> Value {
    by.post(&path(chat, "/close"), json!({})).await.ok()
}

/// S-070 and X-21.
#[tokio::test(flavor = "multi_thread")]
async fn a_chat_comes_with_its_creator_and_everybody_named() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    assert_eq!(
        (&chat["type"], &chat["member_count"]),
        (&json!("group"), &json!(2))
    );
    assert_eq!(
        (&chat["status"], &chat["tm_delete"]),
        (&json!("active"), &json!(""))
    );
    assert_eq!(bob.get(&path(&chat, "")).await.ok(), chat);
}

/// S-073.
#[tokio::test(flavor = "multi_thread")]
async fn naming_oneself_or_somebody_twice_is_harmless() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob, &alice, &bob]).await;
    assert_eq!(chat["member_count"], 2);
    let participants = alice.get(&path(&chat, "/participants")).await.rows();
    assert_eq!(participants.len(), 2);
    assert_eq!(
        alice.chat("direct", &[&bob, &bob, &alice]).await["member_count"],
        2
    );
}

/// CHAT-03 and X-04.
#[tokio::test(flavor = "multi_thread")]
async fn a_chat_has_a_type_and_normal_means_group() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    for (given, stored) in [("normal", "group"), ("group", "group"), ("talk", "talk")] {
        let chat = alice.chat(given, &[&bob]).await;
        assert_eq!(chat["type"], stored);
        assert_eq!(bob.get(&path(&chat, "")).await.ok(), chat);
    }
    let unknown = alice.post(CHATS, json!({"type": "party"})).await;
    unknown.refused(400, "CHAT_TYPE_INVALID");
    let missing = alice.post(CHATS, json!({"name": "Project"})).await;
    missing.refused(400, "TYPE_REQUIRED");
}

/// CHAT-02 and cases 5 and 6.
#[tokio::test(flavor = "multi_thread")]
async fn a_chat_with_an_unknown_agent_is_not_stored() {
    let server = Server::start().await;
    let [alice, bob, gone, disabled] = server.agents(["alice", "bob", "gone", "disabled"]).await;
    let (_, [foreign]) = server.customer("other", ["eve"]).await;
    let admin = server.admin().await;
    admin
        .delete(&format!("/v1.0/agents/{}", gone.id))
        .await
        .ok();
    let status = json!({"status": "disabled"});
    let agent = format!("/v1.0/agents/{}", disabled.id);
    admin.put(&agent, status).await.ok();
    let unknown = bob.clone().named("00000000-0000-7000-8000-000000000000");
    for nobody in [&gone, &disabled, &foreign, &unknown] {
        for kind in ["group", "talk", "direct"] {
            let refused = alice.try_chat(kind, &[nobody]).await;
            refused.refused(404, "AGENT_NOT_FOUND");
        }
        let refused = alice.try_chat("group", &[&bob, nobody]).await;
        refused.refused(404, "AGENT_NOT_FOUND");
    }
    let owner = json!({"owner_type": "customer", "owner_id": bob.id});
    let refused = alice.post(CHATS, json!({"type": "group", "participants": [owner]}));
    refused.await.refused(400, "OWNER_TYPE_INVALID");
    for agent in [&alice, &bob] {
        assert_eq!(agent.get(CHATS).await.rows(), [] as [Value; 0]);
    }
    let channels = alice.get("/v1.0/service_agents/talk_channels").await;
    assert_eq!(channels.rows(), [] as [Value; 0]);
}

/// CHAT-09.
#[tokio::test(flavor = "multi_thread")]
async fn participants_change_name_and_detail() {
    let server = Server::start().await;
    let [alice, bob, eve] = server.agents(["alice", "bob", "eve"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let card = path(&chat, "");
    let changed = bob
        .put(&card, json!({"name": "Q1", "detail": "plans"}))
        .await
        .ok();
    assert_eq!(
        (&changed["name"], &changed["detail"]),
        (&json!("Q1"), &json!("plans"))
    );
    assert!(changed["tm_update"].as_str() > chat["tm_update"].as_str());
    assert_eq!(alice.get(&card).await.ok(), changed);
    let before = alice.events(&chat).await;
    let same = alice
        .put(&card, json!({"name": "Q1", "detail": "plans"}))
        .await;
    assert_eq!(same.ok(), changed);
    alice
        .put(&card, json!({}))
        .await
        .refused(400, "NOTHING_TO_CHANGE");
    let refused = eve.put(&card, json!({"name": "mine"})).await;
    refused.refused(403, "PERMISSION_DENIED");
    assert_eq!(alice.events(&chat).await, before, "no change, no event");
    let detail = alice.put(&card, json!({"detail": ""})).await.ok();
    assert_eq!(
        (&detail["name"], &detail["detail"]),
        (&json!("Q1"), &json!(""))
    );
}

/// S-110.
#[tokio::test(flavor = "multi_thread")]
async fn closing_and_reopening_are_idempotent_and_for_participants() {
    let server = Server::start().await;
    let [alice, bob, eve] = server.agents(["alice", "bob", "eve"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    for (action, status) in [("/close", "closed"), ("/reopen", "active")] {
        let refused = eve.post(&path(&chat, action), json!({})).await;
        refused.refused(403, "PERMISSION_DENIED");
        let changed = bob.post(&path(&chat, action), json!({})).await;
        assert_eq!(changed.ok()["status"], status);
        let events = bob.events(&chat).await;
        let again = alice.post(&path(&chat, action), json!({})).await;
        assert_eq!(again.body, changed.body);
        assert_eq!(alice.events(&chat).await, events, "no change, no event");
        assert_eq!(alice.get(&path(&chat, "")).await.body, changed.body);
        let listed = alice.get(&format!("{CHATS}?status={status}")).await.rows();
        assert_eq!(listed, [changed.ok()]);
    }
}

/// S-110 and case 11.
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_chat_takes_nothing_new_but_stays_readable() {
    let server = Server::start().await;
    let [alice, bob, carol] = server.agents(["alice", "bob", "carol"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let said = alice.say(&chat, "hello").await;
    bob.react(&said, "👍").await.ok();
    close(&alice, &chat).await;
    let before = alice.events(&chat).await;
    for refused in [
        alice.try_say(&chat, "more").await,
        alice.reply(&said, "more").await,
        alice
            .put(&message(&said, ""), json!({"text": "other"}))
            .await,
        alice.react(&said, "🎉").await,
        bob.delete(&message(&said, "/reactions?emoji=thumbsup"))
            .await,
        alice.add(&chat, &carol).await,
    ] {
        refused.refused(409, "CHAT_CLOSED");
    }
    assert_eq!(alice.events(&chat).await, before);
    let now = bob.get(&message(&said, "")).await.ok();
    assert_eq!(
        (&now["text"], &now["tm_edit"]),
        (&json!("hello"), &json!(""))
    );
    let id = chat["id"].as_str().expect("an id");
    let list = format!("/v1.0/service_agents/talk_messages?chat_id={id}");
    assert_eq!(
        bob.get(&list).await.rows().len(),
        2,
        "the message, and that it is closed"
    );
    alice.post(&path(&chat, "/reopen"), json!({})).await.ok();
    alice.say(&chat, "more").await;
}

/// CHAT-12 and S-075.
#[tokio::test(flavor = "multi_thread")]
async fn a_private_chat_closes_with_its_last_participant_who_may_return() {
    let server = Server::start().await;
    let [alice, bob, eve] = server.agents(["alice", "bob", "eve"]).await;
    for kind in ["group", "direct"] {
        let chat = alice.chat(kind, &[&bob]).await;
        for leaver in [&bob, &alice] {
            let own = leaver
                .participant(&chat, leaver)
                .await
                .expect("a participant");
            leaver.remove(&chat, &own).await.ok();
        }
        let reopen = path(&chat, "/reopen");
        alice
            .get(&path(&chat, ""))
            .await
            .refused(403, "PERMISSION_DENIED");
        eve.post(&reopen, json!({}))
            .await
            .refused(403, "PERMISSION_DENIED");
        let opened = bob.post(&reopen, json!({})).await.ok();
        assert_eq!(
            (&opened["status"], &opened["member_count"]),
            (&json!("active"), &json!(1))
        );
        let kinds: Vec<_> = bob
            .events(&chat)
            .await
            .iter()
            .map(|e| e["type"].clone())
            .collect();
        let closing = kinds.iter().position(|kind| kind == "chat_updated");
        assert_eq!(
            kinds[closing.expect("it closed")..],
            [
                "chat_updated",
                "chat_updated",
                "chatmessage_created",
                "chatparticipant_added",
                "chatmessage_created"
            ]
        );
        alice
            .post(&reopen, json!({}))
            .await
            .refused(403, "PERMISSION_DENIED");
        alice
            .get(&path(&chat, ""))
            .await
            .refused(403, "PERMISSION_DENIED");
    }
}
