//! Measures a real Talk server against its own limits, in one run.
//!
//! Durable posts per second with group commit are set against the same binary with one commit per
//! request, in interleaved rounds, so that the ratio holds whatever the machine is doing.

mod connection;
mod disk;
mod load;
mod server;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Parser;

use crate::server::Server;
use crate::table::Table;

/// Units that may share a commit, in the server as it is and in the one it is compared with.
const GROUPS: [usize; 2] = [256, 1];

/// Measures durable posts per second: group commit against one commit per request.
#[derive(Parser)]
struct Args {
    /// The server binary.
    #[arg(long)]
    server: PathBuf,
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
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let args = Args::parse();
    let (rounds, seconds) = if args.quick { (3, 2) } else { (5, 5) };
    let mut table = Table::default();
    for round in 1..=rounds {
        eprintln!("round {round} of {rounds}");
        table.add("fdatasync", disk::syncs_per_second(&args.data_dir)?);
        for group in GROUPS {
            let server = Server::start(&args.server, &args.data_dir, group).await?;
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
