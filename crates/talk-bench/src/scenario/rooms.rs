//! Messages in small and large chats, a few or many in flight: deliveries a second and how long
//! each takes, beside bare connections that carry the same bytes in the same shape.

use anyhow::Result;

use super::Bench;
use super::fanout::{EVENT, EVENT_BYTES, Scene, bare_sent_by};
use crate::crowd::{Crowd, Stretch};
use crate::disk::Disk;
use crate::load::float;
use crate::report::{Better, Figure};
use crate::times::Times;

/// Stretches of each side of a cell, in turns: both meet the same machine.
const TURNS: u32 = 3;
/// The part of a scenario's time that one side of a cell has.
const PART: u32 = 4;
/// Syncs of the disk in each turn.
const SYNCS: usize = 50;

/// A chat's members and the posts in flight, and what its figures are called.
struct Cell {
    members: usize,
    in_flight: u64,
    rate: (&'static str, &'static str),
    p50: (&'static str, &'static str),
    p99: (&'static str, &'static str),
}

macro_rules! cell {
    ($members:literal, $in_flight:literal) => {
        Cell {
            members: $members,
            in_flight: $in_flight,
            rate: (
                concat!("rooms-", $members, "-", $in_flight),
                concat!(
                    "messages/s, ",
                    $members,
                    " members, ",
                    $in_flight,
                    " in flight"
                ),
            ),
            p50: (
                concat!("rooms-", $members, "-", $in_flight, "-p50"),
                "  ms from send to delivery, p50",
            ),
            p99: (
                concat!("rooms-", $members, "-", $in_flight, "-p99"),
                "  ms from send to delivery, p99",
            ),
        }
    };
}

const CELLS: [Cell; 9] = [
    cell!(10, 1),
    cell!(10, 16),
    cell!(10, 64),
    cell!(100, 1),
    cell!(100, 16),
    cell!(100, 64),
    cell!(1000, 1),
    cell!(1000, 16),
    cell!(1000, 64),
];

/// The measurements of a cell.
struct Measured {
    ours: Stretch,
    bare: Stretch,
    syncs: Times,
}

/// Every cell.
pub(super) async fn rooms(bench: &Bench) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for cell in &CELLS {
        figures.extend(figures_of(cell, measure(bench, cell).await?));
    }
    Ok(figures)
}

/// The server and bare connections in turns, after a first stretch of each that does not count.
async fn measure(bench: &Bench, cell: &Cell) -> Result<Measured> {
    let (members, in_flight) = (cell.members, cell.in_flight);
    let load = (u64::try_from(members)?, in_flight);
    let mut scene = Scene::of(bench, members).await?;
    let mut senders = scene.posting(in_flight).await?;
    let mut crowd = Crowd::new(std::mem::take(&mut scene.sockets), EVENT);
    let bare = bare_sent_by(in_flight, EVENT_BYTES, (members, 1)).await?;
    let (limit, mut bare_crowd, mut bare_senders) = bare;
    crowd.settled().await;
    let time = bench.time / PART / TURNS;
    let mut disk = Disk::new(&bench.data)?;
    let (mut ours, mut bare, mut syncs) = (Stretch::default(), Stretch::default(), Vec::new());
    crowd.stretch(&mut senders, load, time).await?;
    bare_crowd.stretch(&mut bare_senders, load, time).await?;
    for _ in 0..TURNS {
        ours.add(crowd.stretch(&mut senders, load, time).await?);
        bare.add(bare_crowd.stretch(&mut bare_senders, load, time).await?);
        for _ in 0..SYNCS {
            syncs.push(disk.sync()?);
        }
    }
    scene.server.stop()?;
    limit.stop().await?;
    let syncs = Times::from(syncs);
    Ok(Measured { ours, bare, syncs })
}

fn figures_of(cell: &Cell, measured: Measured) -> Vec<Figure> {
    let sync = measured.syncs.percentile(50);
    let (rate, bare_rate) = (measured.ours.rate(), measured.bare.rate());
    let (ours, bare) = (
        Times::from(measured.ours.took),
        Times::from(measured.bare.took),
    );
    let time = |(name, what), percent| Figure {
        name,
        what,
        ours: ours.percentile(percent),
        limit_is: "ms, bare connections",
        limit: bare.percentile(percent),
        better: Better::Less,
    };
    let rate = Figure {
        name: cell.rate.0,
        what: cell.rate.1,
        ours: rate,
        limit_is: "bare connections, a write per frame",
        limit: bare_rate,
        better: Better::More,
    };
    // All requests in flight may share one sync; between syncs the bare connections carry them.
    let in_flight = float(cell.in_flight);
    let synced = 1e3 * in_flight / (1e3 * in_flight / bare_rate + sync);
    let bound = match (cell.members, cell.in_flight) {
        (10, 1) => Some(Figure {
            limit_is: "ms, fdatasync p50 + 3 x bare connections p50",
            limit: sync + 3.0 * bare.percentile(50),
            ..time(("rooms-bound", "  ms from send to delivery, p50"), 50)
        }),
        (10, 16) => Some(Figure {
            name: "rooms-synced",
            limit_is: "bare connections, a fdatasync for all 16",
            limit: synced,
            ..rate.clone()
        }),
        _ => None,
    };
    let figures = [rate, time(cell.p50, 50), time(cell.p99, 99)];
    figures.into_iter().chain(bound).collect()
}
