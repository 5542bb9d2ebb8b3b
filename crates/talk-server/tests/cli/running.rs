//! Tests of the running server and of its end.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::place::Place;

pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A free port.
pub(crate) const ANY: &str = "127.0.0.1:0";

/// A running server, killed when dropped.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command.spawn().unwrap())
    }

    /// Sends SIGTERM.
    pub(crate) fn terminate(&self) {
        let id = self.0.id().to_string();
        // The process may have ended already.
        let _ = Command::new("kill").args(["-TERM", &id]).output();
    }

    /// Sends SIGTERM. Returns the exit status and the log.
    fn stop(mut self) -> (ExitStatus, String) {
        self.terminate();
        let mut log = String::new();
        let mut errors = self.0.stderr.take().unwrap();
        errors.read_to_string(&mut log).unwrap();
        (self.0.wait().unwrap(), log)
    }
}

/// Starts `dev` on a free port with a long `shutdown_seconds`. Returns the server and its banner as
/// JSON.
fn demo(place: &Place) -> (Running, Value) {
    let line = ["dev", "--json", "--bind", ANY, "--admin-bind", ANY];
    let mut command = place.command(&line);
    command.env("TALK_SHUTDOWN_SECONDS", "120");
    let mut server = Running::start(command);
    let mut line = String::new();
    BufReader::new(server.0.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    (server, serde_json::from_str(&line).unwrap())
}

/// Starts `serve` on a free port with a first admin. Returns the server and its address.
fn serving(
    place: &Place,
    username: &str,
) -> (Running, String, BufReader<std::process::ChildStderr>) {
    let mut command = place.command(&["serve", "--bind", ANY, "--admin-bind", ""]);
    command
        .env("TALK_JWT_SECRET", SECRET)
        .env("TALK_BOOTSTRAP_USERNAME", username)
        .env("TALK_BOOTSTRAP_PASSWORD", "correct horse")
        .env("TALK_LOG_FORMAT", "json");
    announced(command)
}

/// Starts `command` and reads the server's address from its log.
fn announced(command: Command) -> (Running, String, BufReader<std::process::ChildStderr>) {
    let mut server = Running::start(command);
    let mut log = BufReader::new(server.0.stderr.take().unwrap());
    loop {
        let mut line = String::new();
        assert_ne!(log.read_line(&mut line).unwrap(), 0, "it ended");
        assert!(
            !line.contains("correct horse") && !line.contains(SECRET),
            "{line}"
        );
        let line: Value = serde_json::from_str(&line).unwrap();
        if let Some(address) = line["bind"].as_str() {
            let url = format!("http://{address}");
            return (server, url, log);
        }
    }
}

pub(crate) async fn login(url: &str, username: &str, password: &str) -> u16 {
    let client = reqwest::Client::new();
    let body = json!({"username": username, "password": password});
    let answer = client
        .post(format!("{url}/auth/login"))
        .json(&body)
        .send()
        .await;
    answer.unwrap().status().as_u16()
}

/// RUN-02: the demo serves with the tokens it prints.
#[tokio::test]
async fn the_demo_serves_and_ends_when_asked() {
    let place = Place::new();
    let (server, said) = demo(&place);
    let (url, token) = (
        said["url"].as_str().unwrap(),
        said["agents"]["alice"]["token"].as_str(),
    );
    let client = reqwest::Client::new();
    let body = json!({"chat_id": said["chat_id"], "text": "hello"});
    let sent = client
        .post(format!("{url}/v1.0/service_agents/talk_messages"))
        .bearer_auth(token.unwrap())
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(sent.status(), 200);
    for username in ["alice", "bob", "carol"] {
        assert_eq!(login(url, username, "talk-demo").await, 200, "{username}");
    }
    assert_eq!(
        place.json(&["agent", "disable", "carol"])["status"],
        "disabled"
    );
    assert_eq!(login(url, "carol", "talk-demo").await, 401);
    let (status, log) = server.stop();
    assert_eq!(status.code(), Some(0), "{log}");
    let report = place.json(&["doctor"]);
    assert_eq!(
        (&report["chats"], &report["problems"]),
        (&1.into(), &json!([]))
    );
}

#[tokio::test]
async fn the_demo_is_the_same_after_a_restart() {
    let place = Place::new();
    let (server, first) = demo(&place);
    server.stop();
    let (server, second) = demo(&place);
    assert_eq!(first["chat_id"], second["chat_id"]);
    let url = second["url"].as_str().unwrap();
    let me = reqwest::Client::new()
        .get(format!("{url}/v1.0/service_agents/me"))
        .bearer_auth(first["agents"]["bob"]["token"].as_str().unwrap());
    assert_eq!(me.send().await.unwrap().status(), 200, "the secret is kept");
    assert_eq!(server.stop().0.code(), Some(0));
}

/// RUN-02 and case 38: the commands that `dev` prints.
#[test]
fn the_printed_commands_work_as_printed() {
    let place = Place::new();
    let line = ["dev", "--bind", ANY, "--admin-bind", ""];
    let mut server = Running::start(place.command(&line));
    let lines = BufReader::new(server.0.stdout.take().unwrap()).lines();
    let (mut commands, mut tail) = (Vec::new(), String::new());
    let lines = lines.map(Result::unwrap);
    for line in lines.take_while(|line| !line.contains("Ctrl-C ends it;")) {
        if line.starts_with("curl ") {
            commands.push(line);
        } else if line.starts_with("since=") {
            // One iteration is enough for a test.
            tail = line.replace("sleep 1", "break");
        }
    }
    let run = |command: &str| {
        let output = Command::new("sh").args(["-c", command]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let answers: Vec<_> = commands.iter().map(|command| run(command)).collect();
    assert_eq!(answers.len(), 3);
    assert!(answers[0].contains("Hello, Bob!"), "{answers:?}");
    assert!(answers[1].contains("Hello, Bob!"), "{answers:?}");
    assert!(answers[2].contains("\"token\":"), "{answers:?}");
    let events = run(&tail);
    assert!(
        events.contains("chatmessage_created") && events.contains("Hello, Bob!"),
        "{events}"
    );
}

#[test]
fn dev_gives_nobodys_database_known_passwords() {
    let place = Place::new();
    place.agent(&place.customer(), "root");
    let (line, code) = place.refusal(&["dev", "--bind", ANY, "--admin-bind", ""]);
    assert!(line.contains("known passwords") && code == 1, "{line}");
}

/// RUN-03: the first admin, once.
#[tokio::test]
async fn serve_creates_the_first_admin_and_ignores_the_settings_afterwards() {
    let place = Place::new();
    let (server, url, _log) = serving(&place, "root");
    assert_eq!(login(&url, "root", "correct horse").await, 200);
    assert_eq!(login(&url, "root", "wrong horse").await, 401);
    server.terminate();
    drop(server);
    let (_server, url, _log) = serving(&place, "another");
    assert_eq!(login(&url, "another", "correct horse").await, 401);
    let customers = place.json(&["customer", "list"]);
    assert_eq!(customers.as_array().unwrap().len(), 1);
    assert_eq!(customers[0]["name"], "default");
    let id = customers[0]["id"].as_str().unwrap();
    let agents = place.json(&["agent", "list", "--customer", id]);
    assert_eq!(
        (&agents[0]["username"], &agents[0]["permission"]),
        (&"root".into(), &32.into())
    );
}

/// Returns whether the server that issued this token still answers: another process may have the
/// port by now.
fn is_served(address: &str, token: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return false;
    };
    let patience = Some(Duration::from_secs(5));
    stream.set_read_timeout(patience).unwrap();
    let request = format!(
        "GET /v1.0/service_agents/me HTTP/1.1\r\nHost: talk\r\nConnection: close\r\n\
         Authorization: Bearer {token}\r\n\r\n"
    );
    let mut answer = Vec::new();
    let _ = stream.write_all(request.as_bytes());
    let _ = stream.read_to_end(&mut answer);
    answer.starts_with(b"HTTP/1.1 200 ")
}

/// RUN-11 and case 37: stop accepting, finish, exit 0.
#[test]
fn a_request_in_flight_is_answered_before_the_end() {
    let place = Place::new();
    let (server, said) = demo(&place);
    let address = said["url"].as_str().unwrap().trim_start_matches("http://");
    let body = r#"{"username":"bob","password":"talk-demo"}"#;
    let mut request = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /auth/login HTTP/1.1\r\nHost: talk\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    );
    request.write_all(head.as_bytes()).unwrap();
    let mut answer = BufReader::new(request.try_clone().unwrap());
    let mut line = String::new();
    answer.read_line(&mut line).unwrap();
    assert!(
        line.contains("100 Continue"),
        "the request is in flight: {line}"
    );
    server.terminate();
    let token = said["agents"]["bob"]["token"].as_str().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while is_served(address, token) {
        assert!(Instant::now() < deadline, "it goes on accepting");
    }
    request.write_all(body.as_bytes()).unwrap();
    let mut rest = String::new();
    answer.read_to_string(&mut rest).unwrap();
    assert!(
        rest.contains("200 OK") && rest.contains("\"token\""),
        "{rest}"
    );
    assert_eq!(server.stop().0.code(), Some(0));
}

#[test]
fn an_address_in_use_stops_the_start_before_the_database_is_made() {
    let place = Place::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut command = place.command(&["serve", "--bind", &address, "--admin-bind", ""]);
    command
        .env("TALK_JWT_SECRET", SECRET)
        .env("TALK_BOOTSTRAP_USERNAME", "root")
        .env("TALK_BOOTSTRAP_PASSWORD", "correct horse");
    let (line, code) = crate::place::refused(&command.output().unwrap());
    assert!(
        line.contains("bind: cannot listen at") && code == 1,
        "{line}"
    );
    assert!(place.is_empty());
}

/// RUN-25.
#[test]
fn a_second_server_on_the_same_database_is_refused() {
    let place = Place::new();
    let (first, _, _) = serving(&place, "root");
    let mut command = place.command(&["serve", "--bind", ANY, "--admin-bind", ""]);
    command.env("TALK_JWT_SECRET", SECRET);
    let (line, _) = crate::place::refused(&command.output().unwrap());
    assert!(line.contains("another server uses this database"), "{line}");
    // Case 63: also under another name of the file.
    let database = place.path().join("data/talk.db");
    std::os::unix::fs::symlink(&database, place.path().join("link.db")).unwrap();
    let line = [
        "serve",
        "--bind",
        ANY,
        "--admin-bind",
        "",
        "--database-url",
        "sqlite:link.db",
    ];
    let mut command = place.command(&line);
    command.env("TALK_JWT_SECRET", SECRET);
    let (line, code) = crate::place::refused(&command.output().unwrap());
    assert!(line.contains("another server uses this database"), "{line}");
    assert_eq!(code, 2);
    // The lock ends with the process.
    drop(first);
    serving(&place, "root");
}

/// Case 50 and RUN-24.
#[tokio::test]
async fn serve_refuses_a_database_whose_passwords_everybody_knows() {
    let place = Place::new();
    let (server, said) = demo(&place);
    // Once it answers, it handles SIGTERM.
    let url = said["url"].as_str().unwrap();
    assert_eq!(login(url, "alice", "talk-demo").await, 200);
    assert!(server.stop().0.success());
    let refusal = || {
        let mut command = place.command(&["serve", "--bind", ANY, "--admin-bind", ""]);
        command.env("TALK_JWT_SECRET", SECRET);
        let output = command.output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    let line = refusal();
    for part in ["alice, bob, carol", "agent password", "agent disable"] {
        assert!(line.contains(part), "{line}");
    }
    place.json(&["agent", "disable", "carol"]);
    assert!(
        refusal().contains("alice, bob. "),
        "each that is left is named"
    );
    for agent in ["alice", "bob"] {
        place.json(&["agent", "password", agent, "--password", "correct horse"]);
    }
    let (_server, url, _log) = serving(&place, "ignored");
    assert_eq!(login(&url, "alice", "talk-demo").await, 401);
    assert_eq!(login(&url, "alice", "correct horse").await, 200);
}

/// RUN-27: `healthcheck` for containers.
#[tokio::test]
async fn the_health_check_tells_a_ready_server_from_none() {
    let place = Place::new();
    let (server, url, _log) = serving(&place, "root");
    let bind = url.trim_start_matches("http://");
    let output = place.run(&["healthcheck", "--bind", bind]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "ready\n");
    assert!(output.status.success());
    server.terminate();
    drop(server);
    let (line, code) = place.refusal(&["healthcheck", "--bind", bind]);
    assert!(line.contains("/readyz") && code == 1, "{line}");
    // Another program at the address is not a ready server.
    let other = std::net::TcpListener::bind(ANY).unwrap();
    let address = other.local_addr().unwrap().to_string();
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = other.accept().unwrap();
        stream
            .write_all(b"HTTP/1.1 503 Service Unavailable\r\n\r\n")
            .unwrap();
    });
    let (line, code) = place.refusal(&["healthcheck", "--bind", &address]);
    assert!(line.contains("not ready") && code == 1, "{line}");
    answering.join().unwrap();
}

