//! Measures what others feel while an agent is erased or a customer deleted, and how long what was
//! said stays in the files.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use tokio::process::{Child, Command};
use tokio::time::Instant;

use crate::hostile::{Felt, Victims};
use crate::report::{Better, Figure};
use crate::server::{Buckets, Server};
use crate::world::{SECRET, World};

/// Others ask for so long before anything counts.
const WARM_UP: Duration = Duration::from_millis(500);
/// How long others ask at a time while something is deleted.
const SLICE: Duration = Duration::from_secs(2);
/// How long words may stay in a file, in seconds.
const MINUTE: f64 = 60.0;
/// Stands in every message that is deleted, and nowhere else.
const WORD: &str = "xylophone";
/// Customers have two agents each, the first ones ask.
const CUSTOMERS: [usize; 2] = [2, 2];
/// The first agent of the second customer.
const AUTHOR: usize = 2;

/// What is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Deletion {
    /// An agent that wrote all messages of a chat.
    Agent,
    /// The customer of that agent.
    Customer,
}

/// Deletions beside the requests of others.
pub(crate) struct Erase {
    /// The server binary.
    pub(crate) server: PathBuf,
    /// Where the databases go.
    pub(crate) data: PathBuf,
    /// Messages that are deleted.
    pub(crate) messages: usize,
}

impl Erase {
    /// Measures a deletion on a database of its own.
    pub(crate) async fn measure(&self, deletion: Deletion) -> Result<Vec<Figure>> {
        let world = World::of_customers(&self.data, &CUSTOMERS).await?;
        let store = world.open()?;
        let said = |n| format!("{WORD} {n}, which everybody will read");
        world.say(&store, (AUTHOR, 1, self.messages), said).await?;
        store.close().await;
        let server = Server::start_attacked(&self.server, &world, Buckets::Off).await?;
        indexed(&world).await?;
        let victims = Victims::new(&server, &world)?;
        victims.ask(WARM_UP).await?;
        let without = victims.ask(SLICE * 2).await?;
        let started = Instant::now();
        let mut deleting = self.delete(&world, deletion)?;
        let mut with = Vec::new();
        while deleting.try_wait()?.is_none() {
            with.push(victims.ask(SLICE).await?);
        }
        let took = started.elapsed();
        if !deleting.wait().await?.success() {
            bail!("the command failed");
        }
        let words = gone(world.dir()).await?;
        let count = self.messages;
        eprintln!("  {count} messages in {:.1} s", took.as_secs_f64());
        server.stop().await?;
        Ok(figures(deletion, (&without, &with), words))
    }

    fn delete(&self, world: &World, deletion: Deletion) -> Result<Child> {
        let id = match deletion {
            Deletion::Agent => world.agent(AUTHOR)?.to_string(),
            Deletion::Customer => world.customer(AUTHOR)?.to_string(),
        };
        let line = match deletion {
            Deletion::Agent => ["agent", "erase", &id, "--yes"],
            Deletion::Customer => ["customer", "delete", &id, "--yes"],
        };
        Command::new(&self.server)
            .args(line)
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

/// Waits until the search index knows all messages: they are taken out of it.
async fn indexed(world: &World) -> Result<()> {
    while talk_store_diesel::search_backlog(&world.url())? > 0 {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

/// Seconds until the word is in no file, at most some more than it may take.
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

fn figures(deletion: Deletion, (without, with): (&Felt, &[Felt]), words: f64) -> Vec<Figure> {
    let median = |of: fn(&Felt) -> f64| {
        let mut all: Vec<f64> = with.iter().map(of).collect();
        all.sort_unstable_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or(0.0)
    };
    let (post, p99, get, files) = match deletion {
        Deletion::Agent => (
            ("agent-post", "ms, erasing an agent: POST, p50"),
            "agent-p99",
            "agent-get",
            "agent-words",
        ),
        Deletion::Customer => (
            ("customer-post", "ms, deleting a customer: POST, p50"),
            "customer-p99",
            "customer-get",
            "customer-words",
        ),
    };
    let figure = |(name, what), ours, (limit_is, limit)| Figure {
        name,
        what,
        ours,
        limit_is,
        limit,
        better: Better::Less,
    };
    vec![
        figure(
            post,
            median(|felt| felt.post),
            ("ms, without", without.post),
        ),
        figure(
            (p99, "  ms, POST, p99"),
            median(|felt| felt.post_p99),
            ("ms", 250.0),
        ),
        figure(
            (get, "  ms, GET, p50"),
            median(|felt| felt.get),
            ("ms, without", without.get),
        ),
        figure(
            (files, "  s until the words are in no file"),
            words,
            ("s", MINUTE),
        ),
    ]
}
