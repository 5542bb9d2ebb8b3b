//! Visibility: 404 across customers, 403 for outsiders.

use reqwest::Method;
use serde_json::{Value, json};

use talk_testkit::harness::{Answer, Client, Server};

const UNKNOWN: &str = "01900000-0000-7000-8000-000000000000";
const B: &str = "/v1.0/service_agents";

/// The ids that requests name.
#[derive(Clone)]
struct Ids {
    chat: String,
    message: String,
    participant: String,
    agent: String,
}

impl Ids {
    fn unknown() -> Self {
        let id = || UNKNOWN.to_owned();
        Self {
            chat: id(),
            message: id(),
            participant: id(),
            agent: id(),
        }
    }
}

type Request = (Method, String, Value);

/// Every request about a chat or what is in it.
fn about_chats(ids: &Ids) -> Vec<Request> {
    let chat = format!("{B}/talk_chats/{}", ids.chat);
    let message = format!("{B}/talk_messages/{}", ids.message);
    let owner = json!({"owner_type": "agent", "owner_id": ids.agent});
    let (none, name) = (Value::Null, json!({"name": "N"}));
    let text = json!({"text": "t"});
    let (post, emoji) = (
        json!({"chat_id": ids.chat, "text": "t"}),
        json!({"emoji": "👍"}),
    );
    let of_chat = format!("chat_id={}", ids.chat);
    vec![
        (Method::GET, chat.clone(), none.clone()),
        (Method::PUT, chat.clone(), name),
        (Method::DELETE, chat.clone(), none.clone()),
        (Method::POST, format!("{chat}/join"), none.clone()),
        (Method::POST, format!("{chat}/close"), none.clone()),
        (Method::POST, format!("{chat}/reopen"), none.clone()),
        (Method::GET, format!("{chat}/participants"), none.clone()),
        (Method::POST, format!("{chat}/participants"), owner),
        (
            Method::DELETE,
            format!("{chat}/participants/{}", ids.participant),
            none.clone(),
        ),
        (Method::POST, format!("{B}/talk_messages"), post),
        (
            Method::GET,
            format!("{B}/talk_messages?{of_chat}"),
            none.clone(),
        ),
        (Method::GET, message.clone(), none.clone()),
        (Method::PUT, message.clone(), text),
        (Method::DELETE, message.clone(), none.clone()),
        (Method::GET, format!("{message}/revisions"), none.clone()),
        (Method::POST, format!("{message}/reactions"), emoji),
        (
            Method::DELETE,
            format!("{message}/reactions?emoji=%F0%9F%91%8D"),
            none.clone(),
        ),
        (Method::GET, format!("{B}/talk_events?{of_chat}"), none),
    ]
}

/// Every request about an agent or its objects.
fn about_agents(agent: &str, key: &str) -> Vec<Request> {
    let path = format!("/v1.0/agents/{agent}");
    let owner = json!({"owner_type": "agent", "owner_id": agent});
    let chat = json!({"type": "group", "participants": [owner]});
    vec![
        (Method::GET, path.clone(), Value::Null),
        (Method::PUT, path.clone(), json!({"name": "N"})),
        (Method::DELETE, path, Value::Null),
        (
            Method::DELETE,
            format!("/v1.0/accesskeys/{key}"),
            Value::Null,
        ),
        (Method::POST, format!("{B}/talk_chats"), chat),
    ]
}

async fn send(client: &Client, (method, path, body): &Request) -> Answer {
    let request = client.request(method.clone(), path);
    let has_body = !body.is_null();
    Answer::to(if has_body {
        request.json(body)
    } else {
        request
    })
    .await
}

async fn ids(owner: &Client, chat: &Value, said: &Value) -> Ids {
    let text = |value: &Value| value["id"].as_str().expect("an id").to_owned();
    Ids {
        chat: text(chat),
        message: text(said),
        participant: text(&owner.participant(chat, owner).await.expect("in the chat")),
        agent: owner.id.clone(),
    }
}

