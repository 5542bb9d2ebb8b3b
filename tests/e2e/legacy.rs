//! The endpoints and events of the first generations (OLD-01): the same state under older names.

mod messages;
mod sockets;

use serde_json::{Value, json};

use talk_testkit::harness::client::path;
use talk_testkit::harness::{Client, Server, Socket};

const TALKS: &str = "/v1.0/talks";

/// The path of a talk and what is below it.
fn talk(talk: &Value, rest: &str) -> String {
    format!("{TALKS}/{}{rest}", talk["id"].as_str().expect("an id"))
}

async fn create(by: &Client, others: &[&Client], rest: Value) -> Value {
    let ids: Vec<_> = others.iter().map(|other| &other.id).collect();
    let mut body = json!({"participant_ids": ids});
    for (name, value) in rest.as_object().expect("an object") {
        body[name] = value.clone();
    }
    by.post(TALKS, body).await.ok()
}

/// OLD-01.
#[tokio::test]
async fn a_talk_is_a_chat_under_another_path() {
    let server = Server::start().await;
    let [alice, bob, carol] = server.agents(["alice", "bob", "carol"]).await;
    let group = create(&alice, &[&alice, &bob, &carol], json!({"name": "Plans"})).await;
    assert_eq!(
        (&group["type"], &group["member_count"]),
        (&json!("group"), &json!(3))
    );
    let answer = alice.get(&talk(&group, "")).await;
    assert_eq!(answer.ok(), alice.get(&path(&group, "")).await.ok());
    assert!(answer.header("talk-position").is_some());
    let listed = alice.get(TALKS).await;
    assert_eq!(
        listed.body,
        alice.get("/v1.0/service_agents/talk_chats").await.body
    );
    let name = json!({"name": "Old plans"});
    let renamed = bob.put(&talk(&group, ""), name).await.ok();
    assert_eq!(renamed["name"], "Old plans");
    let closed = bob.post(&talk(&group, "/close"), json!({})).await.ok();
    assert_eq!(closed["status"], "closed");
    let reopened = bob.post(&talk(&group, "/reopen"), json!({})).await.ok();
    assert_eq!(reopened["status"], "active");
    let deleted = alice.delete(&talk(&group, "")).await.ok();
    assert_ne!(deleted["tm_delete"], "");
    bob.get(&talk(&group, ""))
        .await
        .refused(404, "CHAT_NOT_FOUND");
}

/// OLD-03.
#[tokio::test]
async fn one_other_agent_and_no_name_means_direct() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let direct = create(&alice, &[&bob], json!({})).await;
    assert_eq!(direct["type"], "direct");
    // As the description of the operation shows it.
    assert_eq!(
        (
            &direct["detail"],
            &direct["last_seq"],
            &direct["read_seq"],
            &direct["unread_count"]
        ),
        (&json!(""), &json!(3), &json!(0), &json!(0))
    );
    let same = alice.try_chat("direct", &[&bob]).await.ok();
    assert_eq!(same["id"], direct["id"]);
    let named = create(&alice, &[&bob], json!({"name": "Plans"})).await;
    assert_eq!(named["type"], "group");
    let channel = create(&alice, &[], json!({"name": "general", "type": "talk"})).await;
    assert_eq!(channel["type"], "talk");
    let refused = alice.post(TALKS, json!({"participant_ids": [bob.id, "x"]}));
    let error = refused.await.refused(400, "INVALID_ID");
    assert_eq!(error["details"][0]["field"], "participant_ids[1]");
}

/// Case 79 and OLD-02.
#[tokio::test]
async fn both_dialects_take_agents_by_either_name() {
    let server = Server::start().await;
    let [alice, bob, carol, dave] = server.agents(["alice", "bob", "carol", "dave"]).await;
    let chats = "/v1.0/service_agents/talk_chats";
    for path in [TALKS, chats] {
        let body = json!({
            "type": "group", "participants": [bob.as_owner()], "participant_ids": [carol.id, bob.id],
        });
        let chat = alice.post(path, body).await.ok();
        assert_eq!(chat["member_count"], 3, "{path}");
        let participants = format!(
            "{path}/{}/participants",
            chat["id"].as_str().expect("an id")
        );
        let both = json!({"owner_type": "agent", "owner_id": dave.id, "agent_id": bob.id});
        let differ = alice.post(&participants, both).await;
        differ.refused(400, "AGENTS_DIFFER");
        let added = alice
            .post(&participants, json!({"agent_id": dave.id}))
            .await;
        let removed = format!(
            "{participants}/{}",
            added.ok()["id"].as_str().expect("an id")
        );
        alice.delete(&removed).await.ok();
        alice.post(&participants, dave.as_owner()).await.ok();
        let refused = alice.post(path, json!({"type": "group", "participant_ids": ["x"]}));
        let error = refused.await.refused(400, "INVALID_ID");
        assert_eq!(error["details"][0]["field"], "participant_ids[0]");
    }
    let direct = alice.post(TALKS, json!({"participants": [bob.as_owner()]}));
    assert_eq!(direct.await.ok()["type"], "direct");
}

