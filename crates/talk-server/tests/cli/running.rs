//! Tests of the running server and of its end.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use talk_testkit::harness::{Program, refused};
use talk_testkit::{Process, Serving};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A free port.
pub(crate) const ANY: &str = "127.0.0.1:0";

/// Starts `dev` on a free port with a long `shutdown_seconds`. Returns the server and its banner as
/// JSON.
fn demo(program: &Program) -> (Serving, Value) {
    let line = ["dev", "--json", "--bind", ANY, "--admin-bind", ANY];
    let mut command = program.command(&line);
    command.env("TALK_SHUTDOWN_SECONDS", "120");
    let mut server = program.serve(command).unwrap();
    let banner = server.process.first_line().unwrap();
    (server, serde_json::from_str(&banner).unwrap())
}

/// The command `serve` on a free port.
pub(crate) fn serve(program: &Program) -> Command {
    let mut command = program.command(&["serve"]);
    command
        .env("TALK_BIND", ANY)
        .env("TALK_ADMIN_BIND", "")
        .env("TALK_JWT_SECRET", SECRET);
    command
}

/// The command `serve` on a free port, with a first admin.
pub(crate) fn serve_with_admin(program: &Program, username: &str) -> Command {
    let mut command = serve(program);
    command
        .env("TALK_BOOTSTRAP_USERNAME", username)
        .env("TALK_BOOTSTRAP_PASSWORD", "correct horse");
    command
}

/// Starts `serve` with a first admin, and checks that its log contains no secret.
fn serving(program: &Program, username: &str) -> Serving {
    let server = program.serve(serve_with_admin(program, username)).unwrap();
    let log = server.log().unwrap();
    assert!(
        !log.contains("correct horse") && !log.contains(SECRET),
        "{log}"
    );
    server
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
    let program = Program::default();
    let (server, said) = demo(&program);
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
        program.json(&["agent", "disable", "carol"])["status"],
        "disabled"
    );
    assert_eq!(login(url, "carol", "talk-demo").await, 401);
    let (status, log) = server.stop().unwrap();
    assert_eq!(status.code(), Some(0), "{log}");
    let report = program.json(&["doctor"]);
    assert_eq!(
        (&report["chats"], &report["problems"]),
        (&1.into(), &json!([]))
    );
}

#[tokio::test]
async fn the_demo_is_the_same_after_a_restart() {
    let program = Program::default();
    let (server, first) = demo(&program);
    server.stop().unwrap();
    let (server, second) = demo(&program);
    assert_eq!(first["chat_id"], second["chat_id"]);
    let url = second["url"].as_str().unwrap();
    let me = reqwest::Client::new()
        .get(format!("{url}/v1.0/service_agents/me"))
        .bearer_auth(first["agents"]["bob"]["token"].as_str().unwrap());
    assert_eq!(me.send().await.unwrap().status(), 200, "the secret is kept");
    assert_eq!(server.stop().unwrap().0.code(), Some(0));
}

/// RUN-02 and case 38: the commands that `dev` prints.
#[test]
fn the_printed_commands_work_as_printed() {
    let program = Program::default();
    let line = ["dev", "--bind", ANY, "--admin-bind", ""];
    let mut server = Process::spawn(program.command(&line)).unwrap();
    let lines = BufReader::new(server.stdout().unwrap()).lines();
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
    let program = Program::default();
    program.agent(&program.customer(), "root");
    let (line, code) = program.refusal(&["dev", "--bind", ANY, "--admin-bind", ""]);
    assert!(line.contains("known passwords") && code == 1, "{line}");
}

/// RUN-03: the first admin, once.
#[tokio::test]
async fn serve_creates_the_first_admin_and_ignores_the_settings_afterwards() {
    let program = Program::default();
    let server = serving(&program, "root");
    let url = server.url();
    assert_eq!(login(&url, "root", "correct horse").await, 200);
    assert_eq!(login(&url, "root", "wrong horse").await, 401);
    server.stop().unwrap();
    let server = serving(&program, "another");
    assert_eq!(login(&server.url(), "another", "correct horse").await, 401);
    let customers = program.json(&["customer", "list"]);
    assert_eq!(customers.as_array().unwrap().len(), 1);
    assert_eq!(customers[0]["name"], "default");
    let id = customers[0]["id"].as_str().unwrap();
    let agents = program.json(&["agent", "list", "--customer", id]);
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
    let program = Program::default();
    let (server, said) = demo(&program);
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
    server.process.terminate().unwrap();
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
    assert_eq!(server.stop().unwrap().0.code(), Some(0));
}

