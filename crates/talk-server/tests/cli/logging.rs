//! Tests that a slow or absent reader of the log affects neither requests nor the stop.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::ChildStderr;

use serde_json::Value;
use talk_testkit::Process;
use talk_testkit::harness::Program;

use crate::running::{ANY, login, serve_with_admin};

/// A server with the most verbose log and a small queue.
struct Chatty {
    server: Process,
    url: String,
    admin: String,
    log: BufReader<ChildStderr>,
}

fn chatty(program: &Program) -> Chatty {
    let mut command = serve_with_admin(program, "root");
    command
        .env("TALK_ADMIN_BIND", ANY)
        .env("TALK_LOG_QUEUE_BYTES", "20000")
        .env("TALK_LOG_FORMAT", "json");
    let mut server = Process::spawn(command).unwrap();
    let mut log = BufReader::new(server.stderr().unwrap());
    loop {
        let mut line = String::new();
        assert_ne!(log.read_line(&mut line).unwrap(), 0, "it ended");
        let line: Value = serde_json::from_str(&line).unwrap();
        if let (Some(bind), Some(admin)) = (line["bind"].as_str(), line["admin_bind"].as_str()) {
            return Chatty {
                server,
                url: format!("http://{bind}"),
                admin: format!("http://{admin}"),
                log,
            };
        }
    }
}

/// More requests than the pipe and the queue have space for.
async fn many_requests(url: &str) {
    let http = reqwest::Client::new();
    for n in 0..1_000 {
        let answer = http.get(format!("{url}/v1.0/agents")).send().await;
        assert_eq!(answer.unwrap().status(), 401, "request {n}");
    }
    assert_eq!(login(url, "root", "correct horse").await, 200);
}

async fn lost(admin: &str) -> u64 {
    let metrics = reqwest::get(format!("{admin}/metrics")).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    let count = metrics
        .lines()
        .find_map(|line| line.strip_prefix("talk_log_lines_lost_total "));
    count.map_or(0, |count| count.parse().unwrap())
}

/// Case 66 and RUN-26.
#[tokio::test]
async fn requests_are_answered_when_the_reader_of_the_log_has_gone() {
    let program = Program::default();
    let mut chatty = chatty(&program);
    drop(chatty.log);
    many_requests(&chatty.url).await;
    assert!(lost(&chatty.admin).await >= 1_000);
    chatty.server.terminate().unwrap();
    assert_eq!(chatty.server.wait().unwrap().code(), Some(0));
}

/// Case 66 and RUN-26.
#[tokio::test]
async fn requests_are_answered_while_the_reader_of_the_log_is_paused() {
    let program = Program::default();
    let mut chatty = chatty(&program);
    many_requests(&chatty.url).await;
    assert!(lost(&chatty.admin).await > 0);
    // The reader continues, and reads the number of lost lines.
    let reading = std::thread::spawn(move || {
        let mut line = String::new();
        while !line.contains("log lines were lost") {
            line.clear();
            assert_ne!(chatty.log.read_line(&mut line).unwrap(), 0, "it ended");
        }
        let line: Value = serde_json::from_str(&line).unwrap();
        (line["lines"].as_u64().unwrap(), chatty.log)
    });
    let (said, mut log) = reading.join().unwrap();
    assert!(said > 0 && said <= lost(&chatty.admin).await);
    chatty.server.terminate().unwrap();
    let mut rest = String::new();
    log.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("stopped"), "{rest}");
    assert_eq!(chatty.server.wait().unwrap().code(), Some(0));
}

/// Case 66.
#[tokio::test]
async fn sigterm_ends_the_server_while_the_reader_of_the_log_is_paused() {
    let program = Program::default();
    let mut chatty = chatty(&program);
    many_requests(&chatty.url).await;
    chatty.server.terminate().unwrap();
    assert_eq!(chatty.server.wait().unwrap().code(), Some(0));
}
