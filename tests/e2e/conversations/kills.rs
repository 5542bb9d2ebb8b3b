//! The server is killed at every step of messages on their way in and out. Nothing that was answered is
//! lost, nothing is doubled, and rooms keep their order.
//!
//! A step inside a transaction is reached by a database trigger that makes the transaction wait. A step
//! between two transactions is reached by the provider, which holds back its answer or the TLS handshake.
//! For the other steps the test polls the database, and kills the server as soon as the row of the step is
//! there. After each kill the test reads from the rows whether the server was in that step. If it was not,
//! the test repeats the kill.
//!
//! `TALK_CONVERSATION_KILLS` makes it longer; `make conversation-chaos` does.

mod database;
mod provider;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use talk_testkit::harness::{Client, Server};

use super::sms::{KEY, PUBLIC};
use super::{CONVERSATIONS, text};
use database::{Database, UNDONE, delivery, job, receipt};
use provider::{Hook, Kind, Provider};

/// Kills for one step until it must have been reached.
const TRIES: usize = 30;

/// The longest time until leases of before the last kill have ended, and the rest is sent.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// The receipt of a message is being stored: its transaction is held.
    MessageArrived,
    /// The receipt is stored, and the provider has no answer: killed as soon as the row shows.
    MessageStored,
    /// The provider has its answer, and the receipt was not read: killed with the answer.
    MessageAnswered,
    /// The receipt was read, and the message is being committed: its transaction is held.
    MessageRead,
    /// The message is committed: killed as soon as the row shows.
    MessageCommitted,
    /// An answer is committed and its job not leased: the one before is at the provider.
    JobCommitted,
    /// The job is leased and nothing was sent: the provider does not answer the handshake of TLS.
    JobLeased,
    /// The request was written and not answered: the provider holds its answer.
    RequestWritten,
    /// The provider has answered, and the outcome is being recorded: its transaction is held.
    RequestAnswered,
    /// The outcome is recorded: killed as soon as the row shows.
    OutcomeRecorded,
    /// The receipt of a report is being stored: its transaction is held.
    ReportArrived,
    /// The report is stored and answered, and is being applied: its transaction is held.
    ReportStored,
    /// The report is applied: killed as soon as the row shows.
    ReportApplied,
}

use Step::{
    JobCommitted, JobLeased, MessageAnswered, MessageArrived, MessageCommitted, MessageRead,
    MessageStored, OutcomeRecorded, ReportApplied, ReportArrived, ReportStored, RequestAnswered,
    RequestWritten,
};

/// All steps; an odd number, so that each comes with either provider.
const STEPS: [Step; 13] = [
    MessageArrived,
    MessageStored,
    MessageAnswered,
    MessageRead,
    MessageCommitted,
    JobCommitted,
    JobLeased,
    RequestWritten,
    RequestAnswered,
    OutcomeRecorded,
    ReportArrived,
    ReportStored,
    ReportApplied,
];

impl Step {
    /// The change whose transaction is held.
    const fn held(self) -> Option<&'static str> {
        match self {
            MessageArrived | ReportArrived => Some("INSERT ON talk_receipts"),
            MessageRead | ReportStored => Some("UPDATE ON talk_receipts"),
            RequestAnswered => Some("INSERT ON talk_message_parts"),
            _ => None,
        }
    }
}

/// One kill: a room of its own.
struct Room {
    provider: usize,
    person: String,
    received: Vec<String>,
    sent: Vec<String>,
    is_reported: bool,
}

struct Scene {
    server: Server,
    admin: Client,
    database: Database,
    providers: [Provider; 2],
    rooms: Vec<Room>,
}

impl Scene {
    async fn start() -> Self {
        let mut providers = [Kind::Telnyx, Kind::Twilio].map(Provider::start);
        let ports = providers.each_ref().map(Provider::ports).join(",");
        let server = Server::start_with(&[
            ("TALK_SECRETS_KEY", KEY),
            ("TALK_PUBLIC_URL", PUBLIC),
            ("TALK_PROVIDER_ALLOW_HTTP", "true"),
            ("TALK_PROVIDER_ALLOW_NETWORKS", "127.0.0.0/8"),
            ("TALK_PROVIDER_ALLOW_PORTS", &ports),
            ("TALK_PROVIDER_TIMEOUT_SECONDS", "2"),
        ])
        .await;
        let admin = server.admin().await;
        for provider in &mut providers {
            provider.join(&admin).await;
        }
        Self {
            database: Database(server.data().join("talk.db")),
            server,
            admin,
            providers,
            rooms: Vec::new(),
        }
    }

