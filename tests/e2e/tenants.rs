//! Another customer's objects look exactly like objects that do not exist.

use serde_json::{Value, json};

use talk_testkit::harness::{Answer, Client, Server};

const UNKNOWN: &str = "01890000-0000-7000-8000-000000000000";

/// The body without what differs between any two answers.
fn neutral(answer: &Answer) -> String {
    let id = answer.json()["error"]["request_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    answer.body.replace(&id, "")
}

/// Sends every request that names a chat or a message.
async fn knock(client: &Client, chat: &str, message: &str) -> Vec<Answer> {
    const B: &str = "/v1.0/service_agents";
    let (chats, messages) = (
        format!("{B}/talk_chats/{chat}"),
        format!("{B}/talk_messages"),
    );
    let owner = client.as_owner();
    let say = json!({"chat_id": chat, "text": "hello"});
    vec![
        client.get(&chats).await,
        client.put(&chats, json!({"name": "mine"})).await,
        client.delete(&chats).await,
        client.post(&format!("{chats}/join"), json!({})).await,
        client.post(&format!("{chats}/close"), json!({})).await,
        client.post(&format!("{chats}/reopen"), json!({})).await,
        client.get(&format!("{chats}/participants")).await,
        client.post(&format!("{chats}/participants"), owner).await,
        client
            .delete(&format!("{chats}/participants/{UNKNOWN}"))
            .await,
        client.post(&messages, say).await,
        client.get(&format!("{messages}?chat_id={chat}")).await,
        client.get(&format!("{messages}?parent_id={message}")).await,
        client.get(&format!("{messages}?root_id={message}")).await,
        client.get(&format!("{messages}/{message}")).await,
        client
            .put(&format!("{messages}/{message}"), json!({"text": "mine"}))
            .await,
        client.delete(&format!("{messages}/{message}")).await,
        client.get(&format!("{messages}/{message}/revisions")).await,
        client
            .post(
                &format!("{messages}/{message}/reactions"),
                json!({"emoji": "tada"}),
            )
            .await,
        client
            .delete(&format!("{messages}/{message}/reactions?emoji=tada"))
            .await,
        client
            .get(&format!("{B}/talk_events?chat_id={chat}&since=0"))
            .await,
        client
            .put(&format!("{chats}/read"), json!({"seq": 1}))
            .await,
        client.get(&format!("{messages}/{message}/read_by")).await,
        client
            .get(&format!("{B}/talk_search?q=ours&chat_id={chat}"))
            .await,
    ]
}

/// Sends the same requests to the deprecated endpoints.
async fn knock_as_before(client: &Client, chat: &str, message: &str) -> Vec<Answer> {
    let talk = format!("/v1.0/talks/{chat}");
    let (messages, participants) = (format!("{talk}/messages"), format!("{talk}/participants"));
    let one = format!("{messages}/{message}");
    let reactions = format!("/v1.0/messages/{message}/reactions");
    let participant = json!({"agent_id": client.id});
    vec![
        client.get(&talk).await,
        client.put(&talk, json!({"name": "mine"})).await,
        client.delete(&talk).await,
        client.post(&format!("{talk}/close"), json!({})).await,
        client.post(&format!("{talk}/reopen"), json!({})).await,
        client.get(&participants).await,
        client.post(&participants, participant).await,
        client.delete(&format!("{participants}/{UNKNOWN}")).await,
        client.get(&messages).await,
        client.post(&messages, json!({"text": "hello"})).await,
        client.put(&one, json!({"text": "mine"})).await,
        client.delete(&one).await,
        client.post(&reactions, json!({"emoji": "tada"})).await,
        client.delete(&format!("{reactions}?emoji=tada")).await,
    ]
}

/// Every request, in both.
async fn knock_everywhere(client: &Client, chat: &str, message: &str) -> Vec<Answer> {
    let mut answers = knock(client, chat, message).await;
    answers.extend(knock_as_before(client, chat, message).await);
    answers
}

fn id(resource: &Value) -> &str {
    resource["id"].as_str().expect("an id")
}

/// API-16 and case 32.
#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_chat_and_an_unknown_one_are_refused_alike() {
    let server = Server::start().await;
    let (_, [eve]) = server.customer("acme", ["eve"]).await;
    let [alice] = server.agents(["alice"]).await;
    for kind in ["group", "talk"] {
        let chat = alice.chat(kind, &[]).await;
        let message = alice.say(&chat, "ours").await;
        let foreign = knock_everywhere(&eve, id(&chat), id(&message)).await;
        let unknown = knock_everywhere(&eve, UNKNOWN, UNKNOWN).await;
        for (foreign, unknown) in foreign.iter().zip(&unknown) {
            assert_eq!(foreign.status, 404, "{foreign:?}");
            assert_eq!(neutral(foreign), neutral(unknown));
        }
        assert_eq!(
            alice.events(&chat).await.len(),
            3,
            "nothing was changed or logged"
        );
    }
}

/// API-16.
#[tokio::test(flavor = "multi_thread")]
async fn a_colleague_outside_a_group_is_refused_everywhere_and_changes_nothing() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[]).await;
    let message = alice.say(&chat, "ours").await;
    for answer in knock_everywhere(&bob, id(&chat), id(&message)).await {
        answer.refused(403, "PERMISSION_DENIED");
    }
    assert_eq!(
        alice.events(&chat).await.len(),
        3,
        "nothing was changed or logged"
    );
}

/// AUTH-05 and case 5.
#[tokio::test(flavor = "multi_thread")]
async fn agents_of_another_customer_are_neither_seen_nor_added() {
    let server = Server::start().await;
    let (acme, [eve]) = server.customer("acme", ["eve"]).await;
    let [alice] = server.agents(["alice"]).await;
    alice
        .try_chat("group", &[&eve])
        .await
        .refused(404, "AGENT_NOT_FOUND");
    let chat = alice.chat("group", &[]).await;
    alice.add(&chat, &eve).await.refused(404, "AGENT_NOT_FOUND");
    acme.get(&format!("/v1.0/agents/{}", alice.id))
        .await
        .refused(404, "AGENT_NOT_FOUND");
    let names: Vec<_> = acme.get("/v1.0/agents").await.rows();
    let names: Vec<_> = names
        .iter()
        .map(|agent| agent["username"].clone())
        .collect();
    assert_eq!(names, [json!("eve-acme"), json!("admin-acme")]);
}
