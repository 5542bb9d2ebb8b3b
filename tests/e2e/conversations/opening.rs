//! Agents begin conversations, and admins delete them.

use serde_json::json;

use super::live::{Scene, follow};
use super::{ACCOUNTS, CONVERSATIONS, seen, text, write};

/// CONV-01 and CONV-17: the first request begins the conversation, and later ones find it.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_opens_a_conversation_with_a_person() {
    let scene = Scene::start().await;
    let peer = json!({"type": "webchat", "target": "jo", "target_name": "Jo"});
    let body = json!({"account_id": scene.account["id"], "peer": peer, "text": "Hello Jo"});
    let opened = scene.alice.post(CONVERSATIONS, body.clone()).await.ok();
    assert_eq!(
        (&opened["created"], &opened["owner_id"]),
        (&json!(true), &json!(scene.alice.id))
    );
    assert_eq!(
        (&opened["name"], &opened["last_seq"]),
        (&json!("Chat · Jo"), &json!(2))
    );
    let again = scene.alice.post(CONVERSATIONS, body.clone()).await.ok();
    assert_eq!(
        (&again["created"], &again["id"]),
        (&json!(false), &opened["id"])
    );
    assert_eq!(again["last_seq"], 3);
    let refused = scene.bob.post(CONVERSATIONS, body).await;
    refused.refused(403, "PERMISSION_DENIED");
    for (body, reason) in [
        (json!({}), "INVALID_ID"),
        (
            json!({"account_id": scene.account["id"]}),
            "ADDRESS_INVALID",
        ),
        (
            json!({"account_id": scene.account["id"], "peer": {"type": "tel", "target": "+1"}}),
            "ADDRESS_INVALID",
        ),
    ] {
        scene
            .alice
            .post(CONVERSATIONS, body)
            .await
            .refused(400, reason);
    }
    let (stranger, []) = scene.server.customer("other", []).await;
    let body = json!({"account_id": scene.account["id"], "peer": peer});
    let refused = stranger.post(CONVERSATIONS, body).await;
    refused.refused(404, "ACCOUNT_NOT_FOUND");
}

/// CONV-17: of requests at once one begins the conversation.
#[tokio::test(flavor = "multi_thread")]
async fn requests_at_once_open_one_conversation() {
    let scene = Scene::start().await;
    let peer = json!({"type": "webchat", "target": "jo"});
    let body = json!({"account_id": scene.account["id"], "peer": peer, "text": "Hello"});
    let all = (0..16).map(|_| scene.alice.post(CONVERSATIONS, body.clone()));
    let answers = futures_util::future::join_all(all).await;
    let created = answers
        .iter()
        .filter(|answer| answer.ok()["created"] == true);
    assert_eq!(created.count(), 1);
    let last = answers
        .iter()
        .map(|answer| answer.ok()["last_seq"].as_u64())
        .max();
    assert_eq!(last, Some(Some(17)));
}

/// CONV-17: the room of a deleted conversation is free.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_whose_conversation_was_deleted_begins_another() {
    let scene = Scene::start().await;
    let (mut admin, _) = follow(&scene.admin).await;
    scene
        .alice
        .post(&scene.path("/claim"), json!({}))
        .await
        .ok();
    let refused = scene.alice.delete(&scene.path("")).await;
    refused.refused(403, "PERMISSION_DENIED");
    let deleted = scene.admin.delete(&scene.path("")).await.ok();
    assert_ne!(deleted["tm_delete"], "");
    admin.answer("conversation_updated").await;
    let frame = admin.answer("conversation_deleted").await;
    assert_eq!(frame["data"], deleted);
    let ended = admin.answer("unsubscribed").await;
    assert_eq!(ended["reason"], "deleted");
    for path in ["", "/messages", "/participants"] {
        let gone = scene.admin.get(&scene.path(path)).await;
        gone.refused(404, "CONVERSATION_NOT_FOUND");
    }
    assert!(scene.admin.get(CONVERSATIONS).await.rows().is_empty());
    assert!(seen(&scene.jo, &scene.account, 0).await.is_empty());
    write(&scene.jo, &scene.account, (7, "Me again")).await.ok();
    let rows = scene.admin.get(CONVERSATIONS).await.rows();
    assert_eq!(rows.len(), 1);
    assert_ne!(text(&rows[0], "id"), scene.conversation);
    let account = format!("{ACCOUNTS}/{}", text(&scene.account, "id"));
    scene.admin.get(&account).await.ok();
}
