//! Webhooks and intercepts.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tokio::time::timeout;

use super::Bench;
use crate::connection::{Connection, post, request};
use crate::load::{answers_per_second, message_post};
use crate::receiver::Receiver;
use crate::report::{Better, Figure};
use crate::server::Server;
use crate::times::Times;
use crate::world::{TEXT, World};

/// Chats that are posted to in turn.
const CHATS: usize = 20;

/// Posts before the measurement.
const WARM_UP: usize = 2 * CHATS;

/// Connections that post while an intercept decides.
const CONNECTIONS: usize = 64;

/// The longest time for a delivery.
const PATIENCE: Duration = Duration::from_secs(20);

/// From a post to its delivery while another endpoint never answers, beside the same without that
/// endpoint, in turns.
pub(super) async fn webhooks(bench: &Bench) -> Result<Vec<Figure>> {
    // The system accepts connections for it, up to the length of its queue.
    let dead = TcpListener::bind("127.0.0.1:0")?;
    let mut beside = Hooked::start(bench, Some(dead.local_addr()?.port())).await?;
    let mut alone = Hooked::start(bench, None).await?;
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for n in 0..WARM_UP + bench.samples {
        with.push(beside.deliver(n).await?);
        without.push(alone.deliver(n).await?);
    }
    beside.server.stop()?;
    alone.server.stop()?;
    let p50 = |times: Vec<_>| {
        Times::from(times.into_iter().skip(WARM_UP).collect::<Vec<_>>()).percentile(50)
    };
    Ok(vec![Figure::at_most(
        (
            "webhooks",
            "ms from post to delivery, beside a dead endpoint, p50",
        ),
        p50(with),
        ("the same without the dead one", p50(without)),
    )])
}

/// Posts per second while an intercept allows each, beside those without an intercept.
pub(super) async fn intercepts(bench: &Bench) -> Result<Vec<Figure>> {
    let world = World::temporary(&bench.data, 1, 1).await?;
    let receiver = Receiver::start().await?;
    let server = Server::start_calling(&bench.server, &world, &[receiver.port])?;
    let posts = message_post(&world)?;
    let limit = answers_per_second(&server.address, &posts, CONNECTIONS, bench.time).await?;
    ensure!(
        receiver.waiting() == 0,
        "there is no intercept, and it was called"
    );
    let settings = json!({"uri": uri(receiver.port), "on_error": "reject"}).to_string();
    let path = "/v1.0/intercepts/talk_message";
    let set = request("PUT", path, Some(&world.token(0)?), &settings);
    let mut connection = Connection::open(&server.address).await?;
    connection.exchange(&set).await?;
    let ours = answers_per_second(&server.address, &posts, CONNECTIONS, bench.time).await?;
    ensure!(receiver.waiting() > 0, "the intercept was not called");
    server.stop()?;
    Ok(vec![Figure {
        name: "intercepts",
        what: "durable posts/s, 64 connections, an intercept allows each",
        ours,
        limit_is: "the same without an intercept",
        limit,
        better: Better::More,
    }])
}

/// A server with an endpoint that accepts every delivery.
struct Hooked {
    server: Server,
    world: World,
    receiver: Receiver,
    connection: Connection,
}

impl Hooked {
    /// Starts a server with an endpoint, and with one more at the port `dead`.
    async fn start(bench: &Bench, dead: Option<u16>) -> Result<Self> {
        let world = World::temporary(&bench.data, CHATS, 1).await?;
        let receiver = Receiver::start().await?;
        let ports: Vec<_> = dead.into_iter().chain([receiver.port]).collect();
        let server = Server::start_calling(&bench.server, &world, &ports)?;
        let mut connection = Connection::open(&server.address).await?;
        for port in ports {
            let body = json!({"uri": uri(port), "events": ["chatmessage_created"]}).to_string();
            let create = post("/v1.0/webhooks", Some(&world.token(0)?), &body);
            connection.exchange(&create).await?;
        }
        Ok(Self {
            server,
            world,
            receiver,
            connection,
        })
    }

    /// Posts the `n`th message. Returns the time until it is delivered.
    async fn deliver(&mut self, n: usize) -> Result<Duration> {
        let number = n % CHATS;
        let chat = self.world.chats.get(number).context("a chat")?.0;
        let body = json!({"chat_id": chat.to_string(), "type": "normal", "text": TEXT}).to_string();
        let path = "/v1.0/service_agents/talk_messages";
        let request = post(path, Some(&self.world.token(number)?), &body);
        ensure!(
            self.receiver.waiting() == 0,
            "a message was delivered twice"
        );
        let started = Instant::now();
        self.connection.exchange(&request).await?;
        let arrival = timeout(PATIENCE, self.receiver.arrival());
        let arrival = arrival.await.context("a message was not delivered")??;
        Ok(arrival.duration_since(started))
    }
}

fn uri(port: u16) -> String {
    format!("http://127.0.0.1:{port}/hook")
}
