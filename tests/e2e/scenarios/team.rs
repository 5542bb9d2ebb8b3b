//! The agents of a scenario with their sockets: each must get every event in order, and nothing
//! else.

use serde_json::Value;

use talk_testkit::harness::dialect::{Event, JOINED, POSTED};
use talk_testkit::harness::{Client, Dialect, Server, Socket};

/// Agent `a` and the others.
pub(super) struct Team {
    dialect: Dialect,
    agents: [(&'static str, Client); 5],
    others: Vec<&'static str>,
    sockets: Vec<(&'static str, Socket)>,
    chat: Value,
    _server: Server,
}

impl Team {
    /// Agents `a` to `e`; those that will be in the chat besides `a` listen.
    pub(super) async fn gather<const N: usize>(
        dialect: Dialect,
        others: [&'static str; N],
    ) -> Self {
        let server = Server::start().await;
        let names = ["a", "b", "c", "d", "e"];
        let usernames = ["agent-a", "agent-b", "agent-c", "agent-d", "agent-e"];
        let mut agents = server.agents(usernames).await.into_iter();
        let agents = names.map(|name| (name, agents.next().expect("an agent")));
        let mut team = Self {
            dialect,
            agents,
            others: others.to_vec(),
            sockets: Vec::new(),
            chat: Value::Null,
            _server: server,
        };
        for name in others {
            let agent = team.agent(name);
            let mut socket = Socket::open(agent).await;
            socket.subscribe(&dialect.topic(agent)).await;
            team.sockets.push((name, socket));
        }
        team
    }

    pub(super) fn agent(&self, name: &str) -> &Client {
        let mut agents = self.agents.iter();
        let found = agents.find(|(other, _)| *other == name);
        &found.expect("an agent").1
    }

    /// Creates the chat, which the others hear of with its participants; the chat.
    pub(super) async fn create(&mut self, name: &str) -> Value {
        let others: Vec<_> = self.others.iter().map(|name| self.agent(name)).collect();
        self.chat = self.dialect.create(self.agent("a"), name, &others).await;
        for (_, socket) in &mut self.sockets {
            if self.dialect == Dialect::Chats {
                let created = socket.answer("chat_created").await;
                assert_eq!(created["data"]["id"], self.chat["id"]);
            }
            for _ in 0..=self.others.len() {
                socket.answer(self.dialect.name(&JOINED)).await;
            }
        }
        self.chat.clone()
    }

    /// Says something, perhaps as a reply, which the others hear; the message.
    pub(super) async fn say(&mut self, by: &str, text: &str, parent: Option<&Value>) -> Value {
        let by = self.agent(by).clone();
        let said = self.dialect.say(&by, &self.chat, text, parent).await;
        assert_eq!(
            (&said["text"], self.dialect.agent(&said)),
            (&text.into(), &*by.id)
        );
        self.heard(&POSTED, &said).await;
        said
    }

    /// Reacts to a message; the message.
    pub(super) async fn react(&self, by: &str, to: &Value, emoji: &str) -> Value {
        self.dialect.react(self.agent(by), to, emoji).await.ok()
    }

    /// The messages of agents that someone lists, oldest first, with the rest of a query.
    pub(super) async fn list(&self, by: &str, query: &str) -> Vec<Value> {
        let path = self
            .dialect
            .messages(&self.chat, &format!("order=asc{query}"));
        let mut rows = self.agent(by).get(&path).await.rows();
        rows.retain(|row| row["type"] == "normal");
        rows
    }

    /// Every socket gets this event next, with the resource as it was answered.
    pub(super) async fn heard(&mut self, event: &Event, resource: &Value) {
        let kind = self.dialect.name(event);
        for (name, socket) in &mut self.sockets {
            let frame = socket.answer(kind).await;
            assert_eq!(frame["data"], *resource, "{name}");
            assert_eq!(frame["chat_id"], self.chat["id"], "{name}");
        }
    }

    /// Checks that the next `count` events of every socket are `event`, the last one with the
    /// current resource.
    pub(super) async fn heard_in_total(&mut self, event: &Event, count: usize, now: &Value) {
        let kind = self.dialect.name(event);
        for (name, socket) in &mut self.sockets {
            for _ in 1..count {
                socket.answer(kind).await;
            }
            assert_eq!(socket.answer(kind).await["data"], *now, "{name}");
        }
    }

    /// Every socket gets this system message next.
    pub(super) async fn heard_note(&mut self, text: &str) {
        let kind = self.dialect.name(&POSTED);
        for (name, socket) in &mut self.sockets {
            let note = socket.answer(kind).await["data"].clone();
            assert_eq!(
                (&note["type"], &note["text"]),
                (&"system".into(), &text.into()),
                "{name}"
            );
        }
    }

    /// Every socket hears that the chat is closed: only today's vocabulary has an event of it.
    pub(super) async fn heard_close(&mut self, text: &str) {
        if self.dialect == Dialect::Chats {
            for (_, socket) in &mut self.sockets {
                let frame = socket.answer("chat_updated").await;
                assert_eq!(frame["data"]["status"], "closed");
            }
        }
        self.heard_note(text).await;
    }

    /// Checks that an agent that has left gets `unsubscribed`, and nothing more.
    pub(super) async fn leaves(&mut self, name: &str) {
        let place = self.sockets.iter().position(|(other, _)| *other == name);
        let (_, mut socket) = self.sockets.remove(place.expect("a socket"));
        let end = socket.answer("unsubscribed").await;
        assert_eq!(
            (&end["chat_id"], &end["reason"]),
            (&self.chat["id"], &"removed".into())
        );
        socket.nothing_else().await;
    }

    /// Checks that no socket gets another event.
    pub(super) async fn nothing_else(&mut self) {
        for (_, socket) in &mut self.sockets {
            socket.nothing_else().await;
        }
    }
}

/// How many reactions of each emoji a message has.
pub(super) fn counts(message: &Value) -> Value {
    message["reaction_counts"].clone()
}

/// The texts of messages.
pub(super) fn texts(messages: &[Value]) -> Vec<&str> {
    messages
        .iter()
        .map(|message| message["text"].as_str().expect("a text"))
        .collect()
}
