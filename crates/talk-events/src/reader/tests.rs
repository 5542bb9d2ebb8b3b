//! Tests of the reader on a log in memory, with several consumers.

use std::collections::BTreeMap;
use std::sync::Mutex;

use talk_domain::kernel::future::BoxFuture;
use talk_domain::kernel::id::CustomerId;
use talk_domain::kernel::store::{Database, ReadWork, Work};
use talk_domain::talk::unit::{Talk, TalkSnapshot};
use talk_domain::testing::{MockSnapshot, MockUnitOfWork, customer_id, logged, stream_id};
use tokio::sync::Notify;

use super::*;

/// A log in memory, with the positions of consumers.
#[derive(Default)]
struct Memory {
    events: Mutex<Vec<Arc<Logged>>>,
    positions: Mutex<BTreeMap<String, Position>>,
    /// How many reads of events there were.
    reads: Mutex<u32>,
}

/// The store of the tests: each unit runs on mocks of the memory.
#[derive(Clone, Default)]
struct MemoryStore(Arc<Memory>);

impl MemoryStore {
    fn commit(&self, seq: u64) {
        let event = logged(stream_id(1), seq, &[], "{}");
        self.0.events.lock().unwrap().push(event);
    }

    fn end(&self) -> Position {
        Position::new(self.0.events.lock().unwrap().len() as u64)
    }

    fn since(&self, from: Position, bound: Bound) -> LogChunk {
        *self.0.reads.lock().unwrap() += 1;
        let events = self.0.events.lock().unwrap();
        let numbered = (1..).zip(events.iter());
        let behind = numbered.filter(|(number, _)| *number > from.number());
        let next: Vec<_> = behind
            .take(bound.rows as usize)
            .map(|(number, event)| (Position::new(number), Arc::clone(event)))
            .collect();
        LogChunk {
            end: next.last().map_or(from, |(position, _)| *position),
            is_end: next.len() < bound.rows as usize,
            events: next,
        }
    }

    fn position(&self, consumer: &str) -> Option<Position> {
        self.0.positions.lock().unwrap().get(consumer).copied()
    }

    fn put(&self, consumer: &str, position: Position) {
        let mut positions = self.0.positions.lock().unwrap();
        positions.insert(consumer.to_owned(), position);
    }

    fn unit(&self) -> MockUnitOfWork {
        let mut unit = MockUnitOfWork::default();
        let store = self.clone();
        unit.log.expect_end().returning(move || Ok(store.end()));
        let store = self.clone();
        let position = unit.log.expect_position();
        position.returning(move |consumer| Ok(store.position(consumer)));
        let store = self.clone();
        unit.consumers.expect_put().returning(move |consumer, to| {
            store.put(consumer, to);
            Ok(())
        });
        unit
    }

    fn snapshot(&self) -> MockSnapshot {
        let mut snapshot = MockSnapshot::default();
        let store = self.clone();
        snapshot.log.expect_end().returning(move || Ok(store.end()));
        let store = self.clone();
        let since = snapshot.log.expect_since();
        since.returning(move |from, bound| Ok(store.since(from, bound)));
        snapshot
    }
}

impl Database for MemoryStore {
    fn epoch(&self) -> &'static str {
        "epoch"
    }
}

impl Store<Talk> for MemoryStore {
    fn execute(&self, _: Unit, mut work: Work<Talk>) -> BoxFuture<'_, Result<(), StoreError>> {
        work(&mut self.unit());
        Box::pin(async { Ok(()) })
    }

    fn query(&self, _: Unit, mut work: ReadWork<Talk>) -> BoxFuture<'_, Result<(), StoreError>> {
        work(&mut self.snapshot());
        Box::pin(async { Ok(()) })
    }
}

/// A consumer that records the events it processes, and fails the first `failures` times.
struct Recording {
    name: &'static str,
    store: MemoryStore,
    wanted: Mutex<Option<BTreeSet<CustomerId>>>,
    failures: Mutex<u32>,
    stores: bool,
    seqs: Mutex<Vec<u64>>,
    taken: Notify,
}

impl Recording {
    fn new(name: &'static str, store: &MemoryStore) -> Self {
        Self {
            name,
            store: store.clone(),
            wanted: Mutex::new(None),
            failures: Mutex::new(0),
            stores: true,
            seqs: Mutex::default(),
            taken: Notify::new(),
        }
    }

    /// Waits until it has processed `count` events.
    async fn has(&self, count: usize) -> Vec<u64> {
        loop {
            let taken = self.taken.notified();
            let seqs = self.seqs.lock().unwrap().clone();
            if seqs.len() >= count {
                return seqs;
            }
            taken.await;
        }
    }
}

impl Consumer<Talk> for Recording {
    fn name(&self) -> &'static str {
        self.name
    }

    fn customers(
        &self,
        _: &mut (dyn TalkSnapshot + '_),
    ) -> Result<Option<BTreeSet<CustomerId>>, StoreError> {
        Ok(self.wanted.lock().unwrap().clone())
    }

    fn take(&self, chunk: LogChunk) -> BoxFuture<'_, Result<Taken, StoreError>> {
        let mut failures = self.failures.lock().unwrap();
        let has_failed = *failures > 0;
        *failures = failures.saturating_sub(1);
        if !has_failed {
            let seqs = chunk.events.iter().map(|(_, event)| event.seq);
            self.seqs.lock().unwrap().extend(seqs);
            if self.stores {
                self.store.put(self.name, chunk.end);
            }
            self.taken.notify_waiters();
        }
        let taken = if self.stores {
            Taken::Stored
        } else {
            Taken::Skipped
        };
        Box::pin(async move {
            if has_failed {
                return Err(StoreError::Busy);
            }
            Ok(taken)
        })
    }
}

