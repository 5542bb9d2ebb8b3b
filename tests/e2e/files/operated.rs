//! Files as the commands of operators see them.

use std::collections::VecDeque;
use std::fs;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use talk_testkit::harness::server::command;
use talk_testkit::harness::{Client, Server, refused};
use talk_testkit::s3::S3Server;
use tokio::task::JoinSet;

use super::form::Form;
use super::{PNG, attach, fetch, file, one, stored, until, upload};

/// Backups that are made during uploads.
const BACKUPS: usize = 10;

/// Runs `doctor`. Returns whether it found the data sound, and its report.
fn doctor(data: &Path) -> (bool, Value) {
    let looked = command(data, &[])
        .args(["doctor", "--json"])
        .output()
        .expect("it runs");
    (looked.status.success(), report(&looked))
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// FILE-03: the doctor names files whose bytes are lost, and counts bytes without a row.
#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_finds_lost_and_stray_bytes() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let kept = file(&alice, "a.png", PNG).await;
    attach(&alice, &chat, &kept).await.ok();
    let deleted = file(&alice, "b.png", PNG).await;
    alice.delete(&one(&deleted, "")).await.ok();
    let (is_sound, found) = doctor(server.data());
    assert!(is_sound, "{found}");
    let counted = |found: &Value| json!([found["files"], found["file_bytes"], found["problems"]]);
    assert_eq!(counted(&found), json!([1, PNG.len(), []]));

    let (customer, id) = (&kept["customer_id"], kept["id"].as_str().expect("an id"));
    let directory = server
        .data()
        .join("files")
        .join(customer.as_str().expect("an id"));
    let path = directory.join(id);
    let stray = directory.join("019aaaaa-0000-7000-8000-000000000001");
    until(async || stored(&server).len() == 1).await;
    fs::write(&stray, "of no row").expect("written");
    fs::write(directory.join("of-somebody-else"), "x").expect("written");
    let (is_sound, found) = doctor(server.data());
    assert!(is_sound, "{found}");
    assert_eq!(found["orphans"], 1);

    fs::write(&path, "cut").expect("written");
    let (is_sound, found) = doctor(server.data());
    assert!(!is_sound);
    let expected = format!("file {id} has {} bytes and 3 in the storage", PNG.len());
    assert_eq!(found["problems"], json!([expected]));

    fs::remove_file(&path).expect("removed");
    let (is_sound, found) = doctor(server.data());
    assert!(!is_sound);
    let expected = format!(
        "the {} bytes of file {id} are not in the storage",
        PNG.len()
    );
    assert_eq!(found["problems"], json!([expected]));
    assert_eq!(found["orphans"], 1);
}

/// Runs a command with `--json` on the database of a server.
fn operated(server: &Server, line: &[&str]) -> Value {
    let printed = server.operate(&[line, &["--json"]].concat());
    serde_json::from_str(&printed).expect("JSON")
}

/// Runs a command that must fail. Returns its one line and its exit code.
fn refusal(server: &Server, line: &[&str]) -> (String, i32) {
    let output = command(server.data(), &[]).args(line).output();
    refused(&output.expect("it runs"))
}

fn text<'a>(file: &'a Value, field: &str) -> &'a str {
    file[field].as_str().expect(field)
}

/// FILE-13: the bytes come back with their rows, and those that are there since are kept.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_brings_back_the_files_that_were_deleted_since() {
    let mut server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let sent = file(&alice, "a.png", PNG).await;
    attach(&alice, &chat, &sent).await.ok();
    let large: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let second = file(&alice, "numbers", &large).await;
    let empty = file(&alice, "empty", b"").await;
    let made = operated(&server, &["backup", "copy"]);
    for (field, expected) in [
        ("files", json!(3)),
        ("file_bytes", json!(PNG.len() + large.len())),
        ("lost_files", json!(0)),
        ("files_in", json!("copy.files")),
    ] {
        assert_eq!(made[field], expected, "{field}");
    }
    for deleted in [&sent, &second, &empty] {
        alice.delete(&one(deleted, "")).await.ok();
    }
    let since = file(&alice, "since", b"the backup").await;
    until(async || stored(&server).len() == 1).await;
    server.terminate();
    assert!(server.ended().await.success());
    let restored = operated(&server, &["restore", "copy", "--replace"]);
    assert_eq!(restored["restored"]["files"], 3);
    let kept = server.data().join(text(&restored, "kept_files"));
    let kept = kept
        .join(text(&since, "customer_id"))
        .join(text(&since, "id"));
    assert_eq!(fs::read(kept).expect("the file"), b"the backup");
    server.restart().await;
    for (file, bytes) in [(&sent, PNG), (&second, &large), (&empty, b"")] {
        let answer = fetch(&alice, &one(file, "/file"), &[]).await;
        assert_eq!(answer.status(), 200);
        assert!(answer.bytes().await.expect("bytes") == bytes);
    }
    let since = alice.get(&one(&since, "")).await;
    since.refused(404, "FILE_NOT_FOUND");
    let (is_sound, found) = doctor(server.data());
    assert!(is_sound, "{found}");
}

