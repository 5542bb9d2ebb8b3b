//! The fixture: a sender of bad input, every endpoint, and all stored state.

use reqwest::Method;
use serde_json::{Value, json};

use super::endpoint::Endpoint;
use talk_testkit::harness::client::{message, path};
use talk_testkit::harness::server::PASSWORD;
use talk_testkit::harness::{Client, Server};

pub(super) const AGENTS: &str = "/v1.0/agents";
pub(super) const KEYS: &str = "/v1.0/accesskeys";
pub(super) const CHATS: &str = "/v1.0/service_agents/talk_chats";
pub(super) const CHANNELS: &str = "/v1.0/service_agents/talk_channels";
pub(super) const MESSAGES: &str = "/v1.0/service_agents/talk_messages";
pub(super) const EVENTS: &str = "/v1.0/service_agents/talk_events";
/// An id nothing has.
pub(super) const UNKNOWN: &str = "018f0000-0000-7000-8000-000000000000";

/// Alice, with a chat she wrote a message into, and a channel of Bob's she is not in.
pub(super) struct World {
    pub(super) server: Server,
    pub(super) admin: Client,
    pub(super) alice: Client,
    pub(super) bob: Client,
    pub(super) carol: Client,
    pub(super) chat: Value,
    pub(super) channel: Value,
    pub(super) message: Value,
}

impl World {
    pub(super) async fn new() -> Self {
        let server = Server::start().await;
        let admin = server.admin().await;
        let [alice, bob, carol] = server.agents(["alice", "bob", "carol"]).await;
        let chat = alice.chat("group", &[&bob]).await;
        let channel = bob.chat("talk", &[]).await;
        let message = alice.say(&chat, "hello").await;
        alice.post(KEYS, json!({})).await.ok();
        Self {
            server,
            admin,
            alice,
            bob,
            carol,
            chat,
            channel,
            message,
        }
    }

    /// Everything there is, as its lists show it.
    pub(super) async fn stored(&self) -> Vec<String> {
        let chat = self.chat["id"].as_str().expect("an id");
        let channel = self.channel["id"].as_str().expect("an id");
        let events = |chat| format!("{EVENTS}?limit=1000&chat_id={chat}");
        let mut lists = Vec::new();
        for (by, list) in [
            (&self.admin, AGENTS.to_owned()),
            (&self.admin, KEYS.to_owned()),
            (&self.alice, KEYS.to_owned()),
            (&self.alice, CHATS.to_owned()),
            (&self.bob, CHATS.to_owned()),
            (&self.alice, CHANNELS.to_owned()),
            (&self.alice, MESSAGES.to_owned()),
            (&self.bob, MESSAGES.to_owned()),
            (&self.alice, path(&self.chat, "/participants")),
            (&self.bob, path(&self.channel, "/participants")),
            (&self.alice, message(&self.message, "/revisions")),
            (&self.alice, events(chat)),
            (&self.bob, events(channel)),
        ] {
            let answer = by.get(&list).await;
            answer.ok();
            lists.push(format!("{list} {}", answer.body));
        }
        lists
    }

    /// Every endpoint that reads a body, with one it takes that has every field there is.
    pub(super) fn endpoints(&self) -> Vec<Endpoint> {
        let mut all = self.identity();
        all.extend(self.talk());
        all
    }

    /// The endpoints without fields.
    pub(super) fn bare_endpoints(&self) -> Vec<Endpoint> {
        let post = |path| Endpoint::new(&self.alice, Method::POST, path, json!({}));
        vec![
            post(path(&self.channel, "/join")),
            post(path(&self.chat, "/close")),
            post(path(&self.chat, "/reopen")),
        ]
    }

    fn identity(&self) -> Vec<Endpoint> {
        let bob = format!("{AGENTS}/{}", self.bob.id);
        let login = json!({"username": "alice", "password": PASSWORD});
        let password = json!({"old_password": PASSWORD, "new_password": "another password"});
        let new = json!({
            "username": "dave", "password": PASSWORD, "name": "D", "detail": "d", "permission": 16,
        });
        let change = json!({"name": "B", "detail": "b", "permission": 16, "status": "active"});
        let key = json!({"name": "K", "detail": "k", "expire": 60});
        let own_password = "/v1.0/service_agents/me/password";
        vec![
            Endpoint::new(
                &self.server.anonymous(),
                Method::POST,
                "/auth/login".into(),
                login,
            )
            .of_logins(),
            Endpoint::new(&self.carol, Method::PUT, own_password.into(), password),
            Endpoint::new(&self.admin, Method::POST, AGENTS.into(), new),
            Endpoint::new(&self.admin, Method::PUT, bob, change),
            Endpoint::new(&self.alice, Method::POST, KEYS.into(), key),
        ]
    }

    fn talk(&self) -> Vec<Endpoint> {
        let by_alice = |method, path, body| Endpoint::new(&self.alice, method, path, body);
        let owners = [self.bob.as_owner(), self.carol.as_owner()];
        let chat = json!({"type": "group", "name": "C", "detail": "c", "participants": owners});
        let post = json!({
            "chat_id": self.chat["id"], "type": "normal", "text": "t",
            "parent_id": self.message["id"], "medias": self.medias(),
        });
        let edit = json!({"text": "u", "medias": self.medias()});
        let reactions = message(&self.message, "/reactions");
        let emoji = json!({"emoji": "👍"});
        vec![
            by_alice(Method::POST, CHATS.into(), chat),
            by_alice(
                Method::PUT,
                path(&self.chat, ""),
                json!({"name": "C", "detail": "c"}),
            ),
            by_alice(Method::PUT, path(&self.chat, "/read"), json!({"seq": 1})),
            by_alice(
                Method::POST,
                path(&self.chat, "/participants"),
                self.carol.as_owner(),
            ),
            by_alice(Method::POST, MESSAGES.into(), post).of_messages(),
            by_alice(Method::PUT, message(&self.message, ""), edit).of_messages(),
            by_alice(Method::POST, reactions.clone(), emoji.clone()).of_messages(),
            by_alice(Method::DELETE, reactions, emoji).of_messages(),
        ]
    }

    /// One of each kind but the file, which nobody has.
    fn medias(&self) -> Value {
        let address = json!({
            "type": "tel", "target": "+49", "target_name": "n", "name": "a", "detail": "d",
        });
        json!([
            {"type": "link", "link_url": "https://e.test", "file_id": UNKNOWN},
            {"type": "agent", "agent_id": self.bob.id},
            {"type": "address", "address": address},
            {"type": "image/png", "url": "https://e.test/a.png", "name": "a.png"},
        ])
    }
}