/// OLD-04.
#[tokio::test]
async fn participants_are_active_until_they_have_left() {
    let server = Server::start().await;
    let [alice, bob, carol] = server.agents(["alice", "bob", "carol"]).await;
    let group = create(&alice, &[&bob], json!({"name": "Plans"})).await;
    let participants = talk(&group, "/participants");
    let body = json!({"agent_id": carol.id});
    let added = alice.post(&participants, body.clone()).await.ok();
    assert_eq!(
        (&added["agent_id"], &added["owner_id"], &added["status"]),
        (&json!(carol.id), &json!(carol.id), &json!("active"))
    );
    alice
        .post(&participants, body.clone())
        .await
        .refused(409, "PARTICIPANT_ALREADY_EXISTS");
    assert_eq!(alice.get(&participants).await.rows()[0], added);
    let id = added["id"].as_str().expect("an id");
    let removed = alice.delete(&format!("{participants}/{id}")).await.ok();
    let mut left = added.clone();
    left["status"] = json!("left");
    assert_eq!(removed, left);
    let gone = format!("{participants}?status=left");
    assert_eq!(alice.get(&gone).await.rows(), std::slice::from_ref(&left));
    assert_eq!(alice.get(&participants).await.rows().len(), 2);
    let back = alice.post(&participants, body).await.ok();
    assert_ne!(back["id"], added["id"]);
    assert_eq!(alice.get(&gone).await.rows(), Vec::<Value>::new());
    let wrong = alice.get(&format!("{participants}?status=gone")).await;
    wrong.refused(400, "STATUS_INVALID");
    alice
        .post(&participants, json!({}))
        .await
        .refused(400, "INVALID_ID");
}

/// API-16.
#[tokio::test]
async fn who_may_not_see_a_chat_may_not_see_the_talk() {
    let server = Server::start().await;
    let [alice, outsider] = server.agents(["alice", "outsider"]).await;
    let (_, [stranger]) = server.customer("others", ["stranger"]).await;
    let group = create(&alice, &[], json!({"name": "Plans"})).await;
    for rest in [
        "",
        "/participants",
        "/participants?status=left",
        "/messages",
    ] {
        let path = talk(&group, rest);
        outsider.get(&path).await.refused(403, "PERMISSION_DENIED");
        stranger.get(&path).await.refused(404, "CHAT_NOT_FOUND");
        server
            .anonymous()
            .get(&path)
            .await
            .refused(401, "AUTHENTICATION_REQUIRED");
    }
}

/// OLD-01.
#[tokio::test]
async fn every_answer_says_that_the_endpoint_is_deprecated() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let group = create(&alice, &[], json!({"name": "Plans"})).await;
    let nobody = server.anonymous();
    for answer in [
        alice.get(TALKS).await,
        alice.get(&talk(&group, "/messages")).await,
        alice.get(&talk(&group, "x")).await,
        alice.put(TALKS, json!({})).await,
        alice.post(TALKS, json!([])).await,
        nobody.get(TALKS).await,
        nobody.delete("/v1.0/messages/x/reactions").await,
    ] {
        assert_eq!(answer.header("deprecation"), Some("@1767225600"));
        assert!(answer.header("x-request-id").is_some(), "{answer:?}");
        let link = answer.header("link").expect("a link");
        assert!(
            link.starts_with(r#"</docs#/Talks>; rel="deprecation""#),
            "{link}"
        );
    }
    let modern = alice.get("/v1.0/service_agents/talk_chats").await;
    assert_eq!(modern.header("deprecation"), None);
    let wrong = alice.put(TALKS, json!({})).await;
    assert_eq!(wrong.header("allow"), Some("GET, POST"));
}

/// OLD-01.
#[tokio::test]
async fn an_operator_can_switch_it_off() {
    let server = Server::start_with(&[("TALK_LEGACY_API", "false")]).await;
    let [alice] = server.agents(["alice"]).await;
    for path in [TALKS, "/v1.0/messages/x/reactions"] {
        alice
            .post(path, json!({}))
            .await
            .refused(404, "ROUTE_NOT_FOUND");
    }
    let chat = alice.chat("group", &[]).await;
    let id = chat["id"].as_str().expect("an id");
    let events = format!("/v1.0/service_agents/talk_events?chat_id={id}&dialect=talk");
    alice.get(&events).await.refused(400, "DIALECT_INVALID");
    let mut socket = Socket::open(&alice).await;
    let topic = format!("agent_id:{}:talk", alice.id);
    let answer = socket.subscribe(&topic).await;
    assert_eq!(
        answer["refused"],
        json!([{"topic": topic, "reason": "TOPIC_INVALID"}])
    );
}
