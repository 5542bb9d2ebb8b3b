//! Files as the commands of operators see them.

use std::fs;
use std::process::Output;

use serde_json::{Value, json};
use talk_testkit::harness::Server;
use talk_testkit::harness::server::command;

use super::{PNG, attach, file, one, stored};

/// Runs `doctor`. Returns whether it found the data sound, and its report.
fn doctor(server: &Server) -> (bool, Value) {
    let looked = command(server.data(), &[])
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
    let (is_sound, found) = doctor(&server);
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
    super::until(async || stored(&server).len() == 1).await;
    fs::write(&stray, "of no row").expect("written");
    fs::write(directory.join("of-somebody-else"), "x").expect("written");
    let (is_sound, found) = doctor(&server);
    assert!(is_sound, "{found}");
    assert_eq!(found["orphans"], 1);

    fs::write(&path, "cut").expect("written");
    let (is_sound, found) = doctor(&server);
    assert!(!is_sound);
    let expected = format!("file {id} has {} bytes and 3 in the storage", PNG.len());
    assert_eq!(found["problems"], json!([expected]));

    fs::remove_file(&path).expect("removed");
    let (is_sound, found) = doctor(&server);
    assert!(!is_sound);
    let expected = format!(
        "the {} bytes of file {id} are not in the storage",
        PNG.len()
    );
    assert_eq!(found["problems"], json!([expected]));
    assert_eq!(found["orphans"], 1);
}
