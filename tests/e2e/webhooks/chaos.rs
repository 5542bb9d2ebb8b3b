//! The server is killed again and again while receivers fail in every way.
//!
//! `TALK_WEBHOOK_KILLS`, `TALK_WEBHOOK_CHATS` and `TALK_WEBHOOK_POSTS` make it larger; `make webhook-chaos`
//! does. `TALK_WEBHOOK_MINUTES` spreads posts, kills and failures over a time, with the default schedule as
//! far as it fits in.

mod pace;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pace::Pace;
use serde_json::{Value, json};
use talk_testkit::harness::{Client, Server};
use tokio::task::JoinSet;

use super::receiver::{Received, Receiver, status};
use super::{WEBHOOKS, of, server_with, webhook};

/// The ids of the events that a receiver accepted.
type Accepted = Arc<Mutex<HashSet<String>>>;

/// How much happens.
struct Extent {
    kills: usize,
    chats: usize,
    /// Posts to each chat between two kills.
    posts: usize,
    /// Minutes that everything is spread over; 0 for as fast as it can.
    minutes: usize,
}

impl Extent {
    fn of_environment() -> Self {
        let number = |name: &str, default| {
            let set = std::env::var(name);
            set.map_or(default, |text| text.parse().expect("a number"))
        };
        Self {
            kills: number("TALK_WEBHOOK_KILLS", 3),
            chats: number("TALK_WEBHOOK_CHATS", 3),
            posts: number("TALK_WEBHOOK_POSTS", 10),
            minutes: number("TALK_WEBHOOK_MINUTES", 0),
        }
    }

    /// The requests with one failure of each kind: a failure holds its chat back for seconds.
    fn period(&self) -> usize {
        (self.kills * self.chats * self.posts / 100).max(20)
    }

    /// Whether a message to this chat is never accepted. It holds its chat back until it is dead: most of a
    /// long run.
    fn is_poisoned(&self, chat: usize) -> bool {
        self.minutes == 0 || chat.is_multiple_of(10)
    }

    fn pace(&self) -> Pace {
        Pace::new(self.minutes, self.kills * self.chats * self.posts)
    }
}

/// Failures of an event that is not poisoned: the try after a third one would be half an hour later.
const FAILURES: usize = 2;

/// Answers five of `period` requests with some failure, and each that contains "poison".
fn fails_often(receiver: &Receiver, period: usize) -> Accepted {
    let accepted = Accepted::default();
    let (noted, mut count) = (Arc::clone(&accepted), 0);
    let mut failures: HashMap<String, usize> = HashMap::new();
    receiver.answers(move |request| {
        count += 1;
        let id = request.header("webhook-id").to_owned();
        let failed = failures.entry(id.clone()).or_default();
        let turn = if *failed < FAILURES {
            count % period
        } else {
            0
        };
        *failed += usize::from([3, 7, 11, 15, 18].contains(&turn));
        match turn {
            _ if is_poison(request) => status(500),
            3 => status(500),
            7 => "HTTP/1.1 429 X\r\nretry-after: 2\r\ncontent-length: 0\r\n\r\n".to_owned(),
            // The connection is reset.
            11 => String::new(),
            15 => "HTTP/1.1 302 X\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n".to_owned(),
            // A body that never ends.
            18 => "HTTP/1.1 500 X\r\ncontent-length: 1000000\r\n\r\n".to_owned(),
            n => {
                if n == 19 {
                    std::thread::sleep(Duration::from_millis(200));
                }
                noted.lock().expect("a lock").insert(id);
                status(200)
            }
        }
    });
    accepted
}

fn is_poison(request: &Received) -> bool {
    request.body.contains("poison")
}

/// Accepts ten events, then wants no more.
fn leaves(receiver: &Receiver) -> Accepted {
    let accepted = Accepted::default();
    let noted = Arc::clone(&accepted);
    receiver.answers(move |request| {
        let mut noted = noted.lock().expect("a lock");
        if noted.len() == 10 {
            return status(410);
        }
        noted.insert(request.header("webhook-id").to_owned());
        status(200)
    });
    accepted
}

