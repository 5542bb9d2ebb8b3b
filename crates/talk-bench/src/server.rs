//! A real server on a database of its own, with one agent logged in to one chat.

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::connection::{Connection, post};

/// A running server.
pub(crate) struct Server {
    child: Child,
    _data: TempDir,
    /// Where it listens.
    pub(crate) address: String,
    /// The agent's token.
    pub(crate) token: String,
    /// The agent's chat.
    pub(crate) chat: String,
}

impl Server {
    /// Starts `binary` with up to `group` units per commit and waits until it answers.
    pub(crate) async fn start(binary: &Path, dir: &Path, group: usize) -> Result<Self> {
        let data = TempDir::with_prefix_in("bench-", dir)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        let database = data.path().join("talk.db");
        let child = Command::new(binary)
            .arg("serve")
            .env_clear()
            .env("TALK_BIND", &address)
            .env("TALK_ADMIN_BIND", "")
            .env("TALK_DATA_DIR", data.path())
            .env(
                "TALK_DATABASE_URL",
                format!("sqlite:{}", database.display()),
            )
            .env("TALK_GROUP_COMMIT", group.to_string())
            .env("TALK_JWT_SECRET", "only-for-the-benchmark-0123456789abcdef")
            .env("TALK_BOOTSTRAP_USERNAME", "bench")
            .env("TALK_BOOTSTRAP_PASSWORD", "bench-password")
            .env("TALK_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let mut server = Self {
            child,
            _data: data,
            address,
            token: String::new(),
            chat: String::new(),
        };
        server.enter().await?;
        Ok(server)
    }

    /// Logs in and makes a chat.
    async fn enter(&mut self) -> Result<()> {
        let mut connection = self.connect().await?;
        let login = r#"{"username":"bench","password":"bench-password"}"#;
        self.token = field(
            connection
                .exchange(&post("/auth/login", None, login))
                .await?,
            "token",
        )?;
        let chats = "/v1.0/service_agents/talk_chats";
        let chat = post(
            chats,
            Some(&self.token),
            r#"{"type":"group","name":"bench"}"#,
        );
        self.chat = field(connection.exchange(&chat).await?, "id")?;
        Ok(())
    }

    async fn connect(&mut self) -> Result<Connection> {
        for _ in 0..500 {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server stopped: {status}");
            }
            match Connection::open(&self.address).await {
                Ok(connection) => return Ok(connection),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        bail!("the server does not listen")
    }

    /// Stops it; its database goes with it.
    pub(crate) async fn stop(mut self) -> Result<()> {
        self.child.kill().await.context("cannot stop the server")
    }
}

fn field(body: &[u8], name: &str) -> Result<String> {
    let body: Value = serde_json::from_slice(body)?;
    body.get(name)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .with_context(|| format!("no {name} in the answer"))
}
