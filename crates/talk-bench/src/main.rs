//! Measures how far a real Talk server is from the machine it runs on.
//!
//! Each figure is set against a limit that is measured in the same rounds, so that their ratio
//! holds whatever else the machine is doing. `search` measures searches, after checking that they
//! find exactly what they should; `growth` figures while something grows, `churn` the memory while
//! connections come and go.

mod churn;
mod connection;
mod crowd;
mod disk;
mod frames;
mod growth;
mod limit;
mod load;
mod report;
mod scenario;
mod search;
mod server;
mod socket;
mod times;
mod world;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand, ValueEnum};

use crate::report::{Bound, Report};
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
    /// JSON instead of the table.
    #[arg(long)]
    json: bool,
    /// Where the databases go; must be a real disk for the figures to mean anything.
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

/// How often a figure on the wrong side of its bound is measured, at most: its median is over all
/// rounds, so that a neighbour's burst passes and a regression stays.
const MEASUREMENTS: usize = 3;

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
        /// Where the databases go.
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
        /// Where the databases go.
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
        /// Where the database goes.
        #[arg(long, default_value = "target")]
        data_dir: PathBuf,
    },
    /// The limit of posts: echoes JSON. Started by the measurement.
    #[command(hide = true)]
    LimitEcho,
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
    match &args.command {
        Some(Command::LimitEcho) => limit::echo().map(|()| ExitCode::SUCCESS),
        Some(Command::LimitRaw { bytes, at_once }) => {
            limit::raw(*bytes, *at_once).map(|()| ExitCode::SUCCESS)
        }
        Some(Command::Search {
            messages,
            samples,
            data_dir,
        }) => runtime()?.block_on(search(messages, *samples, data_dir)),
        Some(Command::Growth {
            server,
            quick,
            data_dir,
        }) => runtime()?.block_on(growth(server, data_dir, *quick)),
        Some(Command::Churn {
            server,
            minutes,
            data_dir,
        }) => runtime()?.block_on(churn(server, *minutes, data_dir)),
        None => runtime()?.block_on(measure(&args)),
    }
}

/// One thread: the generator must leave the machine to the server.
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

async fn measure(args: &Args) -> Result<ExitCode> {
    // A connection is a file; the limit for them is raised as far as the system lets.
    rlimit::increase_nofile_limit(u64::MAX).context("the limit of open files")?;
    let (rounds, seconds) = if args.quick { (3, 2) } else { (5, 5) };
    let bench = Bench {
        server: args.server.clone().context("a server binary")?,
        data: args.data_dir.clone(),
        time: Duration::from_secs(seconds),
        messages: if args.quick { 200_000 } else { 1_000_000 },
        samples: if args.quick { 200 } else { 1_000 },
    };
    let mut scenarios = if args.only.is_empty() {
        Scenario::value_variants().to_vec()
    } else {
        args.only.clone()
    };
    let (mut report, mut misses) = (Report::default(), Vec::new());
    for _ in 0..MEASUREMENTS {
        let measured = rounds_of(rounds, &scenarios, &bench, &mut report).await?;
        misses = report.misses(&args.at_least, &args.at_most)?;
        let is_missed = |scenario: &Scenario| {
            let mut figures = misses.iter().map(|miss| &miss.figure);
            figures.any(|figure| measured.contains(&(*scenario, figure.as_str())))
        };
        scenarios.retain(is_missed);
    }
    if args.json {
        println!("{}", report.json());
    } else {
        print!("{}", report.text());
    }
    for miss in &misses {
        eprintln!("error: {miss}");
    }
    Ok(if misses.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Measures every scenario in each round; which figures are of which.
async fn rounds_of(
    rounds: usize,
    scenarios: &[Scenario],
    bench: &Bench,
    report: &mut Report,
) -> Result<HashSet<(Scenario, &'static str)>> {
    let mut measured = HashSet::new();
    for round in 1..=rounds {
        for &scenario in scenarios {
            eprintln!("round {round} of {rounds}: {scenario:?}");
            let figures = scenario.measure(bench).await;
            let figures = figures.with_context(|| format!("{scenario:?}"))?;
            for figure in &figures {
                eprintln!("  {figure}");
                report.add(figure);
                measured.insert((scenario, figure.name));
            }
        }
    }
    Ok(measured)
}
