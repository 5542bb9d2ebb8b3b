//! Start time, idle memory and binary size.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::Bench;
use super::pages::Large;
use crate::connection::Connection;
use crate::load::float;
use crate::report::{Better, Figure};
use crate::server::{GROUP, Server};
use crate::world::World;

/// How long a server is left alone before its memory is read.
const SETTLED: Duration = Duration::from_secs(2);

/// From starting the process to a page of messages out of a large database.
pub(super) async fn start(bench: &Bench) -> Result<Vec<Figure>> {
    let large = Large::open(bench).await?;
    let request = large.newest(0, &large.world.token(0)?)?;
    let started = Instant::now();
    let server = Server::start(&bench.server, &large.world, GROUP)?;
    let mut connection = Connection::open(&server.address).await?;
    connection.exchange(&request).await?;
    let took = started.elapsed();
    server.stop()?;
    Ok(vec![Figure {
        name: "start",
        what: "ms from the start to the first page, large database",
        ours: took.as_secs_f64() * 1e3,
        limit_is: "ms",
        limit: 50.0,
        better: Better::Less,
    }])
}

/// Memory of an idle server, and the size of its binary.
pub(super) async fn idle(bench: &Bench) -> Result<Vec<Figure>> {
    let world = World::temporary(&bench.data, 1, 1).await?;
    let server = Server::start(&bench.server, &world, GROUP)?;
    tokio::time::sleep(SETTLED).await;
    let memory = server.resident_kib()? / 1024.0;
    server.stop()?;
    let size = float(std::fs::metadata(&bench.server)?.len()) / 1024.0 / 1024.0;
    let figure = |name, what, ours, limit| Figure {
        name,
        what,
        ours,
        limit_is: "MiB",
        limit,
        better: Better::Less,
    };
    Ok(vec![
        figure("idle-memory", "MiB resident, idle", memory, 24.0),
        figure("idle-binary", "MiB of the binary", size, 28.0),
    ])
}
