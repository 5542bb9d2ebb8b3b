//! Deliveries to many members of one chat, beside the same bytes on bare connections.

use std::ops::RangeInclusive;

use anyhow::Result;

use super::Bench;
use super::socket::{post_frame, subscribed};
use crate::crowd::{Crowd, Senders};
use crate::frames::masked;
use crate::limit::Limit;
use crate::load::message;
use crate::report::{Better, Figure};
use crate::server::{GROUP, Server};
use crate::socket::Socket;
use crate::times::Times;
use crate::world::World;

/// Members of a large chat.
const MEMBERS: usize = 1_000;
/// Frames on their way.
const WINDOW: u64 = 16;
/// Bytes of an event of a message; presence and positions have fewer.
pub(super) const EVENT: RangeInclusive<usize> = 400..=2_000;
/// About what the event of the measured message has.
pub(super) const EVENT_BYTES: usize = 620;
/// The length of a `typing` frame, in bytes.
const TYPING: RangeInclusive<usize> = 144..=164;
const TYPING_BYTES: usize = 154;
/// Frames whose delays are taken, of each side in turns: both meet the same machine.
const DELAYED: usize = 100;
const TURNS: usize = 4;

/// A server with one chat and connections of its members.
pub(super) struct Scene {
    /// Its database, which goes last.
    world: World,
    /// The server.
    pub(super) server: Server,
    /// A connection of each member.
    pub(super) sockets: Vec<Socket>,
}

impl Scene {
    /// Starts a server with one chat, and connects each of its members.
    pub(super) async fn of(bench: &Bench, members: usize) -> Result<Self> {
        let world = World::temporary(&bench.data, members, members).await?;
        let server = Server::start(&bench.server, &world, GROUP)?;
        let mut sockets = Vec::new();
        for n in 0..members {
            sockets.push(subscribed(&server, &world, n).await?);
            if n % 50 == 49 {
                // Drops the presence frames.
                sockets.iter_mut().try_for_each(Socket::drop_received)?;
            }
        }
        Ok(Self {
            world,
            server,
            sockets,
        })
    }

    /// Opens `connections` connections that post in turn and are not subscribed.
    pub(super) async fn posting(&self, connections: u64) -> Result<Senders> {
        let mut sockets = Vec::new();
        for _ in 0..connections {
            sockets.push(Socket::open(&self.server.address, &self.world.token(0)?).await?);
        }
        let message = message(&self.world)?;
        Ok(Senders::new(sockets, move |n| post_frame(&message, 0, n)))
    }
}

/// Opens bare connections that receive frames of `bytes` bytes, and one that sends.
async fn bare(bytes: usize, shape: (usize, usize)) -> Result<(Limit, Crowd, Senders)> {
    bare_sent_by(1, bytes, shape).await
}

/// Opens bare connections that receive frames of `bytes` bytes, and `senders` that send in turn.
pub(super) async fn bare_sent_by(
    senders: u64,
    bytes: usize,
    (connections, at_once): (usize, usize),
) -> Result<(Limit, Crowd, Senders)> {
    let (payload, at_once) = (bytes.to_string(), at_once.to_string());
    let limit = Limit::start(&["limit-raw", "--bytes", &payload, "--at-once", &at_once]).await?;
    let mut sockets = Vec::new();
    for _ in 0..connections {
        sockets.push(Socket::raw(&limit.address, b'r').await?);
    }
    let mut sending = Vec::new();
    for _ in 0..senders {
        sending.push(Socket::raw(&limit.address, b's').await?);
    }
    let senders = Senders::new(sending, |_| vec![b'.']);
    Ok((limit, Crowd::new(sockets, bytes..=bytes), senders))
}

/// Deliveries per second to bare connections.
async fn bare_rate(bench: &Bench, bytes: usize, shape: (usize, usize)) -> Result<f64> {
    let (limit, mut crowd, mut senders) = bare(bytes, shape).await?;
    let reach = (u64::try_from(shape.0)?, WINDOW);
    let rate = crowd.deliveries_per_second(&mut senders, reach, bench.time);
    let rate = rate.await?;
    limit.stop().await?;
    Ok(rate)
}

fn figure(name: &'static str, what: &'static str, rates: (f64, f64)) -> Figure {
    let (ours, limit) = rates;
    Figure {
        name,
        what,
        ours,
        limit_is: "bare connections, a write per frame",
        limit,
        better: Better::More,
    }
}

