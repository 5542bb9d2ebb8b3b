//! The reader of the log: turns the events of customers with endpoints into deliveries.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use talk_domain::hooks::feed::Chunk;
use talk_domain::hooks::take::{Batch, Happened, take_chunk};
use talk_domain::kernel::cleanup::Bound;
use talk_domain::kernel::context::IdSource;
use talk_domain::kernel::id::CustomerId;
use talk_domain::kernel::log::{Bell, Logged};
use talk_domain::kernel::store::{ReadLane, Unit};
use talk_domain::kernel::store_error::StoreError;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::body::kind;
use crate::dispatcher::Ports;

/// Characters of the epoch in the identity of an event. After the restore of a backup, numbers of a
/// stream are given again, to other events.
const EPOCH: usize = 8;

/// Converts a logged event of the log `epoch`. Its identity is the same whenever it is converted.
///
/// # Errors
/// If the payload has no type.
pub(crate) fn happened(
    (place, event): (u64, &Logged),
    epoch: &str,
) -> Result<Happened, StoreError> {
    let kind = kind(&event.payload).map_err(|error| StoreError::Corrupt(error.into()))?;
    let epoch: String = epoch.chars().take(EPOCH).collect();
    Ok(Happened {
        place,
        stream: event.stream,
        seq: event.seq,
        kind,
        event: format!("evt_{epoch}_{}_{}", event.stream.id.simple(), event.seq),
    })
}

/// Events that are read at a time.
const CHUNK: Bound = Bound {
    rows: 256,
    bytes: 1_048_576,
};

/// The longest time until a commit of another process is noticed.
const LOOK: Duration = Duration::from_secs(1);

/// The shortest time from one place to the next that is stored without a delivery. After a crash, the
/// events since then are read again.
const STORED: Duration = Duration::from_secs(10);

/// The pause while no customer has an endpoint, when commits do not wake the reader: an installation without
/// webhooks must not pay for them.
const UNUSED: Duration = Duration::from_millis(100);

/// The result of reading a part of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// There may be more events.
    More,
    /// The end of the log.
    End,
    /// No customer has an endpoint.
    Unused,
}

impl Next {
    fn after(chunk: &Chunk) -> Self {
        match (chunk.customers.is_empty(), chunk.events.is_empty()) {
            (true, _) => Self::Unused,
            (false, true) => Self::End,
            (false, false) => Self::More,
        }
    }
}

/// Wakes a task. Waking never waits.
#[derive(Clone, Debug)]
pub struct Wakening(watch::Sender<()>);

impl Wakening {
    /// Creates one, and the end that is woken.
    #[must_use]
    pub fn new() -> (Self, watch::Receiver<()>) {
        let (waker, woken) = watch::channel(());
        (Self(waker), woken)
    }

    /// Wakes the task.
    pub fn wake(&self) {
        self.0.send_replace(());
    }
}

/// Rings another bell, and wakes the reader of the log.
pub struct WakingBell<B> {
    /// The other bell.
    pub bell: B,
    /// The reader.
    pub reader: Wakening,
}

impl<B: Bell> Bell for WakingBell<B> {
    fn ring(&self, committed: &[Arc<Logged>]) {
        self.bell.ring(committed);
        if !committed.is_empty() {
            self.reader.wake();
        }
    }
}

/// Reads the log; not running yet.
pub struct LogReader {
    ports: Ports,
    random: Arc<dyn Fn() -> u128 + Send + Sync>,
    woken: watch::Receiver<()>,
    dispatcher: Wakening,
    stored: Instant,
}

impl LogReader {
    /// Creates a reader that `woken` wakes, and that wakes the dispatcher.
    #[must_use]
    pub fn new(
        ports: Ports,
        random: Arc<dyn Fn() -> u128 + Send + Sync>,
        (woken, dispatcher): (watch::Receiver<()>, Wakening),
    ) -> Self {
        Self {
            ports,
            random,
            woken,
            dispatcher,
            stored: Instant::now(),
        }
    }

