//! A client that follows every chat and resumes whenever its socket ends.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use super::Run;
use talk_testkit::harness::Client;

/// The text of the last message of every chat.
pub(super) const END: &str = "the end";

/// After this time without a frame a follower reconnects.
const SILENCE: Duration = Duration::from_secs(20);

/// The frames that a follower received.
#[derive(Default)]
pub(super) struct Seen {
    /// The event of each chat it began after.
    pub(super) began: HashMap<String, u64>,
    /// Place and digest of every event of each chat, in the order they came.
    pub(super) events: HashMap<String, Vec<(u64, u64)>>,
    ended: usize,
}

pub(super) struct Follower {
    topic: String,
    token: String,
    epoch: Option<String>,
    chats: usize,
    seen: Seen,
}

/// Place and digest of an event, whether it is replayed or not.
pub(super) fn digest_of(event: &Value) -> (u64, u64) {
    let mut hasher = DefaultHasher::new();
    event["data"].to_string().hash(&mut hasher);
    (event["seq"].as_u64().expect("a number"), hasher.finish())
}

impl Follower {
    pub(super) fn new(agent: &Client, chats: &[Value]) -> Self {
        Self {
            topic: format!("agent_id:{}:chat", agent.id),
            token: agent.token().to_owned(),
            epoch: None,
            chats: chats.len(),
            seen: Seen::default(),
        }
    }

    pub(super) async fn follow(mut self, run: Arc<Run>) -> Seen {
        while self.seen.ended < self.chats {
            let url = run.url.borrow().replacen("http", "ws", 1);
            self.converse(&url).await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.seen
    }

    /// One connection, until it ends or everything was seen.
    async fn converse(&mut self, url: &str) {
        let url = format!("{url}/v1.0/ws?token={}", self.token);
        let Ok((mut socket, _)) = connect_async(url).await else {
            return;
        };
        let mut subscribe = json!({"type": "subscribe", "id": "s", "topics": [self.topic]});
        if let Some(epoch) = &self.epoch {
            subscribe["epoch"] = json!(epoch);
            subscribe["since"] = json!(self.positions());
        }
        if socket
            .send(Message::text(subscribe.to_string()))
            .await
            .is_err()
        {
            return;
        }
        while self.seen.ended < self.chats {
            match tokio::time::timeout(SILENCE, socket.next()).await {
                Ok(Some(Ok(Message::Text(text)))) if self.receive(&text) => {}
                Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => {}
                _ => return,
            }
        }
    }

    /// The last event seen of each chat.
    fn positions(&self) -> HashMap<&String, u64> {
        let last = |chat: &String| {
            let events = self.seen.events.get(chat);
            events.and_then(|events| events.last()).map(|(seq, _)| *seq)
        };
        let began = self.seen.began.iter();
        began
            .map(|(chat, from)| (chat, last(chat).unwrap_or(*from)))
            .collect()
    }

    /// Takes a frame; `false` if the server has too much to do to let it follow.
    fn receive(&mut self, text: &str) -> bool {
        let frame: Value = serde_json::from_str(text).expect("JSON");
        match frame["type"].as_str().expect("a type") {
            "subscribed" if self.epoch.is_none() => {
                self.epoch = frame["epoch"].as_str().map(str::to_owned);
                for (chat, range) in frame["chats"].as_object().expect("chats") {
                    let from = range["from"].as_u64().expect("a number");
                    self.seen.began.insert(chat.clone(), from - 1);
                    self.seen.events.insert(chat.clone(), Vec::new());
                }
            }
            "subscribed" => assert_eq!(frame["epoch"].as_str(), self.epoch.as_deref()),
            "caught_up" | "lagging" | "position" | "agent_presence" => {}
            kind if frame["seq"].is_u64() => {
                assert_ne!(kind, "unsubscribed", "{frame}");
                let chat = frame["chat_id"].as_str().expect("a chat");
                let events = self.seen.events.entry(chat.to_owned()).or_default();
                events.push(digest_of(&frame));
                self.seen.ended += usize::from(frame["data"]["text"] == END);
            }
            "error" if frame["reason"] == "BUSY" => return false,
            _ => panic!("{frame}"),
        }
        true
    }
}
