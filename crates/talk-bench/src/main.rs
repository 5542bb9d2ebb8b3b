//! Measures how far a real Talk server is from the machine it runs on.
//!
//! Each figure is set against a limit that is measured in the same rounds, so that their ratio
//! holds whatever else the machine is doing. `search` measures searches, after checking that they
//! find exactly what they should; `growth` figures while something grows, `churn` the memory while
//! connections come and go, `hostile` what the clients of one customer can do to all others, `erase`
//! what others feel of an erasure.

mod churn;
mod connection;
mod crowd;
mod disk;
mod erase;
mod frames;
mod growth;
mod hostile;
mod limit;
mod load;
mod memory;
mod receiver;
mod report;
mod rounds;
mod scenario;
mod search;
mod server;
mod socket;
mod times;
mod world;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand, ValueEnum};

use crate::erase::{Erase, Erasure};
use crate::hostile::{Attack, Hostile};
use crate::report::Bound;
use crate::rounds::Rounds;
use crate::scenario::{Bench, Scenario};

/// Measures a Talk server against limits of the machine it runs on.
#[derive(Parser)]
#[command(subcommand_negates_reqs = true)]
struct Args {
    /// The server binary.
    #[arg(long, required = true)]
    server: Option<PathBuf>,
    /// Measure only these, separated by commas.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Scenario>,
    /// Fewer and shorter rounds, and fewer messages in the large chat.
    #[arg(long)]
    quick: bool,
    /// Rounds, instead of 5, or 3 with `--quick`.
    #[arg(long)]
    rounds: Option<usize>,
    /// JSON instead of the table.
    #[arg(long)]
    json: bool,
    /// The directory of the databases; must be on a real disk, or the figures mean nothing.
    #[arg(long, default_value = "target")]
    data_dir: PathBuf,
    /// Fail when the ratio of a figure is less: `post=0.2,group=2`.
    #[arg(long, value_delimiter = ',', value_name = "FIGURE=RATIO")]
    at_least: Vec<Bound>,
    /// Fail when the ratio of a figure is more: `start=1`.
    #[arg(long, value_delimiter = ',', value_name = "FIGURE=RATIO")]
    at_most: Vec<Bound>,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Arguments that the commands have in common that measure what others feel.
#[derive(clap::Args)]
struct RunArgs {
    /// The server binary.
    #[arg(long)]
    server: PathBuf,
    /// Measures less: fewer and shorter rounds, on smaller databases.
    #[arg(long)]
    quick: bool,
    /// JSON instead of the table.
    #[arg(long)]
    json: bool,
    /// The directory of the databases; must be on a real disk, or the figures mean nothing.
    #[arg(long, default_value = "target")]
    data_dir: PathBuf,
}

/// Arguments of the command that measures attacks.
#[derive(clap::Args)]
struct HostileArgs {
    #[command(flatten)]
    run: RunArgs,
    /// Only these attacks, separated by commas.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Attack>,
    /// Rounds, instead of 5, or 3 with `--quick`.
    #[arg(long)]
    rounds: Option<usize>,
    /// Fail when the ratio of a figure is more; `*-post` are all whose names end so.
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "FIGURE=RATIO",
        default_value = "*-post=2,*-get=2,*-ready=1,*-memory=1,*-after=1,*-p99=1"
    )]
    at_most: Vec<Bound>,
}

/// Arguments of the command that measures erasures.
#[derive(clap::Args)]
struct EraseArgs {
    #[command(flatten)]
    run: RunArgs,
    /// Only these erasures, separated by commas.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Erasure>,
    /// Rounds.
    #[arg(long, default_value_t = 1)]
    rounds: usize,
    /// Fail when the ratio of a figure is more; `*-post` are all whose names end so.
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "FIGURE=RATIO",
        default_value = "*-post=2,*-get=2,*-p99=1,*-words=1"
    )]
    at_most: Vec<Bound>,
}

#[derive(Subcommand)]
enum Command {
    /// Searches substrings of messages in six scripts, of every length from 1 to 12: each must find
    /// exactly the right messages; how long the first page took.
    Search {
        /// Messages to search in, one store each.
        #[arg(long, value_delimiter = ',', default_value = "1000,200000")]
        messages: Vec<usize>,
        /// Substrings of each length.
        #[arg(long, default_value_t = 100)]
        samples: usize,
        /// The directory of the databases.
        #[arg(long, default_value = "target")]
        data_dir: PathBuf,
    },
    /// Figures by the number of connections, of members, of messages and of chats, each beside the
    /// first of its curve.
    Growth {
        /// The server binary.
        #[arg(long)]
        server: PathBuf,
        /// Shorter, and up to 100,000 messages instead of 1,000,000.
        #[arg(long)]
        quick: bool,
        /// The directory of the databases.
        #[arg(long, default_value = "target")]
        data_dir: PathBuf,
    },
    /// 64 workers connect, subscribe, post and disconnect: fails when the server's memory grows by
    /// more than 10 %.
    Churn {
        /// The server binary.
        #[arg(long)]
        server: PathBuf,
        /// For how long.
        #[arg(long, default_value_t = 60)]
        minutes: u64,
        /// The directory of the database.
        #[arg(long, default_value = "target")]
        data_dir: PathBuf,
    },
    /// Attacks by the clients of one customer: what others feel of them, beside the same without.
    Hostile(HostileArgs),
    /// An agent is erased, a customer deleted, and old messages expire, 100,000 messages each (5,000
    /// with `--quick`): what others feel of it, and how long the words stay in the files.
    Erase(EraseArgs),
    /// The attackers. Started by the measurement.
    #[command(hide = true)]
    Attack {
        /// The attacked server.
        #[arg(long)]
        address: String,
    },
    /// The limit of posts: echoes JSON. Started by the measurement.
    #[command(hide = true)]
    LimitEcho,
    /// The limit of uploads and downloads: writes bodies to files. Started by the measurement.
    #[command(hide = true)]
    LimitFiles {
        /// The directory of the files.
        #[arg(long)]
        directory: PathBuf,
    },
    /// The limit of deliveries: writes to bare connections. Started by the measurement.
    #[command(hide = true)]
    LimitRaw {
        /// Bytes of a frame.
        #[arg(long)]
        bytes: usize,
        /// Frames that may share a write.
        #[arg(long)]
        at_once: usize,
    },
}

