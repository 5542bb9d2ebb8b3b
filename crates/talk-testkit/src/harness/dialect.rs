//! The two generations of the API, for steps that are the same in both.

use serde_json::{Value, json};

use super::{Answer, Client};

/// A generation of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `/v1.0/talks`, dialect A.
    Talks,
    /// `/v1.0/service_agents/talk_chats`, dialect B.
    Chats,
}

/// The name of an event in dialects A and B.
pub struct Event(&'static str, &'static str);

/// A message was posted.
pub const POSTED: Event = Event("message_created", "chatmessage_created");
/// A message was deleted.
pub const DELETED: Event = Event("message_deleted", "chatmessage_deleted");
/// A reaction was added.
pub const REACTED: Event = Event("reaction_added", "chatmessage_reaction_updated");
/// A reaction was removed.
pub const UNREACTED: Event = Event("reaction_removed", "chatmessage_reaction_updated");
/// A participant was added.
pub const JOINED: Event = Event("participant_joined", "chatparticipant_added");
/// A participant was removed.
pub const LEFT: Event = Event("participant_left", "chatparticipant_removed");

impl Dialect {
    /// The name of an event.
    pub const fn name(self, event: &Event) -> &'static str {
        match self {
            Self::Talks => event.0,
            Self::Chats => event.1,
        }
    }

    /// The topic of every chat of an agent.
    pub fn topic(self, agent: &Client) -> String {
        let resource = match self {
            Self::Talks => "talk",
            Self::Chats => "chat",
        };
        format!("agent_id:{}:{resource}", agent.id)
    }

    /// Returns the path at which chats are created and listed.
    pub const fn chats(self) -> &'static str {
        match self {
            Self::Talks => "/v1.0/talks",
            Self::Chats => "/v1.0/service_agents/talk_chats",
        }
    }

    /// Returns the path of a chat, followed by `rest`.
    pub fn chat(self, chat: &Value, rest: &str) -> String {
        format!("{}/{}{rest}", self.chats(), id(chat))
    }

    /// Returns the path at which the messages of a chat are listed, with the rest of a query.
    pub fn messages(self, chat: &Value, query: &str) -> String {
        match self {
            Self::Talks => self.chat(chat, &format!("/messages?{query}")),
            Self::Chats => {
                let id = id(chat);
                format!("/v1.0/service_agents/talk_messages?chat_id={id}&{query}")
            }
        }
    }

    /// Returns the path at which a message is edited and deleted.
    pub fn message(self, message: &Value) -> String {
        let id = id(message);
        match self {
            Self::Talks => {
                let chat = message["chat_id"].as_str().expect("a chat");
                format!("{}/{chat}/messages/{id}", self.chats())
            }
            Self::Chats => format!("/v1.0/service_agents/talk_messages/{id}"),
        }
    }

    /// Returns the path at which reactions to a message are added and removed.
    pub fn reactions(self, message: &Value) -> String {
        let id = id(message);
        match self {
            Self::Talks => format!("/v1.0/messages/{id}/reactions"),
            Self::Chats => format!("/v1.0/service_agents/talk_messages/{id}/reactions"),
        }
    }

    /// The body that names these participants of a new group.
    pub fn group(self, name: &str, others: &[&Client]) -> Value {
        let others = self.participants(others);
        match self {
            Self::Talks => json!({"name": name, "participant_ids": others}),
            Self::Chats => json!({"type": "group", "name": name, "participants": others}),
        }
    }

    /// Agents as the body of a new chat lists them.
    pub fn participants(self, agents: &[&Client]) -> Value {
        let one = |agent: &&Client| match self {
            Self::Talks => json!(agent.id),
            Self::Chats => agent.as_owner(),
        };
        agents.iter().map(one).collect()
    }

    /// The body that names a participant to add.
    pub fn participant(self, agent: &Client) -> Value {
        match self {
            Self::Talks => json!({"agent_id": agent.id}),
            Self::Chats => agent.as_owner(),
        }
    }

    /// Returns the author of a message, or the agent of a participant.
    pub fn agent(self, of: &Value) -> &str {
        let field = match self {
            Self::Talks => "agent_id",
            Self::Chats => "owner_id",
        };
        of[field].as_str().expect("an agent")
    }

    /// Creates a group; the chat.
    pub async fn create(self, by: &Client, name: &str, others: &[&Client]) -> Value {
        by.post(self.chats(), self.group(name, others)).await.ok()
    }

    /// Adds an agent; the participant.
    pub async fn add(self, by: &Client, chat: &Value, other: &Client) -> Value {
        let body = self.participant(other);
        by.post(&self.chat(chat, "/participants"), body).await.ok()
    }

    /// Removes a participant (or leaves); the participant.
    pub async fn remove(self, by: &Client, chat: &Value, other: &Client) -> Value {
        let participants = self.chat(chat, "/participants");
        let rows = by.get(&participants).await.rows();
        let row = rows.iter().find(|row| self.agent(row) == other.id);
        let id = id(row.expect("a participant"));
        by.delete(&format!("{participants}/{id}")).await.ok()
    }

    /// Says something, perhaps as a reply; the message.
    pub async fn say(self, by: &Client, chat: &Value, text: &str, parent: Option<&Value>) -> Value {
        let mut body = json!({"chat_id": chat["id"], "text": text});
        if let Some(parent) = parent {
            body["parent_id"] = parent["id"].clone();
        }
        by.post(&self.messages(chat, ""), body).await.ok()
    }

    /// Reacts to a message.
    pub async fn react(self, by: &Client, to: &Value, emoji: &str) -> Answer {
        by.post(&self.reactions(to), json!({"emoji": emoji})).await
    }

    /// The messages of a chat that agents wrote, oldest first.
    pub async fn said(self, by: &Client, chat: &Value) -> Vec<Value> {
        let path = self.messages(chat, "order=asc&page_size=100");
        let mut rows = by.get(&path).await.rows();
        rows.retain(|row| row["type"] == "normal");
        rows
    }
}

/// The id of a resource.
pub fn id(of: &Value) -> &str {
    of["id"].as_str().expect("an id")
}
