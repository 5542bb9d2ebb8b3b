//! Durable posts per second.

use std::path::Path;

use anyhow::Result;

use super::Bench;
use crate::connection::post as request;
use crate::limit::Limit;
use crate::load::{answers_per_second, keyed, message, message_post};
use crate::report::{Better, Figure};
use crate::server::{GROUP, Server};
use crate::world::World;

/// Posts by 256 connections, beside an echo of the same JSON in the same framework.
pub(super) async fn post(bench: &Bench) -> Result<Vec<Figure>> {
    let ours = posts(bench, 256, GROUP).await?;
    let world = World::temporary(&bench.data, 1, 1).await?;
    let echo = Limit::start(&["limit-echo"]).await?;
    let asked = request("/", Some(&world.token(0)?), &message(&world)?);
    let limit = answers_per_second(&echo.address, &asked, 256, bench.time).await?;
    echo.stop().await?;
    Ok(vec![Figure {
        name: "post",
        what: "durable posts/s, 256 connections",
        ours,
        limit_is: "bare JSON echoes/s",
        limit,
        better: Better::More,
    }])
}

/// Posts by 64 connections, beside the same binary with a commit for each.
pub(super) async fn group(bench: &Bench) -> Result<Vec<Figure>> {
    Ok(vec![Figure {
        name: "group",
        what: "durable posts/s, 64 connections, group commit",
        ours: posts(bench, 64, GROUP).await?,
        limit_is: "the same, one commit per request",
        limit: posts(bench, 64, 1).await?,
        better: Better::More,
    }])
}

/// Posts per second on a new database.
pub(super) async fn posts(bench: &Bench, connections: usize, group: usize) -> Result<f64> {
    requests(bench, connections, group, <[u8]>::to_vec).await
}

/// The same with an idempotency key each, as posts over a socket have.
pub(super) async fn keyed_posts(bench: &Bench, connections: usize) -> Result<f64> {
    requests(bench, connections, GROUP, keyed).await
}

async fn requests(
    bench: &Bench,
    connections: usize,
    group: usize,
    change: fn(&[u8]) -> Vec<u8>,
) -> Result<f64> {
    let world = World::temporary(&bench.data, 1, 1).await?;
    let server = Server::start(Path::new(&bench.server), &world, group)?;
    let asked = change(&message_post(&world)?);
    let posts = answers_per_second(&server.address, &asked, connections, bench.time).await?;
    server.stop()?;
    Ok(posts)
}