    /// Reads for as long as it is polled.
    pub async fn run(mut self) {
        let mut place = None;
        loop {
            self.woken.mark_unchanged();
            match self.step(&mut place).await {
                Ok(Next::More) => {}
                Ok(Next::End) => {
                    // Until the next commit.
                    let _ = timeout(LOOK, self.woken.changed()).await;
                }
                Ok(Next::Unused) => sleep(UNUSED).await,
                Err(error) => {
                    tracing::warn!(%error, "events were not read for webhooks; they are read again");
                    place = None;
                    sleep(LOOK).await;
                }
            }
        }
    }

    /// Takes the next events.
    async fn step(&mut self, place: &mut Option<u64>) -> Result<Next, StoreError> {
        let from = match *place {
            Some(place) => place,
            None => self.begin().await?,
        };
        let unit = Unit::installation("read_log").in_lane(ReadLane::Shared);
        let store = Arc::clone(&self.ports.store);
        let read = store.read(unit, move |snapshot| snapshot.feed().after(from, CHUNK));
        let chunk = read.await?;
        let end = chunk.end;
        let next = Next::after(&chunk);
        let of_customers = self.of_customers(chunk)?;
        let is_late = end != from && self.stored.elapsed() > STORED;
        if !of_customers.is_empty() || is_late {
            let unit = Unit::installation("take_events");
            let take = store.write(unit, move |uow| take_chunk(uow, &of_customers, end));
            self.stored = Instant::now();
            if take.await? > 0 {
                self.dispatcher.wake();
            }
        }
        *place = Some(end);
        Ok(next)
    }

    /// Returns the stored place. The first time it is stored, so that events after it count.
    async fn begin(&self) -> Result<u64, StoreError> {
        let unit = Unit::installation("read_log").in_lane(ReadLane::Shared);
        let place = self
            .ports
            .store
            .read(unit, |snapshot| snapshot.feed().place());
        let place = place.await?;
        let unit = Unit::installation("take_events");
        let store = &self.ports.store;
        store
            .write(unit, move |uow| uow.feed().advance(place))
            .await?;
        Ok(place)
    }

    /// The events of each customer with endpoints.
    fn of_customers(&self, chunk: Chunk) -> Result<Vec<(Batch, Vec<Happened>)>, StoreError> {
        let mut of_customers: BTreeMap<CustomerId, Vec<Happened>> = BTreeMap::new();
        for (place, event) in chunk.events {
            if chunk.customers.contains(&event.customer) {
                let happened = happened((place, &event), self.ports.store.epoch())?;
                of_customers
                    .entry(event.customer)
                    .or_default()
                    .push(happened);
            }
        }
        let now = (self.ports.clock)();
        let batch = |customer| Batch {
            customer,
            now,
            ids: IdSource::new(now, (self.random)()),
        };
        let batches = of_customers.into_iter();
        Ok(batches
            .map(|(customer, events)| (batch(customer), events))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk_domain::testing::{logged, stream_id};

    /// HOOK-07: a receiver recognises an event that comes again by its identity.
    #[test]
    fn an_event_has_one_identity_in_each_history() {
        let payload = r#"{"type":"chat_created","data":{}}"#;
        let event = logged(stream_id(1), 7, &[], payload);
        let first = happened((1, &event), "0190aaaa-bbbb").unwrap();
        assert_eq!(
            first.event,
            "evt_0190aaaa_000000000000000000000000000b0001_7"
        );
        assert_eq!((&*first.kind, first.seq), ("chat_created", 7));
        assert_eq!(happened((1, &event), "0190aaaa-bbbb").unwrap(), first);
        assert_ne!(
            happened((1, &event), "0190cccc-bbbb").unwrap().event,
            first.event
        );
        assert!(happened((1, &logged(stream_id(1), 7, &[], "{}")), "e").is_err());
    }
}
