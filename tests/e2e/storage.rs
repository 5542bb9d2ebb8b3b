//! The files of the database: full disk, clean stop, replacement, and deleted text.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use talk_testkit::harness::Server;

async fn readiness(server: &Server) -> (u16, Value) {
    let answer = reqwest::get(format!("{}/readyz", server.url)).await;
    let answer = answer.expect("an answer");
    let status = answer.status().as_u16();
    let body = answer.bytes().await.expect("a body");
    (status, serde_json::from_slice(&body).expect("JSON"))
}

/// Case 46 and RUN-23. `full_disk.rs` of the store does the same on a disk without a free byte.
#[tokio::test(flavor = "multi_thread")]
async fn without_space_reading_goes_on_and_changes_are_refused() {
    let server = Server::start_with(&[("TALK_MAX_DATABASE_BYTES", "1000000")]).await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    let text = "a long story ".repeat(1_000);
    let mut kept = 0;
    let refused = loop {
        let answer = alice.try_say(&chat, &text).await;
        if answer.status != 200 {
            break answer;
        }
        kept += 1;
        assert!(kept < 1_000, "the database grows beyond its limit");
    };
    refused.refused(503, "STORAGE_FULL");
    assert!(refused.header("retry-after").is_some());
    assert_eq!(alice.events(&chat).await.len(), kept + 2);
    let (status, body) = readiness(&server).await;
    assert_eq!((status, &body["changes"]), (200, &"STORAGE_FULL".into()));
}

/// Case 61 and RUN-13.
#[tokio::test(flavor = "multi_thread")]
async fn a_clean_stop_leaves_one_file() {
    let mut server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    for n in 0..20 {
        alice.say(&chat, &format!("message {n}")).await;
    }
    assert!(server.data().join("talk.db-wal").exists());
    server.terminate();
    assert!(server.ended().await.success());
    for left in ["talk.db-wal", "talk.db-shm"] {
        assert!(!server.data().join(left).exists(), "{left} is left");
    }
    assert!(server.log().contains("write-ahead log is removed"));
}

/// Case 67.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_database_is_moved_away_ends() {
    let mut server = Server::start().await;
    let moved = server.data().join("elsewhere.db");
    std::fs::rename(server.data().join("talk.db"), moved).expect("renamed");
    assert_eq!(server.ended().await.code(), Some(1));
    assert!(server.log().contains("was moved or removed"));
}

/// Names of the files in which `text` stands.
pub(crate) fn files_with(directory: &Path, text: &str) -> Vec<String> {
    let files = std::fs::read_dir(directory).expect("the directory");
    let files = files.map(|file| file.expect("a file").path());
    let found = files.filter(|file| {
        let bytes = std::fs::read(file).unwrap_or_default();
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    });
    found.map(|file| file.display().to_string()).collect()
}

/// Case 65 and RUN-22.
#[tokio::test(flavor = "multi_thread")]
async fn deleted_text_is_in_no_file_after_a_minute() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    let secret = "an unrepeatable confession";
    let message = alice.say(&chat, secret).await;
    assert!(!files_with(server.data(), secret).is_empty());
    let id = message["id"].as_str().expect("an id");
    let path = format!("/v1.0/service_agents/talk_messages/{id}");
    alice.delete(&path).await.ok();
    let deleted = Instant::now();
    loop {
        let found = files_with(server.data(), secret);
        if found.is_empty() {
            return;
        }
        assert!(deleted.elapsed() < Duration::from_secs(60), "{found:?}");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// Case 65: what an earlier process left.
#[tokio::test(flavor = "multi_thread")]
async fn deleted_text_does_not_outlive_a_crash() {
    let mut server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    let secret = "an unrepeatable confession";
    let message = alice.say(&chat, secret).await;
    let id = message["id"].as_str().expect("an id");
    let path = format!("/v1.0/service_agents/talk_messages/{id}");
    alice.delete(&path).await.ok();
    assert!(!files_with(server.data(), secret).is_empty());
    server.kill_and_restart().await;
    let started = Instant::now();
    while !files_with(server.data(), secret).is_empty() {
        assert!(started.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