/// Durable posts, delivered to every member.
pub(super) async fn fanout(bench: &Bench) -> Result<Vec<Figure>> {
    let mut scene = Scene::of(bench, MEMBERS).await?;
    let mut senders = scene.posting(1).await?;
    let mut crowd = Crowd::new(std::mem::take(&mut scene.sockets), EVENT);
    let each = crowd.reach(&mut senders).await?;
    let rate = crowd.deliveries_per_second(&mut senders, (each, WINDOW), bench.time);
    let ours = rate.await?;
    scene.server.stop()?;
    let single = bare_rate(bench, EVENT_BYTES, (MEMBERS, 1)).await?;
    let together = bare_rate(bench, EVENT_BYTES, (MEMBERS, 16)).await?;
    let what = "deliveries/s, durable posts to 1,000 members";
    Ok(vec![
        figure("fanout", what, (ours, single)),
        Figure {
            limit_is: "bare connections, up to 16 frames a write",
            ..figure("fanout-together", what, (ours, together))
        },
    ])
}

/// Typing frames, which are not stored. A connection may send 50 frames a second, so all
/// connections send.
pub(super) async fn ephemeral(bench: &Bench) -> Result<Vec<Figure>> {
    let mut scene = Scene::of(bench, MEMBERS).await?;
    let mut typists = Vec::new();
    for n in 0..MEMBERS {
        let token = scene.world.token(n)?;
        typists.push(Socket::open(&scene.server.address, &token).await?);
    }
    let chat = scene.world.chat()?.0;
    let typing = masked(&format!(r#"{{"type":"typing","chat_id":"{chat}"}}"#));
    let mut senders = Senders::new(typists, move |_| typing.clone());
    let mut crowd = Crowd::new(std::mem::take(&mut scene.sockets), TYPING);
    let each = crowd.reach(&mut senders).await?;
    let rate = crowd.deliveries_per_second(&mut senders, (each, WINDOW), bench.time);
    let ours = rate.await?;
    scene.server.stop()?;
    let limit = bare_rate(bench, TYPING_BYTES, (MEMBERS, 1)).await?;
    let what = "deliveries/s, typing to 1,000 members";
    Ok(vec![figure("ephemeral", what, (ours, limit))])
}

/// Twenty messages a second to 100 members.
pub(super) async fn delay(bench: &Bench) -> Result<Vec<Figure>> {
    let mut scene = Scene::of(bench, 100).await?;
    let mut senders = scene.posting(1).await?;
    let mut crowd = Crowd::new(std::mem::take(&mut scene.sockets), EVENT);
    let (limit, mut bare_crowd, mut bare_senders) = bare(EVENT_BYTES, (100, 1)).await?;
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        ours.extend(crowd.delays(&mut senders, 100, DELAYED).await?);
        bare.extend(bare_crowd.delays(&mut bare_senders, 100, DELAYED).await?);
    }
    scene.server.stop()?;
    limit.stop().await?;
    Ok(vec![Figure {
        limit_is: "ms, bare connections, p99",
        better: Better::Less,
        ..figure(
            "delay",
            "ms from send to delivery, 20/s to 100 members, p99",
            (
                Times::from(ours).percentile(99),
                Times::from(bare).percentile(99),
            ),
        )
    }])
}

/// Deliveries to 999 members while one more reads nothing, and while it is not there.
pub(super) async fn stalled(bench: &Bench) -> Result<Vec<Figure>> {
    let mut scene = Scene::of(bench, MEMBERS).await?;
    let mut senders = scene.posting(1).await?;
    let mut sockets = std::mem::take(&mut scene.sockets);
    drop(sockets.pop());
    let mut crowd = Crowd::new(sockets, EVENT);
    let each = crowd.reach(&mut senders).await?;
    let rate = crowd.deliveries_per_second(&mut senders, (each, WINDOW), bench.time);
    let without = rate.await?;
    let last = MEMBERS - 1;
    let _reads_nothing = subscribed(&scene.server, &scene.world, last).await?;
    let rate = crowd.deliveries_per_second(&mut senders, (each, WINDOW), bench.time);
    let with = rate.await?;
    scene.server.stop()?;
    Ok(vec![Figure {
        limit_is: "without it",
        ..figure(
            "stalled",
            "deliveries/s to 999, the 1,000th reads nothing",
            (with, without),
        )
    }])
}
