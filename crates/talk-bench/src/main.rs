//! Measures a real Talk server against its own limits, in one run.
//!
//! Durable posts per second with group commit are set against the same binary with one commit per
//! request, in interleaved rounds, so that the ratio holds whatever the machine is doing. `search`
//! measures searches, after checking that they find exactly what they should.

mod connection;
mod disk;
mod load;
mod search;
mod server;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use crate::server::Server;
use crate::table::Table;

/// Units that may share a commit, in the server as it is and in the one it is compared with.
const GROUPS: [usize; 2] = [256, 1];

/// Measures durable posts per second: group commit against one commit per request.
#[derive(Parser)]
#[command(subcommand_negates_reqs = true)]
struct Args {
    /// The server binary.
    #[arg(long, required = true)]
    server: Option<PathBuf>,
    /// Fewer and shorter rounds.
    #[arg(long)]
    quick: bool,
    /// One JSON object instead of the table.
    #[arg(long)]
    json: bool,
    /// Where the databases go; must be a real disk for the figures to mean anything.
    #[arg(long, default_value = "target")]
    data_dir: PathBuf,
    /// Fail when group commit gains less than this factor at 64 connections.
    #[arg(long, default_value_t = 0.0)]
    at_least: f64,
    #[command(subcommand)]
    command: Option<Command>,
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
        /// Where the databases go.
        #[arg(long, default_value = "target")]
        data_dir: PathBuf,
    },
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let args = Args::parse();
    if let Some(Command::Search {
        messages,
        samples,
        data_dir,
    }) = &args.command
    {
        let mut measured = Vec::new();
        for &messages in messages {
            eprintln!("{messages} messages");
            measured.push(search::measure(messages, *samples, data_dir).await?);
        }
        print!("{}", search::table(&measured));
        return Ok(ExitCode::SUCCESS);
    }
    let binary = args.server.as_ref().context("a server binary")?;
    let (rounds, seconds) = if args.quick { (3, 2) } else { (5, 5) };
    let mut table = Table::default();
    for round in 1..=rounds {
        eprintln!("round {round} of {rounds}");
        table.add("fdatasync", disk::syncs_per_second(&args.data_dir)?);
        for group in GROUPS {
            let server = Server::start(binary, &args.data_dir, group).await?;
            for connections in [64, 256] {
                let for_how_long = Duration::from_secs(seconds);
                let posts = load::posts_per_second(&server, connections, for_how_long).await?;
                table.add(&name(group, connections), posts);
            }
            server.stop().await?;
        }
    }
    let gains = [64, 256].map(|connections| {
        let [grouped, single] = GROUPS.map(|group| table.median(&name(group, connections)));
        (connections, grouped / single)
    });
    if args.json {
        println!("{}", table.json(&gains));
    } else {
        print!("{}", table.text(&gains));
    }
    let is_enough = gains
        .iter()
        .all(|(n, gain)| *n != 64 || *gain >= args.at_least);
    if !is_enough {
        eprintln!(
            "error: group commit gains less than a factor of {}",
            args.at_least
        );
    }
    Ok(if is_enough {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn name(group: usize, connections: usize) -> String {
    let commits = if group == 1 {
        "one commit each"
    } else {
        "group commit"
    };
    format!("durable posts, {connections} connections, {commits}")
}
