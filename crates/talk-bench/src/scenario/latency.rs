//! Latency of a single post: `k` times a sync of the disk, plus `c`.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::Bench;
use crate::connection::Connection;
use crate::disk::Disk;
use crate::load::message_post;
use crate::report::{Better, Figure};
use crate::server::{GROUP, Server};
use crate::times::Times;
use crate::world::World;

/// A file system in memory, where a sync costs nothing: what a post costs there is `c`.
const MEMORY: &str = "/dev/shm";

/// The median post, with `k` and `c`.
pub(super) async fn latency(bench: &Bench) -> Result<Vec<Figure>> {
    let (p50, sync) = median(bench, &bench.data).await?;
    let (c, _) = median(bench, Path::new(MEMORY)).await?;
    Ok(vec![
        Figure {
            name: "latency",
            what: "ms per post, 1 connection, p50",
            ours: p50,
            limit_is: "ms per fdatasync, p50",
            limit: sync,
            better: Better::Less,
        },
        Figure {
            name: "latency-k",
            what: "ms of it that the disk causes (ratio: k)",
            ours: (p50 - c).max(0.0),
            limit_is: "ms per fdatasync, p50",
            limit: sync,
            better: Better::Less,
        },
        Figure {
            name: "latency-c",
            what: "ms per post without a disk (c)",
            ours: c,
            limit_is: "ms per fdatasync, p50",
            limit: sync,
            better: Better::Less,
        },
    ])
}

/// Milliseconds of a post and of a sync in `dir`, taken in turns.
async fn median(bench: &Bench, dir: &Path) -> Result<(f64, f64)> {
    let world = World::temporary(dir, 1, 1).await?;
    let server = Server::start(&bench.server, &world, GROUP)?;
    let request = message_post(&world)?;
    let mut connection = Connection::open(&server.address).await?;
    let mut disk = Disk::new(dir)?;
    for _ in 0..20 {
        connection.exchange(&request).await?;
    }
    let (mut posts, mut syncs) = (Vec::new(), Vec::new());
    for _ in 0..bench.samples {
        let started = Instant::now();
        connection.exchange(&request).await?;
        posts.push(started.elapsed());
        // Lets background work of the post end before the disk is timed.
        tokio::time::sleep(Duration::from_millis(1)).await;
        syncs.push(disk.sync()?);
    }
    server.stop()?;
    let (posts, syncs) = (Times::from(posts), Times::from(syncs));
    Ok((posts.percentile(50), syncs.percentile(50)))
}
