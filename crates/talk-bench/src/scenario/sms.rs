//! SMS by an HTTP provider, out and in.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use aws_lc_rs::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Bench;
use crate::connection::{Connection, get, post};
use crate::load::{message_post, paced};
use crate::receiver::Receiver;
use crate::report::Figure;
use crate::server::{PUBLIC_URL, Server};
use crate::times::Times;
use crate::world::{TEXT, World};

/// Persons outside.
const PEOPLE: usize = 20;

/// Messages before the measurement.
const WARM_UP: usize = PEOPLE;

/// Messages that wait for the dead provider.
const STUCK: usize = 64;

/// The longest time until a provider has accepted a message.
const PATIENCE: Duration = Duration::from_secs(20);

/// Requests of the provider per second.
const PER_SECOND: u32 = 500;

const TOKEN: &str = "token-of-the-benchmark";
const OWN: &str = "+15550100";

/// From a message to its acceptance while another provider of the customer never answers, beside the same
/// without that provider, in turns.
pub(super) async fn out(bench: &Bench) -> Result<Vec<Figure>> {
    // The system accepts connections for it, up to the length of its queue.
    let dead = TcpListener::bind("127.0.0.1:0")?;
    let mut beside = Provided::start(bench, Some(dead.local_addr()?.port())).await?;
    let mut alone = Provided::start(bench, None).await?;
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for n in 0..WARM_UP + bench.samples {
        with.push(beside.send(n).await?);
        without.push(alone.send(n).await?);
    }
    beside.server.stop()?;
    alone.server.stop()?;
    let measured = |times: Vec<Duration>| times.into_iter().skip(WARM_UP).collect::<Vec<_>>();
    let p50 = |times| Times::from(measured(times)).percentile(50);
    Ok(vec![Figure::at_most(
        (
            "sms-out",
            "ms from message to acceptance, beside a dead provider, p50",
        ),
        p50(with),
        ("the same without the dead one", p50(without)),
    )])
}

/// Requests of the provider, beside posts of messages, each 500 per second, in turns.
pub(super) async fn hook(bench: &Bench) -> Result<Vec<Figure>> {
    let mut provided = Provided::start(bench, None).await?;
    let address = provided.server.address.clone();
    let account = provided.account(provided.receiver.port).await?;
    let message = message_post(&provided.world)?;
    let (mut hooks, mut posts) = (Vec::new(), Vec::new());
    let count = usize::try_from(bench.time.as_secs().max(1))? * usize::try_from(PER_SECOND)?;
    for turn in 0..3 {
        let requests = vec![message.clone(); count];
        posts.extend(paced(&address, requests, PER_SECOND).await?);
        let requests = (0..count).map(|n| incoming(&account, turn * count + n));
        hooks.extend(paced(&address, requests.collect(), PER_SECOND).await?);
    }
    provided.server.stop()?;
    Ok(vec![Figure::at_most(
        ("sms-hook", "ms per request of a provider, 500/s, p50"),
        Times::from(hooks).percentile(50),
        (
            "durable posts of messages, 500/s",
            Times::from(posts).percentile(50),
        ),
    )])
}

/// The `n`th message from outside, as Twilio sends it.
fn incoming(account: &str, n: usize) -> Vec<u8> {
    let path = format!("/v1.0/conversation/accounts/{account}");
    let (id, from) = (format!("SM{n}"), person(n));
    let fields = [
        ("Body", TEXT),
        ("From", &from),
        ("MessageSid", &id),
        ("To", OWN),
    ];
    let mut signed = format!("{PUBLIC_URL}{path}");
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        signed.push_str(name);
        signed.push_str(value);
        form.append_pair(name, value);
    }
    let key = Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, TOKEN.as_bytes());
    let signature = STANDARD.encode(sign(&key, signed.as_bytes()));
    let body = form.finish();
    format!(
        "POST {path} HTTP/1.1\r\nHost: talk\r\nX-Twilio-Signature: {signature}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// The number of the `n`th person.
fn person(n: usize) -> String {
    format!("+1555020{:02}", n % PEOPLE)
}

/// A server with an account whose provider accepts every message.
struct Provided {
    server: Server,
    world: World,
    receiver: Receiver,
    connection: Connection,
    /// A conversation with each person.
    conversations: Vec<String>,
}

impl Provided {
    /// Starts a server with an account, and with messages that wait for a provider at the port `dead`.
    async fn start(bench: &Bench, dead: Option<u16>) -> Result<Self> {
        let world = World::temporary(&bench.data, 1, 1).await?;
        let receiver = Receiver::start().await?;
        let ports: Vec<_> = dead.into_iter().chain([receiver.port]).collect();
        let server = Server::start_calling(&bench.server, &world, &ports)?;
        let connection = Connection::open(&server.address).await?;
        let mut provided = Self {
            server,
            world,
            receiver,
            connection,
            conversations: Vec::new(),
        };
        if let Some(port) = dead {
            let account = provided.account(port).await?;
            for n in 0..STUCK {
                provided.open(&account, &format!("+1555030{n:02}")).await?;
            }
        }
        let account = provided.account(provided.receiver.port).await?;
        for n in 0..PEOPLE {
            let conversation = provided.open(&account, &person(n)).await?;
            provided.conversations.push(conversation);
        }
        Ok(provided)
    }

    /// Creates an account whose provider is at `port`. Returns its id.
    async fn account(&mut self, port: u16) -> Result<String> {
        let body = json!({"type": "sms", "name": "Support", "token": TOKEN, "provider_data": {
            "provider": "twilio", "account_sid": "AC1", "numbers": [OWN],
            "base_url": format!("http://127.0.0.1:{port}"),
        }});
        let created = self.post("/v1.0/conversation_accounts", &body).await?;
        text(&created, "id")
    }

    /// Opens a conversation with a person by a first message. Returns its id.
    async fn open(&mut self, account: &str, target: &str) -> Result<String> {
        let peer = json!({"type": "tel", "target": target});
        let body = json!({"account_id": account, "peer": peer, "text": TEXT});
        let opened = self.post("/v1.0/conversations", &body).await?;
        text(&opened, "id")
    }

    /// Sends the `n`th message. Returns the time until the provider has accepted it.
    async fn send(&mut self, n: usize) -> Result<Duration> {
        let conversation = self.conversations.get(n % PEOPLE).context("a person")?;
        let path = format!("/v1.0/conversations/{conversation}/messages");
        let started = Instant::now();
        let sent = self.post(&path, &json!({"text": TEXT})).await?;
        let path = format!("{path}/{}", text(&sent, "id")?);
        let show = get(&path, &self.world.token(0)?);
        loop {
            let shown = self.connection.exchange(&show).await?;
            let shown: Value = serde_json::from_slice(shown)?;
            if text(&shown, "delivery")? == "accepted" {
                return Ok(started.elapsed());
            }
            ensure!(
                started.elapsed() < PATIENCE,
                "a message was not accepted: {shown}"
            );
        }
    }

    async fn post(&mut self, path: &str, body: &Value) -> Result<Value> {
        let request = post(path, Some(&self.world.token(0)?), &body.to_string());
        let answer = self.connection.exchange(&request).await?;
        Ok(serde_json::from_slice(answer)?)
    }
}

fn text(value: &Value, field: &str) -> Result<String> {
    let text = value.get(field).and_then(Value::as_str);
    Ok(text
        .with_context(|| format!("no {field} in {value}"))?
        .to_owned())
}
