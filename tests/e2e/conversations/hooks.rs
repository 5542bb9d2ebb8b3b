//! Events of conversations reach the endpoints of a customer.

use serde_json::{Value, json};
use talk_testkit::harness::{Client, Server};

use super::{CONVERSATIONS, of, text, visitor, web_chat, write};
use crate::webhooks::receiver::{Received, Receiver};
use crate::webhooks::server_for;

/// The events of the story, in the order of the conversation's log.
const TOLD: [&str; 9] = [
    "conversation_created",
    "conversation_message_created",
    "conversation_updated",
    "conversation_participant_added",
    "conversation_message_created",
    "conversation_message_updated",
    "conversation_read_updated",
    "conversation_participant_removed",
    "conversation_deleted",
];

/// A conversation with a message that was sent in it.
struct Story {
    id: String,
    sent: Value,
}

/// A visitor writes, an agent answers, and all but the deletion of the conversation happens.
async fn tell(server: &Server, admin: &Client) -> Story {
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    alice.chat("group", &[]).await;
    let account = web_chat(admin, &[]).await;
    let jo = visitor(server, &account).await;
    write(&jo, &account, (1, "Hello?")).await.ok();
    let id = text(&admin.get(CONVERSATIONS).await.rows()[0], "id").to_owned();
    let path = |rest: &str| format!("{CONVERSATIONS}/{id}/{rest}");
    alice.post(&path("claim"), json!({})).await.ok();
    alice.post(&path("participants"), bob.as_owner()).await.ok();
    let sent = alice.post(&path("messages"), json!({"text": "Hi"})).await;
    let sent = sent.ok();
    let seen = json!({"seq": sent["seq"]});
    jo.put(&of(&account, "read"), seen.clone()).await.ok();
    alice.put(&path("read"), json!({"seq": 2})).await.ok();
    let gone = path(&format!("participants/{}", bob.id));
    bob.delete(&gone).await.ok();
    Story { id, sent }
}

fn kinds(requests: &[Received]) -> Vec<String> {
    let bodies = requests.iter().map(Received::json);
    bodies.map(|body| text(&body, "type").to_owned()).collect()
}

/// HOOK-02, HOOK-03, HOOK-07 and CONV-62: the customer's own address gets every event, and an endpoint
/// those of its filter, in the order of the conversation. The body is the resource that the API answers.
#[tokio::test(flavor = "multi_thread")]
async fn events_of_conversations_reach_endpoints_in_order() {
    let (own, conversations, messages) = (Receiver::start(), Receiver::start(), Receiver::start());
    let server = server_for(&[&own, &conversations, &messages]).await;
    let admin = server.admin().await;
    let hook = json!({"webhook_method": "POST", "webhook_uri": own.url()});
    admin.put("/v1.0/customer", hook).await.ok();
    for (receiver, filter) in [
        (&conversations, "conversation_*"),
        (&messages, "conversation_message_created"),
    ] {
        let hook = json!({"uri": receiver.url(), "events": [filter]});
        admin.post("/v1.0/webhooks", hook).await.ok();
    }
    let Story { id, sent } = tell(&server, &admin).await;
    conversations.received(TOLD.len() - 1).await;
    let deleted = admin.delete(&format!("{CONVERSATIONS}/{id}")).await.ok();
    let requests = conversations.received(TOLD.len()).await;
    assert_eq!(kinds(&requests), TOLD);
    let bodies: Vec<_> = requests.iter().map(Received::json).collect();
    assert_eq!(bodies[4], json!({"type": TOLD[4], "data": sent}));
    assert_eq!(bodies[1]["data"]["text"], "Hello?");
    assert_eq!(bodies[5]["data"]["delivery"], "read");
    assert_eq!(bodies[8], json!({"type": TOLD[8], "data": deleted}));
    for body in &bodies {
        let data = &body["data"];
        let of = data.get("conversation_id").unwrap_or(&data["id"]);
        assert_eq!(*of, *id, "{body}");
    }
    let all = own.received(TOLD.len() + 2).await;
    let (outside, inside): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|one| one.body.contains("\"conversation_"));
    assert_eq!(kinds(&outside), TOLD);
    assert_eq!(kinds(&inside), ["chat_created", "chatparticipant_added"]);
    let ids = |all: &[Received]| -> Vec<String> {
        let ids = all.iter().map(|one| one.header("webhook-id").to_owned());
        ids.collect()
    };
    assert_eq!(ids(&outside), ids(&requests));
    assert_eq!(kinds(&messages.received(2).await), [TOLD[1]; 2]);
}
