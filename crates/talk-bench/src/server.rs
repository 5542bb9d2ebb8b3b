//! The measured server: the real binary, on a database that is filled before.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use talk_testkit::Serving;

use crate::load::float;
use crate::world::{SECRET, World};

/// Units that may share a commit, unless a measurement says otherwise.
pub(crate) const GROUP: usize = 256;

/// The address under which providers of messages know the server.
pub(crate) const PUBLIC_URL: &str = "https://talk.test";

/// A running server.
pub(crate) struct Server {
    serving: Serving,
    /// The address on which it listens.
    pub(crate) address: String,
}

/// The log filter: errors, and the address, which the start of the server waits for.
const ERRORS: &str = "error,talk_server::serve=info";

/// The log filter of an attacked server. Refusals of attackers are not errors of the measurement.
const ADDRESS: &str = "off,talk_server::serve=info";

/// The settings of the rate limits of agents, customers and addresses. Most measurements need an
/// unlimited load, so they are off then.
const BUCKETS: [&str; 3] = ["TALK_AGENT_RATE", "TALK_CUSTOMER_RATE", "TALK_ADDRESS_RATE"];

/// Attackers and victims are on this machine, whose addresses are trusted as proxies by default.
/// Trusting only an unused address makes them ordinary clients.
const PROXIES: (&str, &str) = ("TALK_TRUSTED_PROXIES", "192.0.2.1");

/// The rate limits of the measured server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Buckets {
    /// Without limit.
    Off,
    /// As often as by default.
    Default,
}

impl Server {
    /// Starts `binary` on a database, with up to `group` units per commit and no rate limits, and
    /// waits until it listens.
    pub(crate) fn start(binary: &Path, world: &World, group: usize) -> Result<Self> {
        let group = ("TALK_GROUP_COMMIT", group.to_string());
        Self::start_with(binary, world, Buckets::Off, &[group])
    }

    /// Starts `binary` like [`Self::start`]. Its webhooks, intercepts and providers of messages may be at
    /// these ports of the loopback.
    pub(crate) fn start_calling(binary: &Path, world: &World, ports: &[u16]) -> Result<Self> {
        let ports: Vec<_> = ports.iter().map(u16::to_string).collect();
        let settings = [
            ("TALK_GROUP_COMMIT", GROUP.to_string()),
            ("TALK_SECRETS_KEY", SECRET.to_owned()),
            ("TALK_WEBHOOK_ALLOW_HTTP", "true".to_owned()),
            ("TALK_WEBHOOK_ALLOW_NETWORKS", "127.0.0.0/8".to_owned()),
            ("TALK_WEBHOOK_ALLOW_PORTS", ports.join(",")),
            ("TALK_PUBLIC_URL", PUBLIC_URL.to_owned()),
            ("TALK_PROVIDER_ALLOW_HTTP", "true".to_owned()),
            ("TALK_PROVIDER_ALLOW_NETWORKS", "127.0.0.0/8".to_owned()),
            ("TALK_PROVIDER_ALLOW_PORTS", ports.join(",")),
        ];
        Self::start_with(binary, world, Buckets::Off, &settings)
    }

    /// Starts `binary` for an attack, with rate limits.
    pub(crate) fn start_attacked(binary: &Path, world: &World, buckets: Buckets) -> Result<Self> {
        let proxies = (PROXIES.0, PROXIES.1.to_owned());
        let settings = [("TALK_LOG", ADDRESS.to_owned()), proxies];
        Self::start_with(binary, world, buckets, &settings)
    }

    /// Starts `binary` like [`Self::start_attacked`] without limits, and has it erase messages that
    /// are older than a day.
    pub(crate) fn start_forgetful(binary: &Path, world: &World) -> Result<Self> {
        let settings = [
            ("TALK_LOG", ADDRESS.to_owned()),
            (PROXIES.0, PROXIES.1.to_owned()),
            ("TALK_MESSAGE_RETENTION_DAYS", "1".to_owned()),
        ];
        Self::start_with(binary, world, Buckets::Off, &settings)
    }

    fn start_with(
        binary: &Path,
        world: &World,
        buckets: Buckets,
        settings: &[(&str, String)],
    ) -> Result<Self> {
        let known = known_settings(binary)?;
        let off = BUCKETS.iter().filter(|_| buckets == Buckets::Off);
        let off = off.map(|name| (*name, "0"));
        let given = settings.iter().map(|(name, value)| (*name, value.as_str()));
        let mut command = Command::new(binary);
        command
            .arg("serve")
            .env_clear()
            .env("TALK_BIND", "127.0.0.1:0")
            .env("TALK_ADMIN_BIND", "")
            .env("TALK_DATA_DIR", world.dir())
            .env("TALK_DATABASE_URL", world.url())
            .env("TALK_JWT_SECRET", SECRET)
            .env("TALK_LOG", ERRORS)
            .envs(off.chain(given).filter(|(name, _)| known.contains(*name)));
        let serving = Serving::start(command, &world.dir().join("log"))
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let address = serving.addresses.public.to_string();
        Ok(Self { serving, address })
    }

    /// The port it listens on.
    pub(crate) const fn port(&self) -> u16 {
        self.serving.addresses.public.port()
    }

    /// KiB of memory it uses now.
    pub(crate) fn resident_kib(&self) -> Result<f64> {
        Ok(float(self.serving.process.resident_kib()?))
    }

    /// Kills it.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.serving
            .process
            .kill()
            .context("cannot stop the server")
    }
}

/// Returns the settings that a binary prints. An older binary can be measured too, and refuses
/// unknown settings.
fn known_settings(binary: &Path) -> Result<String> {
    let printed = Command::new(binary)
        .arg("config")
        .env_clear()
        .output()
        .with_context(|| format!("cannot start {}", binary.display()))?;
    Ok(String::from_utf8_lossy(&printed.stdout).into_owned())
}
