//! A node on a store that holds nothing but streams, their members and their logs.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use talk_domain::kernel::future::BoxFuture;
use talk_domain::kernel::id::{AgentId, ChatId};
use talk_domain::kernel::live::{Connection, Live as _, Notice, Resume, Scope};
use talk_domain::kernel::log::{Bell as _, LogPage, Logged, Portion};
use talk_domain::kernel::store::{Database, ReadWork, Store, Unit, Work};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::{Change, StreamId, Tick};
use talk_domain::talk::live::TalkEntitlements;
use talk_domain::talk::model::chat::{CHAT, Chat};
use talk_domain::talk::model::participant::ChatLog;
use talk_domain::talk::unit::Talk;
use talk_domain::testing::{
    MockSnapshot, a_chat, a_participant, actor, agent_id, at, logged, stream_id,
};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::node::{Node, NodeBell, NodeHandle};

/// The log that positions belong to.
pub(super) const EPOCH: &str = "this log";

/// The durable state, and the failures to simulate.
#[derive(Clone, Default)]
struct State {
    logs: HashMap<StreamId, Vec<Arc<Logged>>>,
    members: HashMap<StreamId, BTreeSet<AgentId>>,
    left: HashMap<(StreamId, AgentId), u64>,
    failures: usize,
    commits: VecDeque<Vec<Arc<Logged>>>,
    reads: Vec<&'static str>,
    /// The maximum of bytes of each read of the log.
    bytes: Arc<Mutex<Vec<usize>>>,
}

/// A store that answers reads out of a [`State`].
struct LogStore {
    state: Mutex<State>,
    bell: NodeBell,
}

/// The node under test.
pub(super) struct Office {
    store: Arc<LogStore>,
    pub(super) node: NodeHandle,
    pub(super) delivery: JoinHandle<()>,
}

impl Office {
    /// A running node that queues at most `queue_limit` bytes per connection.
    pub(super) fn open(queue_limit: usize) -> Self {
        let node = Node::new(queue_limit);
        let store = Arc::new(LogStore {
            state: Mutex::default(),
            bell: node.bell(),
        });
        let (node, delivery) = node.run(Arc::new(TalkEntitlements::new(
            Arc::clone(&store) as Arc<dyn Store<Talk>>
        )));
        Self {
            store,
            node,
            delivery: tokio::spawn(delivery),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.store.state.lock().unwrap()
    }

    /// Commits an event, and rings.
    pub(super) fn commit(&self, stream: StreamId, changes: &[Change], payload: &str) {
        let event = self.state().append(stream, changes, payload);
        self.store.bell.ring(&[event]);
    }

    /// Commits a message.
    pub(super) fn say(&self, stream: StreamId, text: &str) {
        self.commit(stream, &[], text);
    }

    /// Makes an agent a member of a stream.
    pub(super) fn join(&self, stream: StreamId, agent: AgentId) {
        self.state()
            .members
            .entry(stream)
            .or_default()
            .insert(agent);
        self.commit(stream, &[Change::Joins(agent)], "joined");
    }

    /// Ends a membership.
    pub(super) fn leave(&self, stream: StreamId, agent: AgentId) {
        let mut state = self.state();
        state.members.entry(stream).or_default().remove(&agent);
        let seq = state.head(stream) + 1;
        state.left.insert((stream, agent), seq);
        drop(state);
        self.commit(stream, &[Change::Leaves(agent)], "left");
    }

    /// Makes the next reads fail.
    pub(super) fn fail(&self, reads: usize) {
        self.state().failures = reads;
    }

    /// Rings with `count` events of another stream during each of the next `reads` reads of
    /// subscriptions.
    pub(super) fn flood(&self, reads: usize, count: u64) {
        let event = |seq| logged(stream_id(99), seq, &[], "");
        let commits = vec![(1..=count).map(event).collect::<Vec<_>>(); reads];
        self.state().commits = commits.into();
    }

    /// Returns the names of the reads since the last call.
    pub(super) fn reads(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.state().reads)
    }

    /// Returns the requested maximum of bytes of each read of the log.
    pub(super) fn bytes(&self) -> Vec<usize> {
        self.state().bytes.lock().unwrap().clone()
    }

    /// A connection of the `n`th agent.
    pub(super) fn connect(&self, n: u128) -> Box<dyn Connection> {
        self.node.connect(actor(agent_id(n)))
    }

    /// A connection of the `n`th agent that is subscribed to all of its streams.
    pub(super) async fn follower(&self, n: u128) -> Box<dyn Connection> {
        let mut connection = self.connect(n);
        let (nothing, resume) = (Scope::default(), Resume::default());
        let refused = connection
            .subscribe(&nothing, &all(), &resume)
            .await
            .unwrap();
        assert!(refused.is_empty());
        let begun = next(&mut *connection).await;
        assert!(matches!(begun, Some(Notice::Subscribed(_))), "{begun:?}");
        connection
    }
}

impl State {
    fn append(&mut self, stream: StreamId, changes: &[Change], payload: &str) -> Arc<Logged> {
        let event = logged(stream, self.head(stream) + 1, changes, payload);
        let log = self.logs.entry(stream).or_default();
        log.push(Arc::clone(&event));
        event
    }

    fn head(&self, stream: StreamId) -> u64 {
        self.logs.get(&stream).map_or(0, |log| log.len() as u64)
    }

