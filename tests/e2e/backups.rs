//! Backups and clean stops under load, with killed processes, and resumes after a restore.
//!
//! `TALK_BACKUPS` and `TALK_STOPS` make it longer; `make backup-chaos` and `make stops` do.

use std::collections::HashSet;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::Text;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use talk_testkit::harness::server::command;
use talk_testkit::harness::{Client, Server, Socket};

const WRITERS: usize = 8;
/// Clients that resume at the same time: as many as an agent may have sockets.
const CLIENTS: usize = 100;

/// State shared by the writers.
#[derive(Default)]
struct Run {
    /// Ids of messages that were acknowledged, without hyphens.
    acknowledged: Mutex<HashSet<String>>,
    is_over: AtomicBool,
}

impl Run {
    fn acknowledged(&self) -> HashSet<String> {
        self.acknowledged.lock().expect("the ids").clone()
    }

    async fn write(self: Arc<Self>, client: Client, chat: Value) {
        let body = json!({"chat_id": chat["id"], "text": "x".repeat(500)});
        while !self.is_over.load(Ordering::Relaxed) {
            let post = reqwest::Method::POST;
            let request = client.request(post, "/v1.0/service_agents/talk_messages");
            // A killed server answers nothing, or a part.
            if let Ok(answer) = request.json(&body).send().await
                && answer.status() == 200
                && let Ok(message) = answer.json::<Value>().await
            {
                let id = message["id"].as_str().expect("an id").replace('-', "");
                self.acknowledged.lock().expect("the ids").insert(id);
            } else {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }
}

fn back_up(server: &Server, file: &str) -> Child {
    command(server.data(), &[])
        .args(["backup", file])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts")
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Text)]
    id: String,
}

/// The ids of the messages in a backup that the doctor finds sound.
fn messages(file: &Path) -> HashSet<String> {
    let data = tempfile::tempdir().expect("a directory");
    let path = data.path().join("talk.db");
    std::fs::copy(file, &path).expect("a copy");
    let doctor = command(data.path(), &[]).arg("doctor").output();
    let doctor = doctor.expect("it runs");
    assert!(doctor.status.success(), "{doctor:?}");
    let path = path.to_str().expect("a path");
    let mut conn = SqliteConnection::establish(path).expect("a database");
    let ids = diesel::sql_query("SELECT lower(hex(id)) AS id FROM talk_messages");
    let ids: Vec<Id> = ids.load(&mut conn).expect("rows");
    ids.into_iter().map(|row| row.id).collect()
}

/// Waits until the copy has begun, or is over.
async fn begun(backup: &mut Child, partial: &Path) {
    while !partial.exists() && backup.try_wait().expect("its state").is_none() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Case 62 and RUN-14.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_has_everything_acknowledged_before_it_began_even_after_a_kill() {
    let rounds = std::env::var("TALK_BACKUPS").map_or(6, |text| text.parse().expect("a number"));
    let mut server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    let run = Arc::new(Run::default());
    let mut writing = JoinSet::new();
    for _ in 0..WRITERS {
        writing.spawn(Arc::clone(&run).write(alice.on_its_own(), chat.clone()));
    }
    let mut complete = 0;
    for round in 0..rounds {
        let name = format!("backup-{round}");
        let file = server.data().join(&name);
        let before = run.acknowledged();
        let mut backup = back_up(&server, &name);
        begun(&mut backup, &server.data().join(format!("{name}.partial"))).await;
        match round % 3 {
            1 => backup.kill().expect("killed"),
            2 => server.kill_and_restart().await,
            _ => {}
        }
        let is_done = backup.wait().expect("its end").success();
        assert!(is_done || round % 3 == 1, "only a kill ends a backup");
        assert!(
            file.exists() || !is_done,
            "a file that is complete has its name"
        );
        if file.exists() {
            complete += 1;
            let lost: Vec<_> = before.difference(&messages(&file)).cloned().collect();
            assert!(lost.is_empty(), "{name} lacks {lost:?}");
            std::fs::remove_file(file).expect("removed");
        }
    }
    run.is_over.store(true, Ordering::Relaxed);
    writing.join_all().await;
    let acknowledged = run.acknowledged().len();
    assert!(complete >= rounds * 2 / 3 && acknowledged > 0);
    println!("{complete} of {rounds} backups complete, {acknowledged} posts: 0 lost");
}

/// Case 60 and RUN-15.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_restore_every_client_that_resumes_gets_a_reset() {
    let mut server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    alice.say(&chat, "in the backup").await;
    server.operate(&["backup", "backup"]);
    alice.say(&chat, "lost by the restore").await;
    let (epoch, position) = place(&alice, &chat).await;
    let refused = command(server.data(), &[])
        .args(["restore", "backup", "--replace"])
        .output();
    let refused = refused.expect("it runs");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("another server"));
    server.terminate();
    assert!(server.ended().await.success());
    server.operate(&["restore", "backup", "--replace"]);
    server.kill_and_restart().await;
    assert_reset(&server, &alice, (&chat, &epoch, position)).await;
}

