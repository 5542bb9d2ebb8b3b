//! The measured server: the real binary, on a database that is filled before.

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::process::{Child, Command};

use crate::connection::Connection;
use crate::world::{SECRET, World};

/// Units that may share a commit, unless a measurement says otherwise.
pub(crate) const GROUP: usize = 256;

/// A running server.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: String,
}

impl Server {
    /// Starts `binary` on a database, with up to `group` units per commit, and waits until it
    /// listens.
    pub(crate) async fn start(binary: &Path, world: &World, group: usize) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        let child = Command::new(binary)
            .arg("serve")
            .env_clear()
            .env("TALK_BIND", &address)
            .env("TALK_ADMIN_BIND", "")
            .env("TALK_DATA_DIR", world.dir())
            .env("TALK_DATABASE_URL", world.url())
            .env("TALK_GROUP_COMMIT", group.to_string())
            .env("TALK_JWT_SECRET", SECRET)
            .env("TALK_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let mut server = Self { child, address };
        server.connect().await?;
        Ok(server)
    }

    /// Connects, as soon as it listens.
    pub(crate) async fn connect(&mut self) -> Result<Connection> {
        for _ in 0..60_000 {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server stopped: {status}");
            }
            match Connection::open(&self.address).await {
                Ok(connection) => return Ok(connection),
                Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
            }
        }
        bail!("the server does not listen")
    }

    /// KiB of memory it uses now.
    pub(crate) fn resident_kib(&self) -> Result<f64> {
        let pid = self.child.id().context("the server stopped")?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let figure = line.and_then(|line| line.split_whitespace().next());
        Ok(figure.context("no VmRSS")?.parse()?)
    }

    /// Stops it.
    pub(crate) async fn stop(mut self) -> Result<()> {
        self.child.kill().await.context("cannot stop the server")
    }
}