/// RUN-04: rotation without logging anybody out.
#[tokio::test]
async fn a_rotated_secret_logs_nobody_out() {
    const NEW: &str = "another-secret-0123456789abcdef0123456789";
    let place = Place::new();
    let (server, url, _log) = serving(&place, "root");
    let http = reqwest::Client::new();
    let body = json!({"username": "root", "password": "correct horse"});
    let answer = http
        .post(format!("{url}/auth/login"))
        .json(&body)
        .send()
        .await;
    let answer: Value = answer.unwrap().json().await.unwrap();
    let token = answer["token"].as_str().unwrap();
    server.terminate();
    drop(server);
    for (previous, expected) in [(SECRET, 200), ("", 401)] {
        let mut command = place.command(&["serve", "--bind", ANY, "--admin-bind", ""]);
        command
            .env("TALK_JWT_SECRET", NEW)
            .env("TALK_JWT_SECRET_PREVIOUS", previous)
            .env("TALK_LOG_FORMAT", "json");
        let (_server, url, _log) = announced(command);
        let me = http
            .get(format!("{url}/v1.0/service_agents/me"))
            .bearer_auth(token);
        assert_eq!(me.send().await.unwrap().status(), expected, "{previous}");
    }
}

/// Case 64.
#[test]
fn serve_refuses_the_database_of_another_program() {
    let place = Place::new();
    std::fs::write(
        place.path().join("notes.db"),
        "a text that is no database, of some length",
    )
    .unwrap();
    let line = [
        "serve",
        "--bind",
        ANY,
        "--admin-bind",
        "",
        "--database-url",
        "sqlite:notes.db",
    ];
    let mut command = place.command(&line);
    command.env("TALK_JWT_SECRET", SECRET);
    let (line, _) = crate::place::refused(&command.output().unwrap());
    assert!(line.contains("belongs to another program"), "{line}");
}