/// Case 60: the mark file shows that the database is older.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_copy_put_back_by_hand_gets_a_new_epoch_too() {
    let mut server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    server.operate(&["backup", "backup"]);
    alice.say(&chat, "lost by the copy").await;
    let (epoch, position) = place(&alice, &chat).await;
    server.terminate();
    assert!(server.ended().await.success());
    std::fs::rename(server.data().join("backup"), server.data().join("talk.db")).expect("put back");
    server.kill_and_restart().await;
    server.log_with("older than the one last served here").await;
    assert_reset(&server, &alice, (&chat, &epoch, position)).await;
    // A second start makes no new epoch.
    let (epoch, _) = place(&alice, &chat).await;
    server.kill_and_restart().await;
    assert_eq!(place(&alice, &chat).await.0, epoch);
}

/// The epoch, and the number of the newest event of a chat.
async fn place(client: &Client, chat: &Value) -> (String, u64) {
    let id = chat["id"].as_str().expect("an id");
    let path = format!("/v1.0/service_agents/talk_events?chat_id={id}&since=0");
    let page = client.get(&path).await.ok();
    let epoch = page["epoch"].as_str().expect("an epoch").to_owned();
    (epoch, page["head"].as_u64().expect("a number"))
}

async fn assert_reset(server: &Server, client: &Client, seen: (&Value, &str, u64)) {
    let (chat, epoch, position) = seen;
    // New events reuse the `seq` of the lost ones.
    let alice = server.with_token(client.token()).named(&client.id);
    alice.say(chat, "another history").await;
    let mut resuming = JoinSet::new();
    for _ in 0..CLIENTS {
        let (alice, epoch, chat) = (alice.on_its_own(), epoch.to_owned(), chat["id"].clone());
        resuming.spawn(async move {
            let mut socket = Socket::open(&alice).await;
            let since = json!({chat.as_str().expect("an id"): position});
            socket.resume(&alice, &epoch, since).await;
            let reset = socket.answer("reset").await;
            assert_eq!(reset["chat_id"], chat, "{reset}");
        });
    }
    assert_eq!(resuming.join_all().await.len(), CLIENTS);
}

/// Case 61: whatever is under way, the file of the database alone is the whole database.
#[tokio::test(flavor = "multi_thread")]
async fn no_clean_stop_under_load_leaves_a_log() {
    let stops = std::env::var("TALK_STOPS").map_or(3, |text| text.parse().expect("a number"));
    let mut server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    let mut acknowledged = HashSet::new();
    for stop in 0..stops {
        let run = Arc::new(Run::default());
        let mut writing = JoinSet::new();
        for _ in 0..WRITERS {
            writing.spawn(Arc::clone(&run).write(alice.on_its_own(), chat.clone()));
        }
        while run.acknowledged().len() < WRITERS + stop % 50 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(server.data().join("talk.db-wal").exists());
        server.terminate();
        assert!(server.ended().await.success(), "stop {stop}");
        run.is_over.store(true, Ordering::Relaxed);
        writing.join_all().await;
        for left in ["talk.db-wal", "talk.db-shm"] {
            assert!(!server.data().join(left).exists(), "stop {stop}: {left}");
        }
        acknowledged.extend(run.acknowledged());
        server.kill_and_restart().await;
    }
    server.terminate();
    assert!(server.ended().await.success());
    let kept = messages(&server.data().join("talk.db"));
    assert!(acknowledged.is_subset(&kept));
    println!("{stops} clean stops, {} posts: 0 lost", acknowledged.len());
}

/// The deadline of reads protects a server from its clients. A check of a large database has none.
#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_has_no_deadline() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    for n in 0..300 {
        alice
            .say(&chat, &format!("{n} {}", "x".repeat(10_000)))
            .await;
    }
    let short = [("TALK_READ_TIMEOUT_MS".to_owned(), "1".to_owned())];
    let looked = command(server.data(), &short).arg("doctor").output();
    let looked = looked.expect("it runs");
    assert!(looked.status.success(), "{looked:?}");
}