    /// Kills the server at a step of one more room. Returns whether the step was reached.
    async fn kill_at(&mut self, step: Step, provider: usize) -> bool {
        let number = self.rooms.len();
        let texts = |way: &str| [1, 2].map(|n| format!("{way} {number}.{n}")).to_vec();
        let (is_received, is_reported) = (step < JobCommitted, step >= ReportArrived);
        let room = Room {
            provider,
            person: format!("+1555{number:07}"),
            received: if is_received { texts("in") } else { Vec::new() },
            sent: if is_received {
                Vec::new()
            } else {
                texts("out")
            },
            is_reported,
        };
        let is_reached = if is_received {
            self.kill_receiving(step, &room).await
        } else if is_reported {
            self.kill_reporting(step, &room).await
        } else {
            self.kill_sending(step, &room).await
        };
        self.rooms.push(room);
        is_reached
    }

    async fn kill_receiving(&mut self, step: Step, room: &Room) -> bool {
        let provider = &self.providers[room.provider];
        let hooks = [0, 1].map(|n| provider.says(&room.person, &room.received[n]));
        let effect = delivery(&room.received[0]);
        let is_reached = self.kill_at_hook(step, &hooks[0], &effect).await;
        // Twice: a provider also repeats requests that were answered.
        for hook in [&hooks[0], &hooks[0], &hooks[1]] {
            self.insist(hook).await;
        }
        is_reached
    }

    async fn kill_reporting(&mut self, step: Step, room: &Room) -> bool {
        let message = self.post(room, 0).await;
        let is = |state: &str| format!("{} AND delivery = '{state}'", delivery(&room.sent[0]));
        self.database.until_any(&is("accepted"));
        let hook = self.providers[room.provider].reports(&message);
        let is_reached = self.kill_at_hook(step, &hook, &is("delivered")).await;
        for _ in 0..2 {
            self.insist(&hook).await;
        }
        self.post(room, 1).await;
        is_reached
    }

    /// Sends a request, and kills the server at a step of it.
    async fn kill_at_hook(&mut self, step: Step, hook: &Hook, effect: &str) -> bool {
        if let Some(change) = step.held() {
            self.database.hold(change);
        }
        let mut answered = tokio::spawn(hook.send(&self.server.anonymous()));
        let mut early = None;
        match step {
            MessageStored => self.database.until_any(&receipt(&hook.event)),
            MessageAnswered => early = Some((&mut answered).await.expect("an answer")),
            MessageCommitted | ReportApplied => self.database.until_any(effect),
            _ => self.database.until_held().await,
        }
        self.server.kill();
        let answered = match early {
            Some(answered) => answered,
            None => answered.await.expect("an end"),
        };
        let [state, found] = self.restart(step, [&receipt(&hook.event), effect]).await;
        if answered {
            // Before the request comes again.
            self.database.until_any(effect);
        }
        match step {
            MessageArrived | ReportArrived => !answered && state.is_none(),
            MessageStored => !answered && state.is_some(),
            MessageAnswered | MessageRead | ReportStored => {
                answered && state.as_deref() == Some("stored")
            }
            _ => state.as_deref() == Some("done") && found.is_some(),
        }
    }

    async fn kill_sending(&mut self, step: Step, room: &Room) -> bool {
        let [first, second] = [&*room.sent[0], &*room.sent[1]];
        let provider = &self.providers[room.provider];
        let holds = matches!(step, JobCommitted | RequestWritten | RequestAnswered);
        provider.receiver.hold(holds);
        if step == JobLeased {
            provider.is_deaf(&self.admin, true).await;
        }
        self.post(room, 0).await;
        match step {
            JobLeased => self
                .database
                .until_any(&format!("{} AND is_leased", job(first))),
            OutcomeRecorded => {
                let accepted = format!("{} AND delivery = 'accepted'", delivery(first));
                self.database.until_any(&accepted);
            }
            _ => provider.until_sent(first).await,
        }
        if step == JobCommitted {
            self.post(room, 1).await;
        }
        if let Some(change) = step.held() {
            self.database.hold(change);
            provider.receiver.hold(false);
            self.database.until_held().await;
        }
        self.server.kill();
        let was_sent = |what: &str| provider.sent().iter().any(|(sent, _)| sent == what);
        let was_sent = [first, second].map(was_sent);
        provider.receiver.hold(false);
        let queries = [&*job(first), &job(second), &delivery(first)];
        let [first, second, end] = self.restart(step, queries).await;
        if step == JobLeased {
            let provider = &self.providers[room.provider];
            provider.is_deaf(&self.admin, false).await;
        }
        if step != JobCommitted {
            self.post(room, 1).await;
        }
        match step {
            JobCommitted => second.as_deref() == Some("waiting") && !was_sent[1],
            JobLeased => first.as_deref() == Some("leased") && !was_sent[0],
            OutcomeRecorded => first.is_none() && end.as_deref() == Some("accepted"),
            _ => first.as_deref() == Some("leased") && was_sent[0],
        }
    }