/// Sends both lists and compares: refused as not found, by the same bytes.
async fn compare(client: &Client, real: Vec<Request>, unknown: Vec<Request>) {
    for (real, unknown) in real.iter().zip(&unknown) {
        let (seen, none) = (send(client, real).await, send(client, unknown).await);
        assert_eq!((seen.status, none.status), (404, 404), "{real:?} {seen:?}");
        assert_eq!(seen.but_for_its_id(), none.but_for_its_id(), "{real:?}");
    }
}

/// API-16 and case 32.
#[tokio::test(flavor = "multi_thread")]
async fn what_another_customer_has_looks_like_what_nobody_has() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let (admin, [eve]) = server.customer("acme", ["eve"]).await;
    let key = alice.post("/v1.0/accesskeys", json!({})).await.ok();
    let key = key["id"].as_str().expect("an id");
    for kind in ["direct", "group", "talk"] {
        let chat = alice.chat(kind, &[&bob]).await;
        let said = alice.say(&chat, "between us").await;
        let real = ids(&alice, &chat, &said).await;
        let before = alice.events(&chat).await;
        for stranger in [&eve, &admin] {
            compare(stranger, about_chats(&real), about_chats(&Ids::unknown())).await;
        }
        assert_eq!(alice.events(&chat).await, before);
    }
    let agents = about_agents(&alice.id, key);
    compare(&admin, agents, about_agents(UNKNOWN, UNKNOWN)).await;
    for list in ["talk_chats", "talk_channels", "talk_messages"] {
        assert!(eve.get(&format!("{B}/{list}")).await.rows().is_empty());
    }
}

/// API-16 and cases 4 and 32.
#[tokio::test(flavor = "multi_thread")]
async fn foreign_things_named_in_an_own_chat_look_like_nothing() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let (_, [eve]) = server.customer("acme", ["eve"]).await;
    let theirs = alice.chat("group", &[&bob]).await;
    let said = alice.say(&theirs, "between us").await;
    let theirs = ids(&alice, &theirs, &said).await;
    let own = eve.chat("group", &[]).await;
    let own = own["id"].as_str().expect("an id");
    let requests = |foreign: &Ids| -> Vec<Request> {
        let owner = json!({"owner_type": "agent", "owner_id": foreign.agent});
        let reply = json!({"chat_id": own, "text": "t", "parent_id": foreign.message});
        let participants = format!("{B}/talk_chats/{own}/participants");
        let participant = format!("{participants}/{}", foreign.participant);
        vec![
            (Method::POST, participants, owner),
            (Method::DELETE, participant, Value::Null),
            (Method::POST, format!("{B}/talk_messages"), reply),
        ]
    };
    compare(&eve, requests(&theirs), requests(&Ids::unknown())).await;
    assert_eq!(bob.get(&format!("{B}/talk_chats")).await.rows().len(), 1);
}

/// API-16.
#[tokio::test(flavor = "multi_thread")]
async fn an_outsider_of_the_customer_is_refused_everywhere() {
    let server = Server::start().await;
    let [alice, bob, carol] = server.agents(["alice", "bob", "carol"]).await;
    let admin = server.admin().await;
    for kind in ["direct", "group"] {
        let chat = alice.chat(kind, &[&bob]).await;
        let said = alice.say(&chat, "between us").await;
        let real = ids(&alice, &chat, &said).await;
        let before = alice.events(&chat).await;
        for outsider in [&carol, &admin] {
            for request in about_chats(&real) {
                let answer = send(outsider, &request).await;
                assert_eq!(answer.status, 403, "{request:?} {answer:?}");
                answer.refused(403, "PERMISSION_DENIED");
                assert!(!answer.body.contains("between us"));
            }
        }
        assert_eq!(alice.events(&chat).await, before);
    }
    for list in ["talk_chats", "talk_messages"] {
        assert!(carol.get(&format!("{B}/{list}")).await.rows().is_empty());
    }
}
