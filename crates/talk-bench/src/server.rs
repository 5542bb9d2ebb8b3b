//! The measured server: the real binary, on a database that is filled before.

use std::net::{SocketAddr, TcpListener};
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

/// Settings that limit how often an agent, a customer or an address may ask. The load is the point
/// of a measurement, so they are off, unless it is about them.
const BUCKETS: [&str; 3] = ["TALK_AGENT_RATE", "TALK_CUSTOMER_RATE", "TALK_ADDRESS_RATE"];

/// Attackers and victims are on this machine, whose addresses are those of proxies by default: they
/// are made ordinary clients by trusting another one, which is nobody's.
const PROXIES: (&str, &str) = ("TALK_TRUSTED_PROXIES", "192.0.2.1");

/// How often one may ask the measured server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Buckets {
    /// Without limit.
    Off,
    /// As often as by default.
    Default,
}

impl Server {
    /// Starts `binary` on a database, with up to `group` units per commit and no limits of how
    /// often one may ask, and waits until it listens.
    pub(crate) async fn start(binary: &Path, world: &World, group: usize) -> Result<Self> {
        let group = ("TALK_GROUP_COMMIT", group.to_string());
        Self::start_with(binary, world, Buckets::Off, &[group]).await
    }

    /// Starts `binary` for an attack, with limits of how often one may ask. It logs nothing: what
    /// attackers are refused is no error of the measurement.
    pub(crate) async fn start_attacked(
        binary: &Path,
        world: &World,
        buckets: Buckets,
    ) -> Result<Self> {
        let proxies = (PROXIES.0, PROXIES.1.to_owned());
        let settings = [("TALK_LOG", "off".to_owned()), proxies];
        Self::start_with(binary, world, buckets, &settings).await
    }

    /// Starts `binary` like [`Self::start_attacked`] without limits, and has it erase messages that
    /// are older than a day.
    pub(crate) async fn start_forgetful(binary: &Path, world: &World) -> Result<Self> {
        let settings = [
            ("TALK_LOG", "off".to_owned()),
            (PROXIES.0, PROXIES.1.to_owned()),
            ("TALK_MESSAGE_RETENTION_DAYS", "1".to_owned()),
        ];
        Self::start_with(binary, world, Buckets::Off, &settings).await
    }

    async fn start_with(
        binary: &Path,
        world: &World,
        buckets: Buckets,
        settings: &[(&str, String)],
    ) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        let known = known_settings(binary).await?;
        let off = BUCKETS.iter().filter(|_| buckets == Buckets::Off);
        let off = off.map(|name| (*name, "0"));
        let given = settings.iter().map(|(name, value)| (*name, value.as_str()));
        let child = Command::new(binary)
            .arg("serve")
            .env_clear()
            .env("TALK_BIND", &address)
            .env("TALK_ADMIN_BIND", "")
            .env("TALK_DATA_DIR", world.dir())
            .env("TALK_DATABASE_URL", world.url())
            .env("TALK_JWT_SECRET", SECRET)
            .env("TALK_LOG", "error")
            .envs(off.chain(given).filter(|(name, _)| known.contains(*name)))
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

    /// The port it listens on.
    pub(crate) fn port(&self) -> Result<u16> {
        let address: SocketAddr = self.address.parse()?;
        Ok(address.port())
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

/// The settings a binary prints: an older one is measured too, and refuses what it does not know.
async fn known_settings(binary: &Path) -> Result<String> {
    let printed = Command::new(binary)
        .arg("config")
        .env_clear()
        .output()
        .await
        .with_context(|| format!("cannot start {}", binary.display()))?;
    Ok(String::from_utf8_lossy(&printed.stdout).into_owned())
}
