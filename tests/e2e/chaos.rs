//! The process is killed again and again while many write and many follow. Every acknowledged
//! message is in the log once, and every follower has seen the whole log in order: nothing lost,
//! doubled, out of order or left out.
//!
//! `TALK_CHAOS_KILLS` and `TALK_CHAOS_POSTS` make it longer; `make chaos` does.

mod follower;
mod writer;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use follower::{Follower, Seen};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinSet;
use writer::{Acknowledged, Writer};

use talk_testkit::harness::{Client, Server};

const AGENTS: [&str; 5] = ["a", "b", "c", "d", "e"];
const CHATS: usize = 4;
const WRITERS: usize = 16;

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

/// State shared by writers and followers.
pub(super) struct Run {
    /// The URL of the server, which changes at each restart.
    url: watch::Receiver<String>,
    is_over: AtomicBool,
    posted: AtomicUsize,
}

/// LOG-01 and cases 24 and 25.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_doubled_or_reordered_whenever_the_process_is_killed() {
    let kills = setting("TALK_CHAOS_KILLS", 5);
    let posts = setting("TALK_CHAOS_POSTS", 3_000);
    let followers = setting("TALK_CHAOS_FOLLOWERS", 20);
    let mut server = Server::start().await;
    let agents = server.agents(AGENTS).await;
    let others: Vec<&Client> = agents[1..].iter().collect();
    let mut chats = Vec::new();
    for _ in 0..CHATS {
        chats.push(agents[0].chat("group", &others).await);
    }
    let (tell, url) = watch::channel(server.url.clone());
    let run = Arc::new(Run {
        url,
        is_over: AtomicBool::new(false),
        posted: AtomicUsize::new(0),
    });
    let mut following = JoinSet::new();
    for n in 0..followers {
        let agent = &agents[n % agents.len()];
        following.spawn(Follower::new(agent, &chats).follow(Arc::clone(&run)));
    }
    let mut writing = JoinSet::new();
    for n in 0..WRITERS {
        let (agent, chat) = (&agents[n % agents.len()], &chats[n % CHATS]);
        writing.spawn(Writer::new(agent, chat, n).write(Arc::clone(&run)));
    }
    for kill in 1..=kills {
        // The next kill comes when its share of the posts is done, wherever the rest is.
        wait_for(&run, posts * kill / (kills + 1)).await;
        server.kill_and_restart().await;
        tell.send_replace(server.url.clone());
    }
    wait_for(&run, posts).await;
    run.is_over.store(true, Ordering::Relaxed);
    let acknowledged: Vec<Acknowledged> = writing.join_all().await.into_iter().flatten().collect();
    let reader = server.with_token(agents[0].token());
    let mut logs = HashMap::new();
    for chat in &chats {
        reader.say(chat, follower::END).await;
        logs.insert(id(chat), reader.events(chat).await);
    }
    check(&acknowledged, &logs);
    for seen in following.join_all().await {
        check_seen(&seen, &logs);
    }
    println!(
        "{kills} kills, {} acknowledged posts, {followers} followers: 0 lost, 0 doubled, 0 out of order",
        acknowledged.len()
    );
}

async fn wait_for(run: &Run, posts: usize) {
    let deadline = Instant::now() + Duration::from_secs(600);
    while run.posted.load(Ordering::Relaxed) < posts {
        assert!(Instant::now() < deadline, "the writers got stuck");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn id(chat: &Value) -> String {
    chat["id"].as_str().expect("an id").to_owned()
}

/// Every acknowledged message is logged once, where its answer said.
fn check(acknowledged: &[Acknowledged], logs: &HashMap<String, Vec<Value>>) {
    for log in logs.values() {
        for (expected, event) in (1_u64..).zip(log) {
            assert_eq!(event["seq"], expected, "the log has no gaps");
        }
    }
    let mut times: HashMap<&str, usize> = HashMap::new();
    let created = logs.values().flatten();
    for event in created.filter(|event| event["type"] == "chatmessage_created") {
        *times
            .entry(event["data"]["id"].as_str().expect("an id"))
            .or_default() += 1;
    }
    for message in acknowledged {
        assert_eq!(times.get(&*message.id), Some(&1), "{}", message.id);
        let place = usize::try_from(message.seq).expect("small") - 1;
        assert_eq!(
            logs[&message.chat][place]["data"]["id"],
            message.id.as_str()
        );
    }
}

/// A follower has seen every log from where it began to its end.
fn check_seen(seen: &Seen, logs: &HashMap<String, Vec<Value>>) {
    for (chat, log) in logs {
        let from = seen.began[chat];
        let expected = log
            .iter()
            .filter(|event| event["seq"].as_u64() > Some(from));
        let expected: Vec<_> = expected.map(follower::digest_of).collect();
        assert_eq!(seen.events[chat], expected, "chat {chat}");
    }
}