/// The ids of the events of all deliveries in a state.
async fn events(admin: &Client, webhook: &Value, state: &str) -> Vec<String> {
    let (mut all, mut token) = (Vec::new(), String::new());
    loop {
        let query = format!("/deliveries?status={state}&page_size=100&page_token={token}");
        let page = admin.get(&of(webhook, &query)).await.ok();
        let rows = page["result"].as_array().expect("rows");
        let id = |row: &Value| row["event_id"].as_str().expect("an id").to_owned();
        all.extend(rows.iter().map(id));
        let next = page["next_page_token"].as_str().expect("a token");
        next.clone_into(&mut token);
        if token.is_empty() {
            return all;
        }
    }
}

/// Waits until `count` deliveries of the endpoint have ended and none waits; the delivered and the dead.
pub(super) async fn ended(
    admin: &Client,
    webhook: &Value,
    count: usize,
) -> (Vec<String>, Vec<String>) {
    for _ in 0..2_400 {
        let waiting = async |state: &str| {
            let first = format!("/deliveries?status={state}&page_size=1");
            !admin.get(&of(webhook, &first)).await.rows().is_empty()
        };
        if !waiting("pending").await && !waiting("failed").await {
            let delivered = events(admin, webhook, "delivered").await;
            let dead = events(admin, webhook, "dead").await;
            if delivered.len() + dead.len() >= count {
                return (delivered, dead);
            }
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    panic!("the deliveries do not end");
}

/// The stream and the number of an event.
pub(super) fn place(event: &str) -> (String, u64) {
    let (rest, seq) = event.rsplit_once('_').expect("a number");
    let (_, stream) = rest.rsplit_once('_').expect("a stream");
    (stream.to_owned(), seq.parse().expect("a number"))
}

/// The events in the log of these chats.
pub(super) async fn logged(by: &Client, chats: &[Value]) -> BTreeSet<(String, u64)> {
    let mut all = BTreeSet::new();
    for chat in chats {
        let stream = chat["id"].as_str().expect("an id").replace('-', "");
        for event in by.events(chat).await {
            all.insert((stream.clone(), event["seq"].as_u64().expect("a number")));
        }
    }
    all
}

/// Kills the server while a post to each chat is under way. The event log decides which of these posts were
/// committed, since their answers were lost.
async fn kill_under_posts(server: &mut Server, alice: &Client, chats: &[Value], round: usize) {
    let mut under_way = JoinSet::new();
    for chat in chats {
        let body = json!({"chat_id": chat["id"], "text": format!("{round} under way")});
        let path = "/v1.0/service_agents/talk_messages";
        let post = alice.request(reqwest::Method::POST, path).json(&body);
        under_way.spawn(async move { post.send().await.is_ok() });
    }
    // The first answer comes with some posts committed, and others not.
    under_way.join_next().await;
    server.kill_and_restart().await;
    under_way.join_all().await;
}

/// Posts to all chats, and kills the server after each round.
async fn post_and_kill(server: &mut Server, alice: &Client, chats: &[Value], extent: &Extent) {
    let mut pace = extent.pace();
    for round in 0..extent.kills {
        for n in 0..extent.posts {
            for (place, chat) in chats.iter().enumerate() {
                let is_poisoned = (round, n) == (0, 5) && extent.is_poisoned(place);
                let poison = if is_poisoned { " poison" } else { "" };
                pace.next().await;
                alice.say(chat, &format!("{round}.{n}{poison}")).await;
            }
        }
        kill_under_posts(server, alice, chats, round).await;
    }
}

/// HOOK-07: every event is delivered or dead, in order per chat, and known by its id if it comes twice.
#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_delivered_or_dead_whatever_fails_and_is_killed() {
    let began = Instant::now();
    let (failing, leaving) = (Receiver::start(), Receiver::start());
    let extent = Extent::of_environment();
    let accepted = fails_often(&failing, extent.period());
    let left = leaves(&leaving);
    let unused = TcpListener::bind("127.0.0.1:0").expect("a port");
    let down = unused.local_addr().expect("an address").port();
    drop(unused);
    let ports = format!("{},{},{down}", failing.port, leaving.port);
    let (schedule, timeout) = pace::schedule(extent.minutes);
    let settings = [
        ("TALK_WEBHOOK_ALLOW_PORTS", &*ports),
        ("TALK_WEBHOOK_SCHEDULE", &schedule),
        ("TALK_WEBHOOK_TIMEOUT_MS", timeout),
    ];
    let mut server = server_with(&[], &settings).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    let hook = webhook(&admin, &failing).await;
    let gone = webhook(&admin, &leaving).await;
    let body = json!({"uri": format!("http://127.0.0.1:{down}/"), "events": ["chat_created"]});
    let absent = admin.post(WEBHOOKS, body).await.ok();
    let mut chats = Vec::new();
    for _ in 0..extent.chats {
        chats.push(alice.chat("group", &[]).await);
    }
    post_and_kill(&mut server, &alice, &chats, &extent).await;
    let log = logged(&alice, &chats).await;
    let (delivered, dead) = ended(&admin, &hook, log.len()).await;
    let all: Vec<_> = delivered.iter().chain(&dead).map(|id| place(id)).collect();
    assert_eq!(all.len(), log.len(), "one delivery for each event");
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), log);
    let accepted = accepted.lock().expect("a lock").clone();
    assert!(delivered.iter().all(|id| accepted.contains(id)));
    let poisoned = poisoned(&failing);
    let expected = (0..chats.len()).filter(|place| extent.is_poisoned(*place));
    assert_eq!(poisoned.len(), expected.count());
    assert!(poisoned.iter().all(|id| dead.contains(id)));
    let requests = in_order(&failing, &log);
    println!(
        "{} kills in {} s, {} events: {} delivered, {} dead, {requests} requests, tries after {schedule} s",
        extent.kills,
        began.elapsed().as_secs(),
        log.len(),
        delivered.len(),
        dead.len(),
    );
    let (delivered, dead) = ended(&admin, &gone, 1).await;
    let left = left.lock().expect("a lock").clone();
    assert!(delivered.iter().all(|id| left.contains(id)) && !dead.is_empty());
    assert_eq!(
        admin.get(&of(&gone, "")).await.ok()["disabled_reason"],
        "gone"
    );
    let (delivered, dead) = ended(&admin, &absent, chats.len()).await;
    assert_eq!((delivered.len(), dead.len()), (0, chats.len()));
}

/// Returns the ids of the events that are never accepted.
fn poisoned(receiver: &Receiver) -> HashSet<String> {
    let requests = receiver.all();
    let poisoned = requests.iter().filter(|request| is_poison(request));
    let id = |request: &Received| request.header("webhook-id").to_owned();
    poisoned.map(id).collect()
}

/// Checks that the events of each chat came in their order, those that came again with the same body, and
/// none that is not in the log. Returns the number of requests.
fn in_order(receiver: &Receiver, log: &BTreeSet<(String, u64)>) -> usize {
    let mut last: BTreeMap<String, u64> = BTreeMap::new();
    let mut bodies = BTreeMap::new();
    let requests = receiver.all();
    for request in &requests {
        let id = request.header("webhook-id").to_owned();
        let (stream, seq) = place(&id);
        assert!(log.contains(&(stream.clone(), seq)), "{id} was rolled back");
        let before = last.insert(stream, seq);
        assert!(
            before.is_none_or(|before| before <= seq),
            "{before:?} then {id}"
        );
        let body = bodies.entry(id).or_insert_with(|| request.body.clone());
        assert_eq!(*body, request.body);
    }
    requests.len()
}