    fn is_member(&self, stream: StreamId, agent: AgentId) -> bool {
        let members = self.members.get(&stream);
        members.is_some_and(|members| members.contains(&agent))
    }

    /// The last event that is no longer in the log.
    fn start(&self, stream: StreamId) -> u64 {
        let first = self.logs.get(&stream).and_then(|log| log.first());
        first.map_or(0, |event| event.seq - 1)
    }

    fn page(&self, stream: StreamId, portion: Portion) -> LogPage {
        self.bytes.lock().unwrap().push(portion.bytes);
        let log = self
            .logs
            .get(&stream)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let mut left = portion.bytes;
        let fits = |event: &&Arc<Logged>| {
            let is_wanted = left > 0;
            left = left.saturating_sub(event.payload.len());
            is_wanted
        };
        let rest = || log.iter().filter(|event| event.seq > portion.since);
        let events: Vec<_> = rest()
            .take(portion.limit as usize)
            .take_while(fits)
            .cloned()
            .collect();
        let is_end = events.len() == rest().count();
        LogPage { events, is_end }
    }

    fn snapshot(self) -> MockSnapshot {
        let state = Arc::new(self);
        let mut snapshot = MockSnapshot::default();
        let of = Arc::clone(&state);
        let members = &mut snapshot.participants;
        members.expect_find().returning(move |chat, agent| {
            let is_member = of.is_member(chat.into(), agent);
            Ok(is_member.then(|| a_participant(agent)))
        });
        let of = Arc::clone(&state);
        members.expect_logs().returning(move |agent| {
            let streams = of
                .logs
                .keys()
                .filter(|stream| of.is_member(**stream, agent));
            let log = |stream: &StreamId| ChatLog {
                chat: ChatId(stream.id),
                start: of.start(*stream),
                head: of.head(*stream),
            };
            Ok(streams.map(log).collect())
        });
        let of = Arc::clone(&state);
        members
            .expect_left()
            .returning(move |chat, agent| Ok(of.left.get(&(chat.into(), agent)).copied()));
        let of = Arc::clone(&state);
        snapshot.chats.expect_get().returning(move |id| {
            let last = Tick {
                seq: of.head(id.into()),
                at: at(9),
            };
            let chat = Chat {
                id,
                last,
                log_start: of.start(id.into()),
                ..a_chat()
            };
            Ok(of.logs.contains_key(&id.into()).then_some(chat))
        });
        let after = snapshot.events.expect_after();
        after.returning(move |stream, portion| Ok(state.page(stream, portion)));
        snapshot
    }
}

impl Store<Talk> for LogStore {
    fn execute(&self, _: Unit, _: Work<Talk>) -> BoxFuture<'_, Result<(), StoreError>> {
        unreachable!("delivery changes nothing")
    }

    fn query(&self, unit: Unit, mut work: ReadWork<Talk>) -> BoxFuture<'_, Result<(), StoreError>> {
        let mut state = self.state.lock().unwrap();
        state.reads.push(unit.name);
        if state.failures > 0 {
            state.failures -= 1;
            return Box::pin(async { Err(StoreError::Unavailable("away".into())) });
        }
        let commits = match unit.name {
            "subscribe" => state.commits.pop_front().unwrap_or_default(),
            _ => Vec::new(),
        };
        let mut snapshot = state.clone().snapshot();
        drop(state);
        self.bell.ring(&commits);
        work(&mut snapshot);
        Box::pin(async { Ok(()) })
    }
}

impl Database for LogStore {
    fn epoch(&self) -> &str {
        EPOCH
    }
}

/// Every stream of the agent.
pub(super) fn all() -> Scope {
    Scope {
        realms: [CHAT].into(),
        streams: BTreeSet::new(),
    }
}

/// These streams.
pub(super) fn only(streams: &[StreamId]) -> Scope {
    Scope {
        realms: BTreeSet::new(),
        streams: streams.iter().copied().collect(),
    }
}

/// A position in this log.
pub(super) fn since(stream: StreamId, seq: u64) -> Resume {
    Resume {
        epoch: EPOCH.into(),
        since: [(stream, seq)].into(),
    }
}

/// Waits for the next notice. The paused clock advances only while all tasks are idle, so that a
/// notice that never comes fails the test at once.
pub(super) async fn next(connection: &mut dyn Connection) -> Option<Notice> {
    let notice = timeout(Duration::from_secs(60), poll(connection)).await;
    notice.expect("a notice comes")
}

async fn poll(connection: &mut dyn Connection) -> Option<Notice> {
    poll_fn(|cx| connection.poll_notice(cx)).await
}

/// Receives all notices until no more come.
pub(super) async fn rest(connection: &mut dyn Connection) -> Vec<Notice> {
    let mut notices = Vec::new();
    let patience = Duration::from_millis(500);
    while let Ok(Some(notice)) = timeout(patience, poll(connection)).await {
        notices.push(notice);
    }
    notices
}

/// The frames of the events among these notices, each with whether it is replayed.
pub(super) fn frames(notices: &[Notice]) -> Vec<(&str, bool)> {
    let frame = |notice| match notice {
        &Notice::Event {
            ref event,
            is_replay,
        } => Some((&*event.payload, is_replay)),
        _ => None,
    };
    notices.iter().filter_map(frame).collect()
}