fn main() -> Result<ExitCode> {
    let args = Args::parse();
    match args.command {
        Some(Command::Erase(erased)) => runtime()?.block_on(erase(erased)),
        Some(Command::Hostile(attacked)) => runtime()?.block_on(hostile(attacked)),
        Some(Command::Attack { address }) => runtime()?
            .block_on(hostile::attack(&address))
            .map(|()| ExitCode::SUCCESS),
        Some(Command::LimitEcho) => limit::echo().map(|()| ExitCode::SUCCESS),
        Some(Command::LimitFiles { directory }) => {
            limit::files(directory).map(|()| ExitCode::SUCCESS)
        }
        Some(Command::LimitRaw { bytes, at_once }) => {
            limit::raw(bytes, at_once).map(|()| ExitCode::SUCCESS)
        }
        Some(Command::Search {
            messages,
            samples,
            data_dir,
        }) => runtime()?.block_on(search(&messages, samples, &data_dir)),
        Some(Command::Growth {
            server,
            quick,
            data_dir,
        }) => runtime()?.block_on(growth(&server, &data_dir, quick)),
        Some(Command::Churn {
            server,
            minutes,
            data_dir,
        }) => runtime()?.block_on(churn(&server, minutes, &data_dir)),
        None => runtime()?.block_on(measure(args)),
    }
}

/// One thread, so that the load generator leaves the processor to the server.
fn runtime() -> Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    Ok(builder.enable_all().build()?)
}

async fn search(messages: &[usize], samples: usize, data_dir: &Path) -> Result<ExitCode> {
    let mut measured = Vec::new();
    for &messages in messages {
        eprintln!("{messages} messages");
        measured.push(search::measure(messages, samples, data_dir).await?);
    }
    print!("{}", search::table(&measured));
    Ok(ExitCode::SUCCESS)
}

async fn growth(server: &Path, data: &Path, quick: bool) -> Result<ExitCode> {
    rlimit::increase_nofile_limit(u64::MAX).context("the limit of open files")?;
    let bench = Bench {
        server: server.to_owned(),
        data: data.to_owned(),
        time: Duration::from_secs(if quick { 2 } else { 5 }),
        messages: if quick { 100_000 } else { 1_000_000 },
        samples: if quick { 200 } else { 1_000 },
    };
    print!("{}", growth::measure(&bench).await?);
    Ok(ExitCode::SUCCESS)
}

async fn churn(server: &Path, minutes: u64, data: &Path) -> Result<ExitCode> {
    let time = Duration::from_secs(minutes * 60);
    let is_bounded = churn::measure(server, data, time).await?;
    Ok(if is_bounded {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn erase(args: EraseArgs) -> Result<ExitCode> {
    let run = args.run;
    let erase = Erase {
        server: run.server,
        data: run.data_dir,
        messages: if run.quick { 5_000 } else { 100_000 },
    };
    let rounds = Rounds {
        count: args.rounds,
        at_least: Vec::new(),
        at_most: args.at_most,
        json: run.json,
    };
    let erasures = chosen(args.only);
    rounds
        .measure(erasures, async |erasure| erase.measure(erasure).await)
        .await
}

async fn hostile(args: HostileArgs) -> Result<ExitCode> {
    let run = args.run;
    rlimit::increase_nofile_limit(u64::MAX).context("the limit of open files")?;
    let mut hostile = Hostile::new(&run.server, &run.data_dir, run.quick).await?;
    let rounds = Rounds {
        count: args.rounds.unwrap_or(if run.quick { 3 } else { 5 }),
        at_least: Vec::new(),
        at_most: args.at_most,
        json: run.json,
    };
    let attacks = chosen(args.only);
    rounds
        .measure(attacks, async |attack| hostile.measure(attack).await)
        .await
}

async fn measure(args: Args) -> Result<ExitCode> {
    // A connection is a file; the limit for them is raised as far as the system lets.
    rlimit::increase_nofile_limit(u64::MAX).context("the limit of open files")?;
    let bench = Bench {
        server: args.server.context("a server binary")?,
        data: args.data_dir,
        time: Duration::from_secs(if args.quick { 2 } else { 5 }),
        messages: if args.quick { 200_000 } else { 1_000_000 },
        samples: if args.quick { 200 } else { 1_000 },
    };
    let rounds = Rounds {
        count: args.rounds.unwrap_or(if args.quick { 3 } else { 5 }),
        at_least: args.at_least,
        at_most: args.at_most,
        json: args.json,
    };
    let scenarios = chosen(args.only);
    rounds
        .measure(scenarios, async |scenario: Scenario| {
            scenario.measure(&bench).await
        })
        .await
}

/// Returns the scenarios or attacks that are named, or all of them.
fn chosen<T: ValueEnum + Clone>(named: Vec<T>) -> Vec<T> {
    if named.is_empty() {
        T::value_variants().to_vec()
    } else {
        named
    }
}