/// A running reader, which ends with the test.
struct Running {
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn start(consumer: &Arc<Recording>, woken: watch::Receiver<()>) -> Running {
    let store: Arc<dyn Store<Talk>> = Arc::new(consumer.store.clone());
    let reader = LogReader::new(
        store,
        Arc::clone(consumer) as Arc<dyn Consumer<Talk>>,
        woken,
    );
    Running {
        task: tokio::spawn(reader.run()),
    }
}

/// Waits until the consumer is registered.
async fn registered(store: &MemoryStore, consumer: &str) -> Position {
    loop {
        if let Some(position) = store.position(consumer) {
            return position;
        }
        tokio::task::yield_now().await;
    }
}

struct Silent;

impl Bell for Silent {
    fn ring(&self, _: &[Arc<Logged>]) {}
}

/// LOG-07: each consumer processes every event from its own position on, independently of the
/// others.
#[tokio::test(start_paused = true)]
async fn consumers_are_independent_and_begin_at_their_positions() {
    let store = MemoryStore::default();
    for seq in 1..=1_000 {
        store.commit(seq);
    }
    store.put("late", Position::new(300));
    let bell = ReaderBell::new(Silent);
    let late = Arc::new(Recording::new("late", &store));
    let fails = Recording::new("fails", &store);
    *fails.failures.lock().unwrap() = u32::MAX;
    let (fails, new) = (Arc::new(fails), Arc::new(Recording::new("new", &store)));
    store.put("fails", Position::new(0));
    let _running = [&late, &fails, &new].map(|one| start(one, bell.subscribe()));
    assert_eq!(late.has(700).await, (301..=1_000).collect::<Vec<_>>());
    assert_eq!(store.position("late"), Some(Position::new(1_000)));
    assert_eq!(store.position("fails"), Some(Position::new(0)));
    assert_eq!(registered(&store, "new").await, Position::new(1_000));
    store.commit(1_001);
    bell.ring(&[logged(stream_id(1), 1_001, &[], "{}")]);
    assert_eq!(new.has(1).await, [1_001]);
    assert_eq!(fails.seqs.lock().unwrap().len(), 0);
}

/// LOG-07: events whose effects were not stored come again.
#[tokio::test(start_paused = true)]
async fn events_come_again_after_a_failure() {
    let store = MemoryStore::default();
    store.put("hooks", Position::new(0));
    for seq in 1..=3 {
        store.commit(seq);
    }
    let consumer = Recording::new("hooks", &store);
    *consumer.failures.lock().unwrap() = 2;
    let consumer = Arc::new(consumer);
    let _running = start(&consumer, ReaderBell::new(Silent).subscribe());
    assert_eq!(consumer.has(3).await, [1, 2, 3]);
}

/// LOG-07: a commit of another process rings no bell here, and its event is processed a second
/// later.
#[tokio::test(start_paused = true)]
async fn an_event_without_a_ring_is_taken_within_a_second() {
    let store = MemoryStore::default();
    let bell = ReaderBell::new(Silent);
    let consumer = Arc::new(Recording::new("hooks", &store));
    let _running = start(&consumer, bell.subscribe());
    registered(&store, "hooks").await;
    store.commit(1);
    let before = Instant::now();
    assert_eq!(consumer.has(1).await, [1]);
    assert!(before.elapsed() <= LOOK);
    store.commit(2);
    bell.ring(&[logged(stream_id(1), 2, &[], "{}")]);
    let before = Instant::now();
    assert_eq!(consumer.has(2).await, [1, 2]);
    assert_eq!(before.elapsed(), Duration::ZERO, "the bell wakes at once");
}

/// Without a customer that wants events, none is read, and the position moves on.
#[tokio::test(start_paused = true)]
async fn nothing_is_read_while_no_customer_wants_events() {
    let store = MemoryStore::default();
    let consumer = Arc::new(Recording::new("hooks", &store));
    *consumer.wanted.lock().unwrap() = Some(BTreeSet::new());
    let _running = start(&consumer, ReaderBell::new(Silent).subscribe());
    registered(&store, "hooks").await;
    store.commit(1);
    tokio::time::sleep(STORED * 2).await;
    assert_eq!(store.position("hooks"), Some(Position::new(1)));
    assert_eq!(*store.0.reads.lock().unwrap(), 0);
    *consumer.wanted.lock().unwrap() = Some(BTreeSet::from([customer_id()]));
    store.commit(2);
    assert_eq!(consumer.has(1).await, [2]);
}

/// LOG-08: the position of a consumer that stores nothing is stored from time to time, so that
/// retention goes on.
#[tokio::test(start_paused = true)]
async fn the_position_of_a_consumer_that_stores_nothing_is_stored_later() {
    let store = MemoryStore::default();
    let consumer = Arc::new(Recording {
        stores: false,
        ..Recording::new("hooks", &store)
    });
    let _running = start(&consumer, ReaderBell::new(Silent).subscribe());
    registered(&store, "hooks").await;
    store.commit(1);
    assert_eq!(consumer.has(1).await, [1]);
    assert_eq!(store.position("hooks"), Some(Position::new(0)));
    tokio::time::sleep(STORED * 2).await;
    assert_eq!(store.position("hooks"), Some(Position::new(1)));
    assert_eq!(consumer.has(1).await, [1], "it is not taken twice");
}
