//! A client of the API.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::Answer;

/// A client, with or without a token.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
    /// The agent's id.
    pub id: String,
}

const B: &str = "/v1.0/service_agents";

impl Client {
    /// Creates a client of the server at `url` with this token, or without a token.
    pub fn new(http: reqwest::Client, url: &str, token: Option<String>) -> Self {
        Self {
            http,
            url: url.to_owned(),
            token,
            id: String::new(),
        }
    }

    /// The same, known to be agent `id`.
    pub fn named(self, id: &str) -> Self {
        Self {
            id: id.to_owned(),
            ..self
        }
    }

    /// Returns the URL of the server.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The token.
    pub fn token(&self) -> &str {
        self.token.as_deref().expect("somebody with a token")
    }

    /// The same agent on a connection of its own.
    pub fn on_its_own(&self) -> Self {
        Self {
            http: reqwest::Client::new(),
            ..self.clone()
        }
    }

    /// A request to be completed by the test.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a GET.
    pub async fn get(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::GET, path)).await
    }

    /// Sends a POST with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::to(self.request(Method::POST, path).json(&body)).await
    }

    /// Sends a PUT with a JSON body.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        Answer::to(self.request(Method::PUT, path).json(&body)).await
    }

    /// Sends a DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::DELETE, path)).await
    }

    /// A POST that may be sent twice.
    pub async fn post_once(&self, key: &str, path: &str, body: &Value) -> Answer {
        let request = self.request(Method::POST, path).json(body);
        Answer::to(request.header("Idempotency-Key", key)).await
    }

    /// Creates a chat of this type with these others; the chat.
    pub async fn chat(&self, kind: &str, others: &[&Client]) -> Value {
        self.try_chat(kind, others).await.ok()
    }

    /// Creates a chat of this type with these others; the answer.
    pub async fn try_chat(&self, kind: &str, others: &[&Client]) -> Answer {
        let participants: Vec<_> = others.iter().map(|other| other.as_owner()).collect();
        let body = json!({"type": kind, "name": "Project", "participants": participants});
        self.post(&format!("{B}/talk_chats"), body).await
    }

    /// `{owner_type, owner_id}` of this agent.
    pub fn as_owner(&self) -> Value {
        json!({"owner_type": "agent", "owner_id": self.id})
    }

    /// Adds another to a chat.
    pub async fn add(&self, chat: &Value, other: &Client) -> Answer {
        self.post(&path(chat, "/participants"), other.as_owner())
            .await
    }

    /// The participant that `other` is in a chat.
    pub async fn participant(&self, chat: &Value, other: &Client) -> Option<Value> {
        let list = self
            .get(&path(chat, "/participants?page_size=100"))
            .await
            .ok();
        let rows = list["result"].as_array().expect("a list").clone();
        rows.into_iter()
            .find(|row| row["owner_id"] == other.id.as_str())
    }

    /// Removes another (or itself) from a chat.
    pub async fn remove(&self, chat: &Value, participant: &Value) -> Answer {
        let id = participant["id"].as_str().expect("an id");
        self.delete(&path(chat, &format!("/participants/{id}")))
            .await
    }

    /// Says something; the message.
    pub async fn say(&self, chat: &Value, text: &str) -> Value {
        self.try_say(chat, text).await.ok()
    }

    /// Posts a message; the answer.
    pub async fn try_say(&self, chat: &Value, text: &str) -> Answer {
        let body = json!({"chat_id": chat["id"], "type": "normal", "text": text});
        self.post(&format!("{B}/talk_messages"), body).await
    }

    /// Answers a message.
    pub async fn reply(&self, to: &Value, text: &str) -> Answer {
        let body = json!({"chat_id": to["chat_id"], "text": text, "parent_id": to["id"]});
        self.post(&format!("{B}/talk_messages"), body).await
    }

    /// Reacts to a message.
    pub async fn react(&self, to: &Value, emoji: &str) -> Answer {
        self.post(&message(to, "/reactions"), json!({"emoji": emoji}))
            .await
    }

    /// Every event of a chat, from the first.
    pub async fn events(&self, chat: &Value) -> Vec<Value> {
        let id = chat["id"].as_str().expect("an id");
        let mut events: Vec<Value> = Vec::new();
        loop {
            let since = events
                .last()
                .map_or(0, |last| last["seq"].as_u64().expect("a number"));
            let path = format!("{B}/talk_events?chat_id={id}&since={since}&limit=1000");
            let page = self.get(&path).await.ok();
            let page = page["result"].as_array().expect("a list").clone();
            if page.is_empty() {
                return events;
            }
            events.extend(page);
        }
    }
}

/// Returns the path of a chat, followed by `rest`.
pub fn path(chat: &Value, rest: &str) -> String {
    format!(
        "{B}/talk_chats/{}{rest}",
        chat["id"].as_str().expect("an id")
    )
}

/// Returns the path of a message, followed by `rest`.
pub fn message(message: &Value, rest: &str) -> String {
    format!(
        "{B}/talk_messages/{}{rest}",
        message["id"].as_str().expect("an id")
    )
}
