//! Posts over a socket that lack their last fragment while their author loses its rights.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use talk_testkit::harness::server::PASSWORD;
use talk_testkit::harness::{Client, Server, Socket};

const AGENTS: &str = "/v1.0/agents";
const KEYS: &str = "/v1.0/accesskeys";

/// A post in two fragments, of which the first has been sent.
struct HeldPost {
    socket: Socket,
    rest: String,
}

impl HeldPost {
    async fn open(client: &Client, chat: &Value) -> Self {
        let mut socket = Socket::open(client).await;
        let message = json!({"chat_id": chat["id"], "text": "held"});
        let mut post = json!({"type": "post", "id": "key-held", "message": message}).to_string();
        let rest = post.split_off(post.len() - 1);
        let first = Frame::message(post, OpCode::Data(Data::Text), false);
        socket.message(Message::Frame(first)).await;
        Self { socket, rest }
    }

    /// Sends the last fragment.
    async fn finish(mut self) -> Socket {
        let last = Frame::message(self.rest, OpCode::Data(Data::Continue), true);
        self.socket.message(Message::Frame(last)).await;
        self.socket
    }
}

/// The control of the tests below: nothing changes while it is held.
#[tokio::test(flavor = "multi_thread")]
async fn a_held_post_of_a_participant_takes_effect() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let held = HeldPost::open(&alice, &chat).await;
    let posted = held.finish().await.answer("posted").await;
    assert_eq!(posted["data"]["text"], "held");
}

/// Case 48: the socket is closed within a second; until then the post is refused by itself.
#[tokio::test(flavor = "multi_thread")]
async fn no_held_post_takes_effect_once_its_session_or_agent_has_ended() {
    let server = Server::start().await;
    let root = server.admin().await;
    let [bob] = server.agents(["bob"]).await;
    for end in ["logout", "disable", "delete", "password", "key"] {
        let eve = format!("eve-{end}");
        root.post(AGENTS, json!({"username": eve, "password": PASSWORD}))
            .await
            .ok();
        let eve = server.login(&eve, PASSWORD).await;
        let agent = format!("{AGENTS}/{}", eve.id);
        let chat = eve.chat("group", &[&bob]).await;
        let key = eve.post(KEYS, json!({})).await.ok();
        let token = key["token"].as_str().expect("a token");
        let by_key = server.with_token(token).named(&eve.id);
        let held = HeldPost::open(if end == "key" { &by_key } else { &eve }, &chat).await;
        let ended = match end {
            "logout" => eve.post("/auth/logout", json!({})).await,
            "disable" => root.put(&agent, json!({"status": "disabled"})).await,
            "delete" => root.delete(&agent).await,
            "password" => {
                let new = json!({"old_password": PASSWORD, "new_password": "another password"});
                eve.put("/v1.0/service_agents/me/password", new).await
            }
            _ => {
                let id = key["id"].as_str().expect("an id");
                eve.delete(&format!("{KEYS}/{id}")).await
            }
        };
        ended.ok();
        let mut socket = held.finish().await;
        if let Some(answer) = socket.unless_closed().await {
            assert_eq!(answer["type"], "error", "{end}: {answer}");
            assert_eq!(answer["reason"], "TOKEN_REVOKED", "{end}: {answer}");
            let (code, _) = socket.closed().await;
            assert_eq!(code, 4401, "{end}");
        }
        let events = Value::from(bob.events(&chat).await).to_string();
        assert!(!events.contains("held"), "{end}: {events}");
    }
}

/// Case 48.
#[tokio::test(flavor = "multi_thread")]
async fn no_held_post_of_a_removed_participant_takes_effect() {
    let server = Server::start().await;
    let [eve, bob] = server.agents(["eve", "bob"]).await;
    let chat = bob.chat("group", &[&eve]).await;
    let held = HeldPost::open(&eve, &chat).await;
    let member = bob.participant(&chat, &eve).await.expect("a member");
    bob.remove(&chat, &member).await.ok();
    let refused = held.finish().await.answer("error").await;
    assert_eq!(refused["reason"], "PERMISSION_DENIED", "{refused}");
    let events = Value::from(bob.events(&chat).await).to_string();
    assert!(!events.contains("held"), "{events}");
}
