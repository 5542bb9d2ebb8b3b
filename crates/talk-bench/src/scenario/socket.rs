//! The cost of the WebSocket itself: posts through it, and memory of idle sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use tokio::task::JoinSet;

use super::Bench;
use super::post::{keyed_posts, posts};
use crate::frames::masked;
use crate::load::{float, message, rate};
use crate::report::{Better, Figure};
use crate::server::{GROUP, Server};
use crate::socket::Socket;
use crate::world::World;

/// Sockets that post: what they have on their way fills some groups, or just one.
const MANY: u64 = 16;
const FEW: u64 = 4;
/// Posts that each has on their way.
const IN_FLIGHT: u64 = 64;
/// Connections that post by REST, one after the other each.
const CONNECTIONS: usize = 256;
/// The number of idle sockets, if the limit of open files allows it.
const WAITING: usize = 10_000;
/// Files that are open besides.
const OTHERS: usize = 500;
/// Answers with a message are longer, refusals shorter.
const ANSWER: usize = 300;

/// A post as a frame; ids never repeat within a database.
pub(super) fn post_frame(message: &str, socket: u64, n: u64) -> Vec<u8> {
    let id = format!("{socket:04}-{n:08}");
    masked(&format!(
        r#"{{"type":"post","id":"{id}","message":{message}}}"#
    ))
}

/// Posts per second over sockets, beside REST.
pub(super) async fn socket(bench: &Bench) -> Result<Vec<Figure>> {
    let many = over_sockets(bench, MANY).await?;
    let few = over_sockets(bench, FEW).await?;
    let plain = posts(bench, CONNECTIONS, GROUP).await?;
    let keyed = keyed_posts(bench, CONNECTIONS).await?;
    let figure = |name, (what, ours), (limit_is, limit)| Figure {
        name,
        what,
        ours,
        limit_is,
        limit,
        better: Better::More,
    };
    let many = ("durable posts/s over 16 sockets, 64 in flight each", many);
    let few = ("durable posts/s over 4 sockets, 64 in flight each", few);
    let plain = ("REST posts/s, 256 connections", plain);
    Ok(vec![
        figure("socket", many, plain),
        figure("socket-few", few, plain),
        figure(
            "socket-keyed",
            many,
            ("REST posts/s, each with a key", keyed),
        ),
    ])
}

/// Posts per second over `sockets` sockets.
async fn over_sockets(bench: &Bench, sockets: u64) -> Result<f64> {
    let world = World::temporary(&bench.data, 1, 1).await?;
    let server = Server::start(&bench.server, &world, GROUP)?;
    let (posted, mut clients) = (Arc::new(AtomicU64::new(0)), JoinSet::new());
    for number in 0..sockets {
        let socket = Socket::open(&server.address, &world.token(0)?).await?;
        let (message, posted) = (message(&world)?, Arc::clone(&posted));
        clients.spawn(async move { keep_posting(socket, number, &message, &posted).await });
    }
    let rate = tokio::select! {
        rate = rate(&posted, bench.time) => rate,
        failed = clients.join_next() => failed.context("no sockets")??.map(|()| 0.0)?,
    };
    server.stop()?;
    Ok(rate)
}

async fn keep_posting(
    mut socket: Socket,
    number: u64,
    message: &str,
    posted: &AtomicU64,
) -> Result<()> {
    let (mut sent, mut answered) = (0, 0);
    loop {
        let mut frames = Vec::new();
        while sent < answered + IN_FLIGHT {
            frames.extend(post_frame(message, number, sent));
            sent += 1;
        }
        socket.send(&frames).await?;
        let (before, mut refused) = (answered, false);
        socket
            .take(|length| match length {
                0 => {}
                1..ANSWER => refused = true,
                _ => answered += 1,
            })
            .await?;
        anyhow::ensure!(!refused, "a post was refused");
        posted.fetch_add(answered - before, Ordering::Relaxed);
    }
}

/// Memory of idle subscribed sockets, each of another agent in a chat of 100.
pub(super) async fn memory(bench: &Bench) -> Result<Vec<Figure>> {
    let files = usize::try_from(rlimit::Resource::NOFILE.get_soft()?)?;
    let waiting = WAITING.min(files.saturating_sub(OTHERS));
    let world = World::temporary(&bench.data, waiting, 100).await?;
    let server = Server::start(&bench.server, &world, GROUP)?;
    let before = {
        let _first = subscribed(&server, &world, 0).await?;
        server.resident_kib()?
    };
    let mut sockets = Vec::new();
    for n in 0..waiting {
        sockets.push(subscribed(&server, &world, n).await?);
        if n % 100 == 99 {
            // Members of the chat receive presence frames.
            sockets.iter_mut().try_for_each(Socket::drop_received)?;
        }
    }
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    sockets.iter_mut().try_for_each(Socket::drop_received)?;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let each = (server.resident_kib()? - before) / float(u64::try_from(waiting)?);
    server.stop()?;
    Ok(vec![Figure {
        name: "memory",
        what: "KiB per idle subscribed socket, up to 10,000",
        ours: each,
        limit_is: "KiB",
        limit: 14.0,
        better: Better::Less,
    }])
}

/// A socket of the `n`th agent that follows its chats.
pub(super) async fn subscribed(server: &Server, world: &World, n: usize) -> Result<Socket> {
    Socket::subscribed(&server.address, &world.token(n)?, &world.topic(n)?).await
}
