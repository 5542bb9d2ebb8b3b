//! The reader of the log: gives each event to a consumer, at least once and the events of a stream by
//! `seq`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use talk_domain::kernel::cleanup::Bound;
use talk_domain::kernel::consumer::{Consumer, Taken};
use talk_domain::kernel::log::{Bell, Logged};
use talk_domain::kernel::positions::{LogChunk, Position};
use talk_domain::kernel::store::{Domain, ReadLane, Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::unit::{Snapshot, UnitOfWork};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

/// The amount of events that one read returns.
const CHUNK: Bound = Bound {
    rows: 256,
    bytes: 1_048_576,
};

/// Maximum time between two reads at the end of the log, by which commits of other processes are
/// found, and the pause after a failure.
const LOOK: Duration = Duration::from_secs(1);

/// Minimum time between two stored positions while the events require no change. After a crash, the
/// events after the last stored position are read again.
const STORED: Duration = Duration::from_secs(10);

/// Pause while the consumer wants the events of no customer. Commits then do not wake the reader,
/// so that a consumer that is not used costs nothing.
const UNUSED: Duration = Duration::from_millis(100);

/// A bell that rings another bell, and then wakes the readers of the log. Waking never blocks.
pub struct ReaderBell<B> {
    bell: B,
    waker: watch::Sender<()>,
}

impl<B: Bell> ReaderBell<B> {
    /// Creates the bell around another one.
    #[must_use]
    pub fn new(bell: B) -> Self {
        let (waker, _) = watch::channel(());
        Self { bell, waker }
    }

    /// Returns the receiver that wakes one reader.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<()> {
        self.waker.subscribe()
    }
}

impl<B: Bell> Bell for ReaderBell<B> {
    fn ring(&self, committed: &[Arc<Logged>]) {
        self.bell.ring(committed);
        if !committed.is_empty() {
            self.waker.send_replace(());
        }
    }
}

/// The state of the log after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// There may be more events.
    More,
    /// The end of the log.
    End,
    /// No event was read, because the consumer wants the events of no customer.
    Unused,
}

/// The background task that reads the log for one consumer. [`LogReader::run`] runs it. Each
/// consumer has its own reader, so that a slow consumer delays no other.
pub struct LogReader<D: Domain> {
    store: Arc<dyn Store<D>>,
    consumer: Arc<dyn Consumer<D>>,
    woken: watch::Receiver<()>,
    /// The position that this reader stored last, and the time of that.
    stored: Option<(Instant, Position)>,
}

impl<D: Domain> LogReader<D>
where
    for<'a> D::Unit<'a>: UnitOfWork,
    for<'a> D::Snapshot<'a>: Snapshot,
{
    /// Creates a reader that `woken` wakes.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store<D>>,
        consumer: Arc<dyn Consumer<D>>,
        woken: watch::Receiver<()>,
    ) -> Self {
        Self {
            store,
            consumer,
            woken,
            stored: None,
        }
    }

    /// Runs until it is dropped.
    pub async fn run(mut self) {
        let mut position = None;
        loop {
            self.woken.mark_unchanged();
            match self.step(&mut position).await {
                Ok(Next::More) => {}
                Ok(Next::End) => {
                    if let Ok(Err(_)) = timeout(LOOK, self.woken.changed()).await {
                        // The bell was dropped, for example because the store was closed.
                        sleep(LOOK).await;
                    }
                }
                Ok(Next::Unused) => sleep(UNUSED).await,
                Err(error) => {
                    let consumer = self.consumer.name();
                    tracing::warn!(%error, consumer, "events were not taken; they are read again");
                    position = None;
                    sleep(LOOK).await;
                }
            }
        }
    }

    /// Reads the next events and passes them to the consumer.
    async fn step(&mut self, position: &mut Option<Position>) -> Result<Next, StoreError> {
        let from = match *position {
            Some(position) => position,
            None => self.begin().await?,
        };
        let (chunk, next) = self.read(from).await?;
        let end = chunk.end;
        let taken = if chunk.events.is_empty() {
            Taken::Skipped
        } else {
            self.consumer.take(chunk).await?
        };
        if taken == Taken::Stored {
            self.stored = Some((Instant::now(), end));
        } else if self.is_late(end) {
            self.store_position(end).await?;
        }
        *position = Some(end);
        Ok(next)
    }

    /// Returns the stored position. A new consumer starts at the end of the log.
    async fn begin(&mut self) -> Result<Position, StoreError> {
        let name = self.consumer.name();
        let unit = Unit::installation("register_consumer");
        let write = self.store.write(unit, move |uow| {
            if let Some(stored) = uow.log().position(name)? {
                return Ok((stored, false));
            }
            let end = uow.log().end()?;
            uow.consumers().put(name, end)?;
            Ok::<_, StoreError>((end, true))
        });
        let (position, is_new) = write.await?;
        if is_new {
            self.stored = Some((Instant::now(), position));
        }
        Ok(position)
    }

    /// Returns whether the position is to be stored although the events before it required no
    /// change. The first position after a start is stored at once, so that retention need not wait.
    fn is_late(&self, end: Position) -> bool {
        self.stored
            .is_none_or(|(at, stored)| end != stored && at.elapsed() > STORED)
    }

    /// Reads the next events that the consumer wants.
    async fn read(&self, from: Position) -> Result<(LogChunk, Next), StoreError> {
        let consumer = Arc::clone(&self.consumer);
        let unit = Unit::installation("read_log").in_lane(ReadLane::Shared);
        let read = self.store.read(unit, move |snapshot| {
            let customers = consumer.customers(snapshot)?;
            if customers.as_ref().is_some_and(BTreeSet::is_empty) {
                let end = snapshot.log().end()?.max(from);
                let skipped = LogChunk {
                    end,
                    ..LogChunk::default()
                };
                return Ok((skipped, Next::Unused));
            }
            let mut chunk = snapshot.log().since(from, CHUNK)?;
            if let Some(wanted) = customers {
                chunk
                    .events
                    .retain(|(_, event)| wanted.contains(&event.customer));
            }
            let next = if chunk.is_end { Next::End } else { Next::More };
            Ok::<_, StoreError>((chunk, next))
        });
        read.await
    }

    async fn store_position(&mut self, end: Position) -> Result<(), StoreError> {
        let name = self.consumer.name();
        let unit = Unit::installation("store_position");
        let write = self
            .store
            .write(unit, move |uow| uow.consumers().put(name, end));
        write.await?;
        self.stored = Some((Instant::now(), end));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
