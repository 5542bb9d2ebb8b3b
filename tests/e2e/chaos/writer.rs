//! A client that posts until the end, and retries unanswered posts.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};

use super::Run;
use talk_testkit::harness::Client;

/// A message the server answered for.
pub(super) struct Acknowledged {
    pub(super) chat: String,
    pub(super) id: String,
    pub(super) seq: u64,
}

pub(super) struct Writer {
    http: reqwest::Client,
    token: String,
    chat: String,
    number: usize,
}

impl Writer {
    pub(super) fn new(agent: &Client, chat: &Value, number: usize) -> Self {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(5));
        Self {
            http: http.build().expect("a client"),
            token: agent.token().to_owned(),
            chat: super::id(chat),
            number,
        }
    }

    pub(super) async fn write(self, run: Arc<Run>) -> Vec<Acknowledged> {
        let mut acknowledged = Vec::new();
        while !run.is_over.load(Ordering::Relaxed) {
            let key = format!("chaos-{}-{}", self.number, acknowledged.len());
            acknowledged.push(self.post(&run, &key).await);
            run.posted.fetch_add(1, Ordering::Relaxed);
        }
        acknowledged
    }

    /// Posts until it is answered.
    async fn post(&self, run: &Run, key: &str) -> Acknowledged {
        loop {
            let url = run.url.borrow().clone();
            let request = self
                .http
                .post(format!("{url}/v1.0/service_agents/talk_messages"))
                .bearer_auth(&self.token)
                .header("Idempotency-Key", key)
                .json(&json!({"chat_id": self.chat, "text": key}));
            if let Ok(answer) = request.send().await
                && answer.status() == 200
                && let Ok(message) = answer.json::<Value>().await
            {
                return Acknowledged {
                    chat: self.chat.clone(),
                    id: message["id"].as_str().expect("an id").to_owned(),
                    seq: message["seq"].as_u64().expect("a number"),
                };
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
