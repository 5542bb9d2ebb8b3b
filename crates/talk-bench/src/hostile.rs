//! Measures how clients of one customer slow others: each attack in alternation with the same
//! server without it.

mod attack;
mod attackers;
mod figures;
mod scene;
mod victims;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use tokio::time::Instant;

pub(crate) use attack::Attack;
pub(crate) use attackers::attack;

use crate::memory::of_sockets;
use crate::report::Figure;
use crate::server::Server;
use attackers::Attackers;
use scene::Scene;
pub(crate) use victims::{Felt, Victims};

/// Duration of the warm-up.
const WARM_UP: Duration = Duration::from_millis(300);
/// How often memory is read.
const SAMPLED: Duration = Duration::from_millis(100);
/// Recovered means: posts take at most this multiple of their earlier time, and memory is at most
/// this many MiB above the earlier value.
const NORMAL: (f64, f64) = (2.0, 64.0);
/// Timeout of the recovery.
const RECOVERY: Duration = Duration::from_secs(20);
const LOOKED: Duration = Duration::from_millis(300);

/// Amounts of prepared data.
pub(crate) struct Sizes {
    channels: usize,
    searched: usize,
    unread: usize,
    edited: usize,
    edits: usize,
    chats: usize,
}

/// Attacks on a server.
pub(crate) struct Hostile {
    server: PathBuf,
    scene: Scene,
    sizes: Sizes,
    time: Duration,
}

/// The results of one round of an attack.
struct Round {
    without: Felt,
    with: Felt,
    /// Peak memory above the earlier value, in MiB.
    memory: f64,
    /// Seconds until recovery.
    recovery: f64,
}

impl Hostile {
    /// Fills a database below `data`.
    pub(crate) async fn new(server: &Path, data: &Path, is_quick: bool) -> Result<Self> {
        let sizes = Sizes {
            channels: 2_000,
            searched: if is_quick { 2_000 } else { 8_000 },
            unread: 1_000,
            edited: 3,
            edits: if is_quick { 2_000 } else { 6_000 },
            chats: if is_quick { 3_000 } else { 10_000 },
        };
        eprintln!("filling a database");
        Ok(Self {
            server: server.to_owned(),
            scene: Scene::new(server, data, &sizes).await?,
            sizes,
            time: Duration::from_secs(if is_quick { 2 } else { 3 }),
        })
    }

    /// Measures a round of an attack.
    pub(crate) async fn measure(&mut self, attack: Attack) -> Result<Vec<Figure>> {
        Ok(figures::of(attack, &self.round(attack).await?))
    }

    async fn round(&mut self, attack: Attack) -> Result<Round> {
        let world = &self.scene.world;
        let server = Server::start_attacked(&self.server, world, attack.buckets())?;
        let lanes = attack.lanes(&mut self.scene, &server, &self.sizes).await?;
        let victims = Victims::new(&server, &self.scene.world)?;
        victims.ask(WARM_UP).await?;
        let without = victims.ask(self.time).await?;
        let before = mebibytes(&server)?;
        let attackers = Attackers::start(&server.address, &lanes).await?;
        tokio::time::sleep(attack.lead()).await;
        let (with, peak) = tokio::join!(victims.ask(self.time), peak(&server, self.time));
        let (with, peak) = (with?, peak?);
        let answers = attackers.stop().await?;
        eprintln!(
            "  attackers: {answers}; victims not answered: {} without, {} with",
            without.failed, with.failed
        );
        let limits = (NORMAL.0 * without.post, NORMAL.1 + before);
        let recovery = recovery(&server, &victims, limits).await?;
        server.stop()?;
        Ok(Round {
            without,
            with,
            memory: (peak - before).max(0.0),
            recovery,
        })
    }
}

/// Memory of the process and of its sockets in the kernel.
fn mebibytes(server: &Server) -> Result<f64> {
    let sockets = crate::load::float(of_sockets(server.port())?) / 1024.0;
    Ok((server.resident_kib()? + sockets) / 1024.0)
}

/// The maximum of memory used within `for_how_long`.
async fn peak(server: &Server, for_how_long: Duration) -> Result<f64> {
    let (until, mut peak) = (Instant::now() + for_how_long, 0.0_f64);
    while Instant::now() < until {
        peak = peak.max(mebibytes(server)?);
        tokio::time::sleep(SAMPLED).await;
    }
    Ok(peak)
}

/// Seconds until posts take no longer and memory is no more than the limits; about as long as it
/// is looked for if that does not come.
async fn recovery(server: &Server, victims: &Victims, (post, memory): (f64, f64)) -> Result<f64> {
    let started = Instant::now();
    loop {
        let elapsed = started.elapsed();
        let felt = victims.ask(LOOKED).await?;
        let used = mebibytes(server)?;
        if felt.failed == 0 && felt.post <= post && used <= memory {
            return Ok(elapsed.as_secs_f64());
        }
        if elapsed > RECOVERY {
            eprintln!(
                "  not as before: posts take {:.3} ms, at most {post:.3}; {used:.0} MiB, at most \
                 {memory:.0}; {} not answered",
                felt.post, felt.failed
            );
            return Ok(elapsed.as_secs_f64());
        }
    }
}
