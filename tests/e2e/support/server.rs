//! A running `talk-server serve`, ended with the test.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use super::Client;

/// The signing secret of all test servers.
pub(crate) const SECRET: &str = "a-secret-of-the-tests-0123456789abcdef";
/// Everybody's password.
pub(crate) const PASSWORD: &str = "a long password";

/// Without rate limits, since tests send faster than people.
const NO_RATES: [(&str, &str); 3] = [
    ("TALK_ADDRESS_RATE", "0"),
    ("TALK_AGENT_RATE", "0"),
    ("TALK_CUSTOMER_RATE", "0"),
];

/// A server with a database, a signing secret and a first admin of its own.
pub(crate) struct Server {
    child: Child,
    data: TempDir,
    settings: Vec<(String, String)>,
    /// Where the API is: `http://<address>:<port>`.
    pub(crate) url: String,
    /// Where health and metrics are.
    pub(crate) admin_url: String,
    http: reqwest::Client,
}

impl Server {
    /// Starts on an empty database.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts on an empty database with more settings, named as environment variables.
    pub(crate) async fn start_with(settings: &[(&str, &str)]) -> Self {
        let data = TempDir::new().expect("a directory for the data");
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let settings: Vec<_> = settings.iter().map(own).collect();
        let addresses = [free_address(), free_address()];
        let child = spawn(data.path(), &settings, &addresses);
        let [url, admin_url] = addresses.map(|address| format!("http://{address}"));
        let mut server = Self {
            child,
            data,
            settings,
            url,
            admin_url,
            http: reqwest::Client::new(),
        };
        while !server.is_ready(0).await {
            // Somebody else took a port between our look and the server's.
            let addresses = [free_address(), free_address()];
            server.child = spawn(server.data(), &server.settings, &addresses);
            [server.url, server.admin_url] = addresses.map(|address| format!("http://{address}"));
        }
        server
    }

    /// Ends the process without warning and starts it again on the same data, at the same address.
    pub(crate) async fn kill_and_restart(&mut self) {
        self.kill();
        self.restart().await;
    }

    /// Ends the process without warning.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }

    /// Ends the process in an orderly way and starts it again with these settings; meanwhile `work`
    /// is done to its database.
    pub(crate) async fn restart_after(
        &mut self,
        settings: &[(&str, &str)],
        work: impl FnOnce(&Path),
    ) {
        self.terminate();
        assert!(self.ended().await.success());
        work(&self.data.path().join("talk.db"));
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        self.settings = settings.iter().map(own).collect();
        self.restart().await;
    }

    /// Starts the process, which has ended, on the same data and at the same address.
    pub(crate) async fn restart(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        let addresses = [&self.url, &self.admin_url];
        let addresses = addresses.map(|url| url.trim_start_matches("http://").to_owned());
        loop {
            let since = self.log().len();
            self.child = spawn(self.data.path(), &self.settings, &addresses);
            if self.is_ready(since).await {
                return;
            }
            assert!(Instant::now() < deadline, "{addresses:?} are not free");
        }
    }