    /// Starts the server again. Returns the results of these queries before.
    async fn restart<const N: usize>(
        &mut self,
        step: Step,
        queries: [&str; N],
    ) -> [Option<String>; N] {
        let found = self.database.at_rest(queries);
        if step.held().is_some() {
            self.database.release();
        }
        self.server.restart().await;
        found
    }

    /// Sends a request until it is answered, as providers do.
    async fn insist(&self, hook: &Hook) {
        let deadline = Instant::now() + PATIENCE;
        while !hook.send(&self.server.anonymous()).await {
            assert!(Instant::now() < deadline, "{} is refused", hook.event);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Returns the answer to a request for the conversation of a room.
    async fn conversation(&self, room: &Room) -> Value {
        let account = &self.providers[room.provider].account;
        let peer = json!({"type": "tel", "target": room.person});
        let body = json!({"account_id": account["id"], "peer": peer});
        self.admin.post(CONVERSATIONS, body).await.ok()
    }

    async fn post(&self, room: &Room, n: usize) -> Value {
        let conversation = self.conversation(room).await;
        let path = format!("{CONVERSATIONS}/{}/messages", text(&conversation, "id"));
        let body = json!({"text": room.sent[n]});
        self.admin.post(&path, body).await.ok()
    }

    /// Checks the messages of a room. Returns how far each sent one has got.
    async fn check(&self, room: &Room) -> Vec<String> {
        let conversation = self.conversation(room).await;
        assert_eq!(conversation["created"], false, "{}", room.person);
        let path = format!("{CONVERSATIONS}/{}/messages", text(&conversation, "id"));
        let rows = self.admin.get(&format!("{path}?order=asc")).await.rows();
        let of = |direction: &str, field: &str| -> Vec<String> {
            let rows = rows.iter().filter(|row| row["direction"] == direction);
            rows.map(|row| text(row, field).to_owned()).collect()
        };
        assert_eq!(of("incoming", "text"), room.received);
        assert_eq!(of("outgoing", "text"), room.sent);
        let places: Vec<_> = rows.iter().map(|row| row["seq"].as_u64()).collect();
        assert!(places.is_sorted_by(|one, next| one < next), "{places:?}");
        let ends = of("outgoing", "delivery");
        assert!(!room.is_reported || ends[0] == "delivered", "{rows:#?}");
        let provider = &self.providers[room.provider];
        for end in &ends {
            let is_known = matches!(&**end, "accepted" | "delivered");
            let may_be_unknown = provider.kind == Kind::Twilio;
            assert!(
                is_known || (may_be_unknown && end == "unknown"),
                "{rows:#?}"
            );
        }
        check_sent(provider, room, &ends);
        ends
    }
}

/// Checks the requests for the messages of a room, which end like this.
fn check_sent(provider: &Provider, room: &Room, ends: &[String]) {
    let all = provider.sent();
    let of_room = all.iter().filter(|(what, _)| room.sent.contains(what));
    let of_room: Vec<_> = of_room.collect();
    assert!(of_room.is_sorted_by_key(|(what, _)| what), "{of_room:?}");
    for (what, end) in room.sent.iter().zip(ends) {
        let requests = of_room.iter().filter(|(sent, _)| sent == what);
        let keys: Vec<_> = requests.map(|(_, key)| key).collect();
        let distinct: BTreeSet<_> = keys.iter().collect();
        match provider.kind {
            Kind::Telnyx => assert_eq!(distinct.len(), 1, "{what}: {keys:?}"),
            Kind::Twilio => assert!(keys.len() <= 1, "{what} was sent twice"),
        }
        assert!(!keys.is_empty() || end == "unknown", "{what} is {end}");
    }
}

/// CONV-31, CONV-32, CONV-33 and CONV-35.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_doubled_or_reordered_at_whatever_step_the_server_is_killed() {
    let kills = std::env::var("TALK_CONVERSATION_KILLS");
    let kills = kills.map_or(STEPS.len(), |text| text.parse().expect("a number"));
    let mut scene = Scene::start().await;
    let mut reached: BTreeMap<Step, usize> = BTreeMap::new();
    let mut missed: BTreeMap<Step, usize> = BTreeMap::new();
    for turn in 0..kills.max(STEPS.len()) {
        let (step, provider) = (STEPS[turn % STEPS.len()], turn % 2);
        let mut tries = 1;
        while !scene.kill_at(step, provider).await {
            assert!(tries < TRIES, "{step:?} is not reached");
            *missed.entry(step).or_default() += 1;
            tries += 1;
        }
        *reached.entry(step).or_default() += 1;
    }
    scene.database.until_none(UNDONE, PATIENCE).await;
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    for room in &scene.rooms {
        for end in scene.check(room).await {
            *ends.entry(end).or_default() += 1;
        }
    }
    assert_eq!(reached.len(), STEPS.len());
    let kills = scene.rooms.len();
    println!(
        "{kills} kills, at their step {reached:?}, beside it {missed:?}; sent messages: {ends:?}"
    );
}
