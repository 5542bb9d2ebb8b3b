//! A server, the agents a document speaks of, and what its names stand for.

use serde_json::{Value, json};

use super::promise::Names;
use talk_testkit::harness::dialect::id;
use talk_testkit::harness::server::PASSWORD;
use talk_testkit::harness::{Client, Dialect, Server, Socket};

/// Names of the documents for the agents by their letter.
const AGENTS: [(&str, &str); 10] = [
    ("agent-123", "A"),
    ("agent-id-1", "B"),
    ("agent-id-2", "C"),
    ("agent-id-3", "D"),
    ("agent-id-4", "E"),
    ("agent-uuid-1", "B"),
    ("agent-uuid-2", "C"),
    ("agent-uuid-3", "D"),
    // The caller of the tutorial, and the agent who is added and replies.
    ("eb1ac5c0-ff63-47e2-bcdb-5da9c336eb4b", "A"),
    ("47fe0b7c-7333-46cf-8b23-61e14e62490a", "B"),
];

/// Emoji of the documents whose UTF-8 was read as Windows-1252; bytes without a character there
/// are lost.
const EMOJI: [(&str, &str); 6] = [
    ("ðŸ‘", "👍"),
    ("ðŸ‘Ž", "👎"),
    ("â¤ï¸", "❤️"),
    ("ðŸŽ‰", "🎉"),
    ("ðŸ‘€", "👀"),
    ("âœ…", "✅"),
];

/// Names for the chat, participant and message that came last.
const CHAT: [&str; 3] = ["<talk-id>", "<chat-id>", "{id}"];
const PARTICIPANT: [&str; 2] = ["<participant-id>", "{pid}"];
const MESSAGE: [&str; 2] = ["<message-id>", "parent-message-id"];

/// The state while the examples of one document run in order.
pub(super) struct Story {
    pub(super) server: Server,
    pub(super) dialect: Dialect,
    agents: Vec<(String, Client)>,
    pub(super) names: Names,
    /// The chat that was created last.
    pub(super) chat: Value,
    /// The message that was posted last.
    pub(super) message: Value,
}

impl Story {
    pub(super) async fn begin(dialect: Dialect) -> Self {
        let server = Server::start().await;
        let admin = server.admin().await;
        let mut agents = Vec::new();
        for letter in ["A", "B", "C", "D", "E"] {
            let (username, name) = (format!("agent-{letter}"), format!("Agent {letter}"));
            let agent = json!({"username": username, "password": PASSWORD, "name": name});
            admin.post("/v1.0/agents", agent).await.ok();
            agents.push((letter.to_owned(), server.login(&username, PASSWORD).await));
        }
        let mut story = Self {
            names: Names::default(),
            chat: Value::Null,
            message: Value::Null,
            server,
            dialect,
            agents,
        };
        story.name_everything();
        story
    }

    fn name_everything(&mut self) {
        self.names.bind("https://api.voipbin.net", &self.server.url);
        self.names
            .bind("<file-uuid>", "018f0000-0000-7000-8000-000000000000");
        for (name, letter) in AGENTS {
            let id = self.agent(letter).id.clone();
            self.names.bind(name, &id);
        }
        for (name, emoji) in EMOJI {
            self.names.bind(name, emoji);
        }
        let everybody = self.dialect.participants(&self.others());
        self.names.bind("[...]", &everybody.to_string());
    }

    /// An agent by the letter.
    pub(super) fn agent(&self, letter: &str) -> &Client {
        let mut agents = self.agents.iter();
        let found = agents.find(|(other, _)| other == letter);
        &found.unwrap_or_else(|| panic!("no Agent {letter}")).1
    }

    /// Returns all agents but Agent A.
    pub(super) fn others(&self) -> Vec<&Client> {
        self.agents.iter().skip(1).map(|(_, agent)| agent).collect()
    }

    /// Creates a group of all agents.
    pub(super) async fn group(&mut self, name: &str) {
        let (dialect, by) = (self.dialect, self.agent("A"));
        let chat = dialect.create(by, name, &self.others()).await;
        self.created(chat);
    }

    /// This chat is the last one.
    pub(super) fn created(&mut self, chat: Value) {
        for name in CHAT {
            self.names.bind(name, id(&chat));
        }
        self.chat = chat;
    }

    /// This participant is the last one.
    pub(super) fn added(&mut self, participant: &Value) {
        for name in PARTICIPANT {
            self.names.bind(name, id(participant));
        }
    }

    /// This message is the last one.
    pub(super) fn posted(&mut self, message: Value) {
        for name in MESSAGE {
            self.names.bind(name, id(&message));
        }
        self.message = message;
    }

    /// A socket of an agent that follows every chat.
    pub(super) async fn socket(&self, letter: &str) -> Socket {
        let agent = self.agent(letter);
        let mut socket = Socket::open(agent).await;
        socket.subscribe(&self.dialect.topic(agent)).await;
        socket
    }
}

/// The next event of this type about this resource, whatever comes before.
pub(super) async fn event(socket: &mut Socket, kind: &str, about: &Value) -> Value {
    loop {
        let frame = socket.next().await;
        if frame["type"] == kind && frame["data"]["id"] == about["id"] {
            return frame;
        }
    }
}
