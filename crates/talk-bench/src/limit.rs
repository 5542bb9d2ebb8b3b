//! Limits: minimal programs that do one part of the server's work, each in a process of its own.

mod echo;
mod files;
mod raw;

use std::process::Stdio;

use anyhow::{Context, Result};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

pub(crate) use echo::echo;
pub(crate) use files::files;
pub(crate) use raw::raw;

/// A running limit.
pub(crate) struct Limit {
    child: Child,
    /// The address on which it listens.
    pub(crate) address: String,
}

impl Limit {
    /// Starts this program again as a limit, and waits until it listens.
    pub(crate) async fn start(arguments: &[&str]) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = child.stdout.take().context("no output")?;
        let line = BufReader::new(stdout).lines().next_line().await?;
        let address = line.context("the limit did not start")?;
        Ok(Self { child, address })
    }

    /// Stops it.
    pub(crate) async fn stop(mut self) -> Result<()> {
        self.child.kill().await.context("cannot stop the limit")
    }
}

/// Prints the address for the parent process.
fn announce(address: std::net::SocketAddr) {
    println!("{address}");
}
