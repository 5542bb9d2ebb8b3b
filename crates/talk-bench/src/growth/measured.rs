//! Measures one point of each curve.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use talk_domain::kernel::time::Timestamp;

use crate::connection::{Connection, get};
use crate::crowd::{Crowd, Senders};
use crate::frames::masked;
use crate::load::{answers_per_second, message, message_post};
use crate::scenario::Bench;
use crate::server::{GROUP, Server};
use crate::socket::Socket;
use crate::times::Times;
use crate::world::{World, now};

/// Bytes of an event of a message; presence and positions have fewer.
const EVENT: std::ops::RangeInclusive<usize> = 400..=2_000;
/// Posts in flight.
const WINDOW: u64 = 16;
/// Number of timed posts.
const DELAYED: usize = 200;
/// Time until presence is delivered.
const SETTLED: Duration = Duration::from_secs(3);
/// Messages of each chat that the agent did not read.
const UNREAD: usize = 10;
/// Chats on a page: as many as the first step has.
const PAGE: usize = 10;

/// Durable posts per second over `connections` connections, while `idle` subscribed sockets wait.
pub(super) async fn posts(bench: &Bench, connections: usize, idle: usize) -> Result<f64> {
    let world = World::temporary(&bench.data, 1 + idle, 1).await?;
    let server = Server::start(&bench.server, &world, GROUP)?;
    let mut sockets = Vec::new();
    for n in 1..=idle {
        let (token, topic) = (world.token(n)?, world.topic(n)?);
        sockets.push(Socket::subscribed(&server.address, &token, &topic).await?);
    }
    let asked = message_post(&world)?;
    let posts = answers_per_second(&server.address, &asked, connections, bench.time).await?;
    server.stop()?;
    Ok(posts)
}

/// The 99th percentile of deliveries to `members` members in milliseconds, and deliveries per
/// second.
pub(super) async fn deliveries(bench: &Bench, members: usize) -> Result<(f64, f64)> {
    let world = World::temporary(&bench.data, members, members).await?;
    let server = Server::start(&bench.server, &world, GROUP)?;
    let mut sockets = Vec::new();
    for n in 0..members {
        let (token, topic) = (world.token(n)?, world.topic(n)?);
        sockets.push(Socket::subscribed(&server.address, &token, &topic).await?);
        if n % 50 == 49 {
            sockets.iter_mut().try_for_each(Socket::drop_received)?;
        }
    }
    tokio::time::sleep(SETTLED).await;
    sockets.iter_mut().try_for_each(Socket::drop_received)?;
    let posting = Socket::open(&server.address, &world.token(0)?).await?;
    let message = message(&world)?;
    let mut senders = Senders::new(vec![posting], move |n| {
        masked(&format!(
            r#"{{"type":"post","id":"{n:08}","message":{message}}}"#
        ))
    });
    let (mut crowd, each) = (Crowd::new(sockets, EVENT), u64::try_from(members)?);
    let delays = crowd.delays(&mut senders, each, DELAYED).await?;
    let rate = crowd.deliveries_per_second(&mut senders, (each, WINDOW), bench.time);
    let rate = rate.await?;
    server.stop()?;
    Ok((Times::from(delays).percentile(99), rate))
}

/// The median milliseconds of the first page of an agent's chats.
pub(super) async fn chats(bench: &Bench, chats: usize) -> Result<f64> {
    let mut world = World::temporary(&bench.data, 2, 2).await?;
    let (store, now) = (world.open()?, now()?.as_micros());
    for n in 1..chats {
        // A second apart.
        let before = i64::try_from(chats - n)? * 1_000_000;
        let start = Timestamp::from_micros(now - before).context("a time")?;
        world.fill(&store, (n, UNREAD), start).await?;
    }
    drop(store);
    let server = Server::start(&bench.server, &world, GROUP)?;
    let path = format!("/v1.0/service_agents/talk_chats?page_size={PAGE}");
    // The first agent posted, the other did not read.
    let request = get(&path, &world.token(1)?);
    let mut connection = Connection::open(&server.address).await?;
    let mut times = Vec::new();
    for sample in 0..bench.samples + 20 {
        let started = Instant::now();
        let body = connection.exchange(&request).await?;
        let took = started.elapsed();
        let counted = format!("\"unread_count\":{UNREAD}");
        let unread = String::from_utf8_lossy(body).matches(&counted).count();
        // The first chat has no messages.
        ensure!(unread >= PAGE - 1, "{unread} unread chats");
        if sample >= 20 {
            times.push(took);
        }
    }
    server.stop()?;
    Ok(Times::from(times).percentile(50))
}
