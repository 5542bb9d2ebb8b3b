//! A running `talk-server serve`, ended with the test.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use super::Client;
use super::program::{self, Program};
use crate::{Serving, StartError};

/// How long a server may take to get ready or to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// The interval at which the state of a server is checked.
const INTERVAL: Duration = Duration::from_millis(10);

/// The signing secret of all test servers.
pub const SECRET: &str = "a-secret-of-the-tests-0123456789abcdef";
/// The password of every agent.
pub const PASSWORD: &str = "a long password";

/// Without rate limits, since tests send faster than people.
const NO_RATES: [(&str, &str); 3] = [
    ("TALK_ADDRESS_RATE", "0"),
    ("TALK_AGENT_RATE", "0"),
    ("TALK_CUSTOMER_RATE", "0"),
];

/// A server with a database, a signing secret and a first admin of its own.
pub struct Server {
    program: Program,
    serving: Serving,
    settings: Vec<(String, String)>,
    /// The URL of the API: `http://<address>:<port>`.
    pub url: String,
    /// The URL of health checks and metrics.
    pub admin_url: String,
    http: reqwest::Client,
}

impl Server {
    /// Starts on an empty database.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts on an empty database with more settings, named as environment variables.
    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        let program = Program::default();
        let settings = owned(settings);
        let any = [(); 2].map(|()| format!("{}:0", host()));
        let command = serve(program.path(), &settings, &any);
        let serving = program
            .serve(command)
            .unwrap_or_else(|error| panic!("{error}"));
        let admin = serving.addresses.admin.expect("a listener for operators");
        let server = Self {
            url: serving.url(),
            admin_url: format!("http://{admin}"),
            program,
            serving,
            settings,
            http: reqwest::Client::new(),
        };
        server.ready().await;
        server
    }

    /// Ends the process without warning and starts it again on the same data, at the same address.
    pub async fn kill_and_restart(&mut self) {
        self.kill();
        self.restart().await;
    }

    /// Ends the process without warning.
    pub fn kill(&mut self) {
        self.serving.process.kill().expect("killed");
    }

    /// Ends the process in an orderly way and starts it again with these settings; meanwhile `work`
    /// is done to its database.
    pub async fn restart_after(&mut self, settings: &[(&str, &str)], work: impl FnOnce(&Path)) {
        self.terminate();
        assert!(self.ended().await.success());
        work(&self.program.path().join("talk.db"));
        self.settings = owned(settings);
        self.restart().await;
    }

    /// Starts the process, which has ended, on the same data and at the same address.
    pub async fn restart(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        let addresses = [&self.url, &self.admin_url];
        let addresses = addresses.map(|url| url.trim_start_matches("http://").to_owned());
        self.serving = loop {
            let command = serve(self.data(), &self.settings, &addresses);
            match self.program.serve(command) {
                Ok(serving) => break serving,
                // Another process uses the port at the moment.
                Err(StartError::Ended(_, log))
                    if log.contains("cannot listen") && Instant::now() < deadline => {}
                Err(error) => panic!("{error}"),
            }
        };
        self.ready().await;
    }

    /// Sends SIGTERM, as `systemd` and Kubernetes do.
    pub fn terminate(&self) {
        self.serving.process.terminate().expect("a signal");
    }

    /// Waits for the process to end.
    pub async fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.serving.process.try_wait().expect("its state") {
                return status;
            }
            assert!(Instant::now() < deadline, "the server does not end");
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// The number of file descriptors it has open.
    pub fn open_files(&self) -> usize {
        self.serving.process.open_files().expect("its files")
    }

    /// Its resident memory in KiB.
    pub fn memory(&self) -> u64 {
        self.serving.process.resident_kib().expect("its status")
    }

    /// Waits until it has logged `text`, since a thread of its own writes the lines. Returns the
    /// whole log.
    pub async fn log_with(&self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let log = self.log();
            if log.contains(text) {
                return log;
            }
            assert!(Instant::now() < deadline, "no {text:?} in {log}");
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// Everything it logged so far; of a server that has ended it is complete.
    pub fn log(&self) -> String {
        self.serving.log().expect("the log")
    }

    /// Returns the directory of its data.
    pub fn data(&self) -> &Path {
        self.program.path()
    }

    /// Runs a subcommand on the same database; its standard output.
    pub fn operate(&self, arguments: &[&str]) -> String {
        let output = command(self.program.path(), &[])
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
    pub fn anonymous(&self) -> Client {
        Client::new(self.http.clone(), &self.url, None)
    }

    /// A client with this token.
    pub fn with_token(&self, token: &str) -> Client {
        Client::new(self.http.clone(), &self.url, Some(token.to_owned()))
    }

    /// Logs in.
    pub async fn login(&self, username: &str, password: &str) -> Client {
        let body = json!({"username": username, "password": password});
        let token = self.anonymous().post("/auth/login", body).await.ok()["token"].clone();
        let client = self.with_token(token.as_str().expect("a token"));
        let me = client.get("/v1.0/service_agents/me").await.ok();
        client.named(me["id"].as_str().expect("an id"))
    }

    /// The first admin, of the customer `default`.
    pub async fn admin(&self) -> Client {
        self.login("root", PASSWORD).await
    }

    /// Admin `admin-<tag>` and agents `<name>-<tag>` of a customer of their own.
    pub async fn customer<const N: usize>(
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
    pub async fn agents<const N: usize>(&self, names: [&str; N]) -> [Client; N] {
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

    /// Waits until it is ready.
    async fn ready(&self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let ready = self.http.get(format!("{}/readyz", self.url)).send().await;
            if ready.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "it does not get ready: {}",
                self.log()
            );
            tokio::time::sleep(INTERVAL).await;
        }
    }
}

fn owned(settings: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    settings.iter().map(own).collect()
}

fn serve(data: &Path, settings: &[(String, String)], [bind, admin]: &[String; 2]) -> Command {
    let mut command = command(data, settings);
    command
        .arg("serve")
        .env("TALK_BIND", bind)
        .env("TALK_ADMIN_BIND", admin);
    command
}

/// The binary with the settings of a test server, for a database in the directory `data`.
pub fn command(data: &Path, settings: &[(String, String)]) -> Command {
    let mut command = program::command(data);
    command
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

/// The host of the servers of this process. Where every address of the loopback network is this
/// machine, it is one of their own: when a server starts again at its address, no server of another
/// process has taken its port, and no connection goes out from it.
fn host() -> Ipv4Addr {
    if cfg!(target_os = "linux") {
        let [_, high, middle, low] = std::process::id().to_be_bytes();
        Ipv4Addr::new(127, high | 64, middle, low)
    } else {
        Ipv4Addr::LOCALHOST
    }
}
