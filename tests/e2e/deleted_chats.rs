//! Deleted chats: permissions, and what remains visible.

use reqwest::Method;
use serde_json::{Value, json};

use talk_testkit::harness::client::{message, path};
use talk_testkit::harness::{Answer, Client, Server};

/// Everything there is to ask of a chat, of one of its participants and of one of its messages.
async fn everything(by: &Client, chat: &Value, participant: &Value, said: &Value) -> Vec<Answer> {
    let id = chat["id"].as_str().expect("an id");
    let participant = participant["id"].as_str().expect("an id");
    let own = [
        (Method::GET, String::new()),
        (Method::PUT, String::new()),
        (Method::POST, "/join".into()),
        (Method::POST, "/close".into()),
        (Method::POST, "/reopen".into()),
        (Method::GET, "/participants".into()),
        (Method::POST, "/participants".into()),
        (Method::DELETE, format!("/participants/{participant}")),
    ];
    let own = own.map(|(method, rest)| (method, path(chat, &rest)));
    let elsewhere = [
        (Method::POST, "/v1.0/service_agents/talk_messages".into()),
        (
            Method::GET,
            format!("/v1.0/service_agents/talk_messages?chat_id={id}"),
        ),
        (
            Method::GET,
            format!("/v1.0/service_agents/talk_events?chat_id={id}&since=0"),
        ),
        (Method::GET, message(said, "")),
        (Method::PUT, message(said, "")),
        (Method::DELETE, message(said, "")),
        (Method::GET, message(said, "/revisions")),
        (Method::POST, message(said, "/reactions")),
        (Method::DELETE, message(said, "/reactions?emoji=thumbsup")),
    ];
    let body = json!({
        "name": "mine", "text": "hello", "chat_id": id, "emoji": "👍",
        "owner_type": "agent", "owner_id": by.id,
    });
    let mut answers = Vec::new();
    for (method, path) in own.into_iter().chain(elsewhere) {
        let request = by.request(method.clone(), &path);
        let request = match method {
            Method::POST | Method::PUT => request.json(&body),
            _ => request,
        };
        answers.push(Answer::to(request).await);
    }
    answers
}

/// CHAT-10 and cases 9 and 11.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_chat_is_gone_for_everybody_everywhere() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    for kind in ["group", "direct", "talk"] {
        let chat = alice.chat(kind, &[&bob]).await;
        let said = bob.say(&chat, "hello").await;
        let participant = alice.participant(&chat, &bob).await.expect("a participant");
        let deleted = alice.delete(&path(&chat, "")).await.ok();
        assert_eq!(deleted["member_count"], 0);
        assert_ne!(deleted["tm_delete"], "");
        assert_eq!(deleted["tm_delete"], deleted["tm_update"]);
        assert_eq!(deleted["id"], chat["id"]);
        for agent in [&alice, &bob] {
            for answer in everything(agent, &chat, &participant, &said).await {
                let error = answer.json()["error"].clone();
                let reason = error["reason"].as_str().expect("a reason");
                assert!(
                    ["CHAT_NOT_FOUND", "MESSAGE_NOT_FOUND"].contains(&reason),
                    "{answer:?}"
                );
                answer.refused(404, reason);
            }
            for list in ["talk_chats", "talk_channels", "talk_messages"] {
                let list = agent.get(&format!("/v1.0/service_agents/{list}")).await;
                assert_eq!(list.rows(), [] as [Value; 0]);
            }
        }
    }
}

/// CHAT-10, X-22 and case 9.
#[tokio::test(flavor = "multi_thread")]
async fn deleting_again_answers_the_same() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let deleted = alice.delete(&path(&chat, "")).await;
    let before = chat["last_seq"].as_u64().expect("a number");
    assert_eq!(deleted.ok()["last_seq"], before + 1);
    for _ in 0..2 {
        let again = alice.delete(&path(&chat, "")).await;
        assert_eq!(
            (again.status, &again.body),
            (200, &deleted.body),
            "no event, no time moved"
        );
    }
    bob.delete(&path(&chat, ""))
        .await
        .refused(404, "CHAT_NOT_FOUND");
}

/// CHAT-10.
#[tokio::test(flavor = "multi_thread")]
async fn the_creator_or_an_admin_who_participates_deletes_a_chat() {
    let server = Server::start().await;
    let [alice, bob, eve] = server.agents(["alice", "bob", "eve"]).await;
    let admin = server.admin().await;
    let (foreign, []) = server.customer("other", []).await;
    let chat = alice.chat("group", &[&bob]).await;
    for other in [&bob, &eve, &admin] {
        let refused = other.delete(&path(&chat, "")).await;
        refused.refused(403, "PERMISSION_DENIED");
    }
    foreign
        .delete(&path(&chat, ""))
        .await
        .refused(404, "CHAT_NOT_FOUND");
    alice.add(&chat, &admin).await.ok();
    let deleted = admin.delete(&path(&chat, "")).await;
    assert_eq!(deleted.ok()["member_count"], 0);
    for again in [&admin, &alice] {
        assert_eq!(again.delete(&path(&chat, "")).await.body, deleted.body);
    }
    let chat = alice.chat("group", &[&bob]).await;
    alice.delete(&path(&chat, "")).await.ok();
}

/// Case 53.
#[tokio::test(flavor = "multi_thread")]
async fn a_creator_who_was_removed_neither_deletes_the_chat_nor_sees_its_name() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let member = bob.participant(&chat, &alice).await.expect("a member");
    bob.remove(&chat, &member).await.ok();
    let renamed = json!({"name": "A surprise for Alice"});
    bob.put(&path(&chat, ""), renamed).await.ok();
    let refused = alice.delete(&path(&chat, "")).await;
    refused.refused(403, "PERMISSION_DENIED");
    assert!(!refused.body.contains("surprise"), "{refused:?}");
    bob.get(&path(&chat, "")).await.ok();
}

/// Repeating the deletion answers the same to those who might have deleted it.
#[tokio::test(flavor = "multi_thread")]
async fn an_admin_who_left_before_does_not_see_the_deleted_chat() {
    let server = Server::start().await;
    let [bob] = server.agents(["bob"]).await;
    let admin = server.admin().await;
    let chat = bob.chat("group", &[&admin]).await;
    let member = bob.participant(&chat, &admin).await.expect("a member");
    bob.remove(&chat, &member).await.ok();
    let of_others = admin.delete(&path(&chat, "")).await;
    of_others.refused(403, "PERMISSION_DENIED");
    bob.delete(&path(&chat, "")).await.ok();
    let gone = admin.delete(&path(&chat, "")).await;
    gone.refused(404, "CHAT_NOT_FOUND");
}
