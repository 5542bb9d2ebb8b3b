//! Measures the latency of other customers during an erasure, a deletion of a customer and an
//! expiry, and how long erased text stays in the files.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use serde_json::Value;
use talk_domain::kernel::time::Timestamp;
use tokio::process::{Child, Command};
use tokio::time::Instant;

use crate::connection::{Connection, get};
use crate::hostile::{Felt, Victims};
use crate::report::Figure;
use crate::server::{Buckets, Server};
use crate::world::{SECRET, World, now};

/// Duration of the warm-up.
const WARM_UP: Duration = Duration::from_millis(500);
/// Length of one measurement during the erasure.
const SLICE: Duration = Duration::from_secs(2);
/// How long words may stay in a file, in seconds.
const MINUTE: f64 = 60.0;
/// A word in every erased message and nowhere else.
const WORD: &str = "xylophone";
/// The agents of each customer; the first one sends the requests.
const CUSTOMERS: [usize; 2] = [2, 2];
/// The first agent of the second customer.
const AUTHOR: usize = 2;
/// How old messages are, in microseconds: two days.
const AGE: i64 = 2 * 24 * 60 * 60 * 1_000_000;

/// The operation that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Erasure {
    /// `agent erase` of the agent that wrote all messages of a chat.
    Agent,
    /// `customer delete` of the customer of that agent.
    Customer,
    /// The server erases the messages because they are older than `message_retention_days`.
    Retention,
}

/// Measures erasures beside the requests of others.
pub(crate) struct Erase {
    /// The server binary.
    pub(crate) server: PathBuf,
    /// The directory of the databases.
    pub(crate) data: PathBuf,
    /// Messages that are erased.
    pub(crate) messages: usize,
}

impl Erase {
    /// Measures an erasure on a database of its own.
    pub(crate) async fn measure(&self, erasure: Erasure) -> Result<Vec<Figure>> {
        let world = self.fill().await?;
        let mut server = Server::start_attacked(&self.server, &world, Buckets::Off)?;
        indexed(&world).await?;
        let victims = Victims::new(&server, &world)?;
        victims.ask(WARM_UP).await?;
        let without = victims.ask(SLICE * 2).await?;
        let (mut with, started) = (Vec::new(), Instant::now());
        if erasure == Erasure::Retention {
            server.stop()?;
            server = Server::start_forgetful(&self.server, &world)?;
            let victims = Victims::new(&server, &world)?;
            with.push(victims.ask(SLICE).await?);
            while !is_newest_erased(&server, &world).await? {
                with.push(victims.ask(SLICE).await?);
            }
        } else {
            let mut command = self.start(&world, erasure)?;
            while command.try_wait()?.is_none() {
                with.push(victims.ask(SLICE).await?);
            }
            if !command.wait().await?.success() {
                bail!("the command failed");
            }
        }
        let (count, took) = (self.messages, started.elapsed());
        eprintln!("  {count} messages in {:.1} s", took.as_secs_f64());
        let words = gone(world.dir()).await?;
        server.stop()?;
        Ok(figures(erasure, (&without, &with), words))
    }

    /// A database in which an agent has posted all messages.
    async fn fill(&self) -> Result<World> {
        let mut world = World::of_customers(&self.data, &CUSTOMERS).await?;
        let store = world.open()?;
        let said = |n| format!("{WORD} {n}, which everybody will read");
        let start = Timestamp::from_micros(now()?.as_micros() - AGE).context("a time")?;
        world
            .say(&store, (AUTHOR, self.messages), start, said)
            .await?;
        store.close().await;
        Ok(world)
    }

    /// Starts the command of an operator.
    fn start(&self, world: &World, erasure: Erasure) -> Result<Child> {
        let (of, action, id) = match erasure {
            Erasure::Agent => ("agent", "erase", world.agent(AUTHOR)?.to_string()),
            _ => ("customer", "delete", world.customer(AUTHOR)?.to_string()),
        };
        Command::new(&self.server)
            .args([of, action, &id, "--yes"])
            .env_clear()
            .env("TALK_DATA_DIR", world.dir())
            .env("TALK_DATABASE_URL", world.url())
            .env("TALK_JWT_SECRET", SECRET)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start the command")
    }
}

/// Returns whether the newest message of the author's chat is erased; the oldest ones are erased
/// first.
async fn is_newest_erased(server: &Server, world: &World) -> Result<bool> {
    let chat = world.chats.last().context("a chat")?.0;
    let path = format!("/v1.0/service_agents/talk_messages?chat_id={chat}&page_size=1");
    let mut connection = Connection::open(&server.address).await?;
    let page = connection
        .exchange(&get(&path, &world.token(AUTHOR)?))
        .await?;
    let page: Value = serde_json::from_slice(page)?;
    let text = page.pointer("/result/0/text").context("a message")?;
    Ok(text.as_str().is_none_or(|text| !text.contains(WORD)))
}

/// Waits until the search index holds all messages, so that their removal from it is measured too.
async fn indexed(world: &World) -> Result<()> {
    while talk_store_diesel::search_backlog(&world.url())? > 0 {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

/// Measures the seconds until the word is in no file.
async fn gone(directory: &Path) -> Result<f64> {
    let started = Instant::now();
    loop {
        let elapsed = started.elapsed().as_secs_f64();
        if elapsed > MINUTE + 10.0 || !is_anywhere(directory)? {
            return Ok(elapsed);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn is_anywhere(directory: &Path) -> Result<bool> {
    for file in std::fs::read_dir(directory)? {
        let bytes = std::fs::read(file?.path()).unwrap_or_default();
        if memchr::memmem::find(&bytes, WORD.as_bytes()).is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn figures(erasure: Erasure, (without, with): (&Felt, &[Felt]), words: f64) -> Vec<Figure> {
    let median = |of: fn(&Felt) -> f64| {
        let mut all: Vec<f64> = with.iter().map(of).collect();
        all.sort_unstable_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or(0.0)
    };
    let names = names(erasure);
    vec![
        Figure::at_most(
            names.post,
            median(|felt| felt.post),
            ("ms, without", without.post),
        ),
        Figure::at_most(names.p99, median(|felt| felt.post_p99), ("ms", 250.0)),
        Figure::at_most(
            names.get,
            median(|felt| felt.get),
            ("ms, without", without.get),
        ),
        Figure::at_most(names.words, words, ("s", MINUTE)),
    ]
}

/// The names of the figures of an erasure, and what they are.
struct Names {
    post: (&'static str, &'static str),
    p99: (&'static str, &'static str),
    get: (&'static str, &'static str),
    words: (&'static str, &'static str),
}

macro_rules! names {
    ($name:literal, $what:literal) => {
        Names {
            post: (
                concat!($name, "-post"),
                concat!("ms, ", $what, ": POST, p50"),
            ),
            p99: (concat!($name, "-p99"), "  ms, POST, p99"),
            get: (concat!($name, "-get"), "  ms, GET, p50"),
            words: (
                concat!($name, "-words"),
                "  s until the words are in no file",
            ),
        }
    };
}

const fn names(erasure: Erasure) -> Names {
    match erasure {
        Erasure::Agent => names!("agent", "erasing an agent"),
        Erasure::Customer => names!("customer", "deleting a customer"),
        Erasure::Retention => names!("retention", "old messages expire"),
    }
}
