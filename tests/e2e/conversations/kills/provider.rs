//! Two providers: Telnyx honours keys against doubles, Twilio has none.

use std::net::TcpListener;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use talk_testkit::harness::Client;

use super::super::sms::{PUBLIC, TOKEN, answer, encoded, field, signature};
use super::super::{ACCOUNTS, text};
use crate::webhooks::receiver::{Received, Receiver};

const NUMBER: &str = "+15550100";

/// How long a test waits for a request.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Telnyx,
    Twilio,
}

/// A provider with an account at the server.
pub(super) struct Provider {
    pub(super) kind: Kind,
    pub(super) receiver: Receiver,
    /// Accepts connections, and never answers their handshakes.
    deaf: TcpListener,
    pub(super) account: Value,
}

/// A request of a provider, which can be sent again and again.
pub(super) struct Hook {
    /// Its identity.
    pub(super) event: String,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Hook {
    /// Sends it; the result is whether it was answered with 200.
    pub(super) fn send(&self, client: &Client) -> impl Future<Output = bool> + Send + 'static {
        let mut request = client.request(reqwest::Method::POST, &self.path);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let request = request.body(self.body.clone());
        async move {
            request
                .send()
                .await
                .is_ok_and(|answer| answer.status() == 200)
        }
    }
}

impl Provider {
    /// Starts a provider that accepts every message, and knows it by [`id_of`] its text.
    pub(super) fn start(kind: Kind) -> Self {
        let receiver = Receiver::start();
        receiver.answers(move |request| {
            let id = id_of(&body_of(kind, request));
            match kind {
                Kind::Telnyx => answer(200, &json!({"data": {"id": id}})),
                Kind::Twilio => answer(201, &json!({"sid": id})),
            }
        });
        Self {
            kind,
            receiver,
            deaf: TcpListener::bind("127.0.0.1:0").expect("a port"),
            account: Value::Null,
        }
    }

    /// Returns the ports that it listens at.
    pub(super) fn ports(&self) -> String {
        let deaf = self.deaf.local_addr().expect("an address").port();
        format!("{},{deaf}", self.receiver.port)
    }

    fn settings(&self, base_url: &str) -> Value {
        let mut data = json!({"numbers": [NUMBER], "base_url": base_url});
        match self.kind {
            Kind::Telnyx => {
                data["provider"] = json!("telnyx");
                data["public_key"] = json!(STANDARD.encode(pair().public_key().as_ref()));
            }
            Kind::Twilio => {
                data["provider"] = json!("twilio");
                data["account_sid"] = json!("AC1");
            }
        }
        data
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.receiver.port)
    }

    pub(super) async fn join(&mut self, admin: &Client) {
        let data = self.settings(&self.url());
        let body = json!({"type": "sms", "token": TOKEN, "provider_data": data});
        self.account = admin.post(ACCOUNTS, body).await.ok();
    }

    /// Lets requests get no further than the handshake of TLS, or to the provider.
    pub(super) async fn is_deaf(&self, admin: &Client, is_deaf: bool) {
        let port = self.deaf.local_addr().expect("an address").port();
        let deaf = format!("https://127.0.0.1:{port}");
        let base_url = if is_deaf { deaf } else { self.url() };
        let path = format!("{ACCOUNTS}/{}", text(&self.account, "id"));
        let body = json!({"provider_data": self.settings(&base_url)});
        admin.put(&path, body).await.ok();
    }

    /// A message from `person`. Its text is its identity.
    pub(super) fn says(&self, person: &str, what: &str) -> Hook {
        match self.kind {
            Kind::Telnyx => self.signed(&json!({"data": {
                "id": what, "event_type": "message.received", "payload": {
                    "id": what, "from": {"phone_number": person},
                    "to": [{"phone_number": NUMBER}], "text": what,
                },
            }})),
            Kind::Twilio => {
                let form = [
                    ("MessageSid", what),
                    ("From", person),
                    ("To", NUMBER),
                    ("Body", what),
                ];
                signed_form(text(&self.account, "hook_url"), &form, what)
            }
        }
    }

    /// A report that a message was delivered.
    pub(super) fn reports(&self, message: &Value) -> Hook {
        let id = id_of(text(message, "text"));
        match self.kind {
            Kind::Telnyx => self.signed(&json!({"data": {
                "id": format!("{id}:delivered"), "event_type": "message.finalized",
                "payload": {"id": id, "to": [{"status": "delivered"}]},
            }})),
            Kind::Twilio => {
                let url = text(&self.account, "hook_url");
                let url = format!("{url}?message={}", text(message, "id"));
                let form = [("MessageSid", &*id), ("MessageStatus", "delivered")];
                signed_form(&url, &form, &format!("{id}:delivered"))
            }
        }
    }

    fn signed(&self, body: &Value) -> Hook {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let time = now.expect("a time").as_secs().to_string();
        let signature = pair().sign(format!("{time}|{body}").as_bytes());
        let url = text(&self.account, "hook_url");
        Hook {
            event: text(&body["data"], "id").to_owned(),
            path: url.strip_prefix(PUBLIC).expect("our address").to_owned(),
            headers: vec![
                ("telnyx-timestamp", time),
                ("telnyx-signature-ed25519", STANDARD.encode(signature)),
                ("content-type", "application/json".to_owned()),
            ],
            body: body.to_string(),
        }
    }

    /// Returns the texts and keys of all requests to send a message, in the order of their arrival.
    pub(super) fn sent(&self) -> Vec<(String, String)> {
        let sent = self.receiver.all().into_iter().map(|request| {
            let key = request.header("idempotency-key").to_owned();
            (body_of(self.kind, &request), key)
        });
        sent.collect()
    }

    /// Waits until it has a request to send the message with this text.
    pub(super) async fn until_sent(&self, what: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.sent().iter().all(|(sent, _)| sent != what) {
            assert!(Instant::now() < deadline, "{what} is not sent");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// A signed request of Twilio.
fn signed_form(url: &str, form: &[(&str, &str)], event: &str) -> Hook {
    let content = "application/x-www-form-urlencoded".to_owned();
    Hook {
        event: event.to_owned(),
        path: url.strip_prefix(PUBLIC).expect("our address").to_owned(),
        headers: vec![
            ("content-type", content),
            ("x-twilio-signature", signature(TOKEN, url, form)),
        ],
        body: encoded(form),
    }
}

/// The provider's id of the message with this text.
fn id_of(what: &str) -> String {
    format!("id of {what}")
}

/// The text of a message that is to be sent.
fn body_of(kind: Kind, request: &Received) -> String {
    match kind {
        Kind::Telnyx => text(&request.json(), "text").to_owned(),
        Kind::Twilio => field(request, "Body"),
    }
}

/// The key of Telnyx.
fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a key")
}