    /// Asks the process to end, as `systemd` or Kubernetes do.
    pub(crate) fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .expect("kill")
                .success()
        );
    }

    /// Waits for the process to end.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        for _ in 0..6_000 {
            if let Some(status) = self.child.try_wait().expect("its state") {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the server does not end")
    }

    /// File descriptors it holds.
    pub(crate) fn open_files(&self) -> usize {
        let files = format!("/proc/{}/fd", self.child.id());
        std::fs::read_dir(files).expect("its files").count()
    }

    /// Resident memory in KiB.
    pub(crate) fn memory(&self) -> u64 {
        let status = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(status).expect("a status");
        let line = status.lines().find(|line| line.starts_with("VmRSS"));
        let figure = line.and_then(|line| line.split_whitespace().nth(1));
        figure.and_then(|kib| kib.parse().ok()).expect("a figure")
    }

    /// Everything it logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.data.path().join("log")).expect("the log")
    }

    /// Where its data is.
    pub(crate) fn data(&self) -> &Path {
        self.data.path()
    }

    /// Runs a subcommand on the same database; its standard output.
    pub(crate) fn operate(&self, arguments: &[&str]) -> String {
        let output = command(self.data.path(), &[])
            .args(arguments)
            .output()
            .expect("it runs");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("text")
    }

    /// A client without a token.
    pub(crate) fn anonymous(&self) -> Client {
        Client::new(self.http.clone(), &self.url, None)
    }

    /// A client with this token.
    pub(crate) fn with_token(&self, token: &str) -> Client {
        Client::new(self.http.clone(), &self.url, Some(token.to_owned()))
    }

    /// Logs in.
    pub(crate) async fn login(&self, username: &str, password: &str) -> Client {
        let body = json!({"username": username, "password": password});
        let token = self.anonymous().post("/auth/login", body).await.ok()["token"].clone();
        let client = self.with_token(token.as_str().expect("a token"));
        let me = client.get("/v1.0/service_agents/me").await.ok();
        client.named(me["id"].as_str().expect("an id"))
    }

    /// The first admin, of the customer `default`.
    pub(crate) async fn admin(&self) -> Client {
        self.login("root", PASSWORD).await
    }

    /// Admin `admin-<tag>` and agents `<name>-<tag>` of a customer of their own.
    pub(crate) async fn customer<const N: usize>(
        &self,
        tag: &str,
        names: [&str; N],
    ) -> (Client, [Client; N]) {
        let customer = self.operate(&["customer", "create", "--name", tag, "--json"]);
        let customer: serde_json::Value = serde_json::from_str(&customer).expect("JSON");
        let id = customer["id"].as_str().expect("an id");
        let admin = format!("admin-{tag}");
        let create = ["agent", "create", "--customer", id, "--username", &admin];
        let rest = ["--password", PASSWORD, "--permission", "admin"];
        self.operate(&[&create[..], &rest[..]].concat());
        let admin = self.login(&admin, PASSWORD).await;
        let mut agents = Vec::with_capacity(N);
        for name in names {
            agents.push(self.agent_of(&admin, &format!("{name}-{tag}")).await);
        }
        let agents = agents
            .try_into()
            .unwrap_or_else(|_| unreachable!("as many as names"));
        (admin, agents)
    }

    /// Agents of the default customer, by username.
    pub(crate) async fn agents<const N: usize>(&self, names: [&str; N]) -> [Client; N] {
        let admin = self.admin().await;
        let mut agents = Vec::with_capacity(N);
        for name in names {
            agents.push(self.agent_of(&admin, name).await);
        }
        agents
            .try_into()
            .unwrap_or_else(|_| unreachable!("as many as names"))
    }

    async fn agent_of(&self, admin: &Client, username: &str) -> Client {
        let agent = json!({"username": username, "password": PASSWORD});
        admin.post("/v1.0/agents", agent).await.ok();
        self.login(username, PASSWORD).await
    }

    /// Waits until it serves; `false` when it has ended because an address is taken. Its log from
    /// `since` on is read instead of a probe, which another process at the address could answer.
    async fn is_ready(&mut self, since: usize) -> bool {
        for _ in 0..6_000 {
            let ended = self.child.try_wait().expect("its state");
            let log = self.log().split_off(since);
            if let Some(status) = ended {
                let is_taken = log.contains("cannot listen");
                assert!(is_taken, "the server ended with {status}: {log}");
                return false;
            }
            if log.contains("serving") {
                let ready = self.http.get(format!("{}/readyz", self.url)).send().await;
                if ready.is_ok_and(|answer| answer.status() == 200) {
                    return true;
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the server does not get ready: {}", self.log());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(data: &Path, settings: &[(String, String)], [bind, admin]: &[String; 2]) -> Child {
    let log = File::options()
        .create(true)
        .append(true)
        .open(data.join("log"))
        .expect("a log");
    command(data, settings)
        .arg("serve")
        .env("TALK_BIND", bind)
        .env("TALK_ADMIN_BIND", admin)
        .stderr(log)
        .spawn()
        .expect("the binary starts")
}

/// The binary with nothing of the surroundings in its environment.
pub(crate) fn command(data: &Path, settings: &[(String, String)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_talk-server"));
    command
        .current_dir(data)
        .env_clear()
        .env("TALK_DATA_DIR", data)
        .env("TALK_JWT_SECRET", SECRET)
        .env("TALK_BOOTSTRAP_USERNAME", "root")
        .env("TALK_BOOTSTRAP_PASSWORD", PASSWORD)
        .envs(NO_RATES)
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command
}

/// An address nobody listens at, just now. Where every address of the loopback network is this
/// machine, each process of tests has one of its own: no other test's server takes the port, and
/// no connection goes out from it.
fn free_address() -> String {
    let host = if cfg!(target_os = "linux") {
        let [_, high, middle, low] = std::process::id().to_be_bytes();
        Ipv4Addr::new(127, high | 64, middle, low)
    } else {
        Ipv4Addr::LOCALHOST
    };
    let listener = TcpListener::bind((host, 0)).expect("a free port");
    listener.local_addr().expect("its address").to_string()
}