/// FILE-13: a backup without its files is restored on demand only, and none is replaced.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_lacks_files_is_refused_unless_that_is_wanted() {
    let mut server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let sent = file(&alice, "a.png", PNG).await;
    server.operate(&["backup", "copy"]);
    fs::remove_file(server.data().join("copy")).expect("removed");
    let (line, _) = refusal(&server, &["backup", "copy"]);
    assert!(line.contains("copy.files exists"), "{line}");
    server.operate(&["backup", "other"]);
    fs::remove_dir_all(server.data().join("other.files")).expect("removed");
    alice.delete(&one(&sent, "")).await.ok();
    until(async || stored(&server).is_empty()).await;
    server.terminate();
    assert!(server.ended().await.success());
    let (line, code) = refusal(&server, &["restore", "other", "--replace"]);
    let expected = "the bytes of 1 files are missing in other.files";
    assert!(line.contains(expected), "{line}");
    assert_eq!(code, 2);
    assert!(doctor(server.data()).0, "nothing is changed");
    server.operate(&["restore", "other", "--replace", "--without-files"]);
    let (is_sound, found) = doctor(server.data());
    assert!(!is_sound);
    assert!(
        text(&json!({"problem": found["problems"][0]}), "problem").contains("not in the storage")
    );
}

/// FILE-13: whatever is uploaded and deleted meanwhile, every row of a backup has its bytes.
#[tokio::test(flavor = "multi_thread")]
async fn backups_during_uploads_and_deletions_lack_no_file() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let mut changing = JoinSet::new();
    for size in [100, 5_000, 300_000] {
        let is_over = Arc::clone(&is_over);
        changing.spawn(upload_and_delete(alice.on_its_own(), size, is_over));
    }
    let mut files = 0;
    for round in 0..BACKUPS {
        let name = format!("copy-{round}");
        let made = operated(&server, &["backup", &name]);
        assert_eq!(made["lost_files"], 0, "{made}");
        let other = tempfile::tempdir().expect("a directory");
        let source = server.data().join(&name);
        let restored = command(other.path(), &[])
            .arg("restore")
            .arg(source)
            .output()
            .expect("it runs");
        assert!(restored.status.success(), "{restored:?}");
        let (is_sound, found) = doctor(other.path());
        assert!(is_sound, "{found}");
        assert_eq!(
            json!([found["files"], found["orphans"]]),
            json!([made["files"], 0])
        );
        files += found["files"].as_u64().expect("a number");
    }
    is_over.store(true, Ordering::Relaxed);
    let deleted: usize = changing.join_all().await.into_iter().sum();
    assert!(files > 0 && deleted > 0, "nothing happened meanwhile");
    println!("{BACKUPS} backups with {files} files beside {deleted} deletions: 0 lost");
}

/// Uploads files and deletes each after four more. Returns how many were deleted.
async fn upload_and_delete(by: Client, size: usize, is_over: Arc<AtomicBool>) -> usize {
    let form = Form::new().file("a", "text/plain", &vec![b'z'; size]);
    let (mut kept, mut deleted) = (VecDeque::new(), 0);
    while !is_over.load(Ordering::Relaxed) {
        let sent = upload(&by, &form).await.ok();
        kept.push_back(one(&sent, ""));
        if kept.len() > 4
            && let Some(oldest) = kept.pop_front()
        {
            by.delete(&oldest).await.ok();
            deleted += 1;
        }
    }
    deleted
}

/// FILE-13: with a bucket, a backup says where the bytes are.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_files_in_a_bucket_says_where_they_are() {
    let service = S3Server::start().await;
    let settings = service.settings();
    let named = settings.each_ref().map(|(name, value)| (*name, &**value));
    let server = Server::start_with(&named).await;
    let [alice] = server.agents(["alice"]).await;
    file(&alice, "a.png", PNG).await;
    let settings = settings.map(|(name, value)| (name.to_owned(), value));
    let made = command(server.data(), &settings)
        .args(["backup", "copy", "--json"])
        .output();
    let made = report(&made.expect("it runs"));
    assert_eq!(
        json!([made["files"], made["file_bytes"], made["files_in"]]),
        json!([1, PNG.len(), "s3://files/talk"])
    );
    assert!(!server.data().join("copy.files").exists());
}

/// FILE-13: files that lie beside a backup are not taken for those of a bucket.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_with_its_files_is_not_restored_to_a_bucket_unless_that_is_wanted() {
    let mut server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    file(&alice, "a.png", PNG).await;
    server.operate(&["backup", "copy"]);
    server.terminate();
    assert!(server.ended().await.success());
    let service = S3Server::start().await;
    let settings = service.settings();
    let settings = settings.map(|(name, value)| (name.to_owned(), value));
    let restore = |more: &[&str]| {
        let mut restore = command(server.data(), &settings);
        restore.args(["restore", "copy", "--replace"]).args(more);
        restore.output().expect("it runs")
    };
    let (line, code) = refused(&restore(&[]));
    assert!(
        line.contains("copy.files") && line.contains("s3://files/talk"),
        "{line}"
    );
    assert_eq!(code, 2);
    assert!(restore(&["--without-files"]).status.success());
}

/// FILE-03: what else the doctor finds is printed, also if the storage does not answer.
#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_reports_without_the_storage() {
    let mut service = S3Server::start().await;
    let settings = service.settings();
    let named = settings.each_ref().map(|(name, value)| (*name, &**value));
    let server = Server::start_with(&named).await;
    let [alice] = server.agents(["alice"]).await;
    file(&alice, "a.png", PNG).await;
    service.stop().await;
    let settings = settings.map(|(name, value)| (name.to_owned(), value));
    let looked = command(server.data(), &settings)
        .args(["doctor", "--json"])
        .output()
        .expect("it runs");
    assert!(!looked.status.success());
    let found = report(&looked);
    assert!(found["agents"].as_u64() > Some(0), "{found}");
    let problem = text(&json!({"problem": found["problems"][0]}), "problem").to_owned();
    assert!(problem.contains("the storage of files"), "{problem}");
}