#[test]
fn an_address_in_use_stops_the_start_before_the_database_is_made() {
    let program = Program::default();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut command = serve_with_admin(&program, "root");
    let (line, code) = refused(&command.args(["--bind", &address]).output().unwrap());
    assert!(
        line.contains("bind: cannot listen at") && code == 1,
        "{line}"
    );
    assert!(program.is_empty());
}

/// RUN-25.
#[test]
fn a_second_server_on_the_same_database_is_refused() {
    let program = Program::default();
    let first = serving(&program, "root");
    let (line, _) = refused(&serve(&program).output().unwrap());
    assert!(line.contains("another server uses this database"), "{line}");
    // Case 63: also under another name of the file.
    let database = program.path().join("data/talk.db");
    std::os::unix::fs::symlink(&database, program.path().join("link.db")).unwrap();
    let mut command = serve(&program);
    command.args(["--database-url", "sqlite:link.db"]);
    let (line, code) = refused(&command.output().unwrap());
    assert!(line.contains("another server uses this database"), "{line}");
    assert_eq!(code, 2);
    // The lock ends with the process.
    drop(first);
    serving(&program, "root");
}

/// Case 50 and RUN-24.
#[tokio::test]
async fn serve_refuses_a_database_whose_passwords_everybody_knows() {
    let program = Program::default();
    let (server, said) = demo(&program);
    // Once it answers, it handles SIGTERM.
    let url = said["url"].as_str().unwrap();
    assert_eq!(login(url, "alice", "talk-demo").await, 200);
    assert!(server.stop().unwrap().0.success());
    let refusal = || {
        let output = serve(&program).output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    let line = refusal();
    for part in ["alice, bob, carol", "agent password", "agent disable"] {
        assert!(line.contains(part), "{line}");
    }
    program.json(&["agent", "disable", "carol"]);
    assert!(
        refusal().contains("alice, bob. "),
        "each that is left is named"
    );
    for agent in ["alice", "bob"] {
        program.json(&["agent", "password", agent, "--password", "correct horse"]);
    }
    let server = serving(&program, "ignored");
    let url = server.url();
    assert_eq!(login(&url, "alice", "talk-demo").await, 401);
    assert_eq!(login(&url, "alice", "correct horse").await, 200);
}

/// RUN-27: `healthcheck` for containers.
#[tokio::test]
async fn the_health_check_fails_without_a_ready_server() {
    let program = Program::default();
    let server = serving(&program, "root");
    let bind = server.addresses.public.to_string();
    let output = program.run(&["healthcheck", "--bind", &bind]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "ready\n");
    assert!(output.status.success());
    server.stop().unwrap();
    let (line, code) = program.refusal(&["healthcheck", "--bind", &bind]);
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
    let (line, code) = program.refusal(&["healthcheck", "--bind", &address]);
    assert!(line.contains("not ready") && code == 1, "{line}");
    answering.join().unwrap();
}

/// RUN-04: rotation without ending any login.
#[tokio::test]
async fn a_rotated_secret_logs_nobody_out() {
    const NEW: &str = "another-secret-0123456789abcdef0123456789";
    let program = Program::default();
    let server = serving(&program, "root");
    let http = reqwest::Client::new();
    let body = json!({"username": "root", "password": "correct horse"});
    let answer = http
        .post(format!("{}/auth/login", server.url()))
        .json(&body)
        .send()
        .await;
    let answer: Value = answer.unwrap().json().await.unwrap();
    let token = answer["token"].as_str().unwrap();
    server.stop().unwrap();
    for (previous, expected) in [(SECRET, 200), ("", 401)] {
        let mut command = serve(&program);
        command
            .env("TALK_JWT_SECRET", NEW)
            .env("TALK_JWT_SECRET_PREVIOUS", previous);
        let server = program.serve(command).unwrap();
        let me = http
            .get(format!("{}/v1.0/service_agents/me", server.url()))
            .bearer_auth(token);
        assert_eq!(me.send().await.unwrap().status(), expected, "{previous}");
    }
}

/// Case 64.
#[test]
fn serve_refuses_the_database_of_another_program() {
    let program = Program::default();
    std::fs::write(
        program.path().join("notes.db"),
        "a text that is no database, of some length",
    )
    .unwrap();
    let mut command = serve(&program);
    command.args(["--database-url", "sqlite:notes.db"]);
    let (line, _) = refused(&command.output().unwrap());
    assert!(line.contains("belongs to another program"), "{line}");
}
