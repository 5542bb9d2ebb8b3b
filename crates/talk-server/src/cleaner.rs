//! What a running server does behind the writes: it cleans up what deletions have left, and resolves
//! the mentions of messages that are older than mentions are stored.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use talk_domain::agent::Permission;
use talk_domain::cleanup::carry_on::carry_on;
use talk_domain::cleanup::{Bound, Cleanup, Deleted};
use talk_domain::context::{Actor, Context, IdSource};
use talk_domain::id::{AgentId, CustomerId, MessageId};
use talk_domain::limits::Limits;
use talk_domain::mention::resolve;
use talk_domain::store::{ReadLane, Store, StoreError, Unit};
use uuid::Uuid;

use crate::installation::{now, random};

/// Time for others after each unit of work, in times of the unit's own: a fifth of the writer's time
/// at most is spent here.
const OTHERS: u32 = 4;

/// How long a cleanup waits until it is looked for.
const IDLE: Duration = Duration::from_millis(500);

/// How long nothing is tried after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Messages looked through at a time for mentions; they are read beside the writer.
const BACKLOG: Bound = Bound {
    rows: 500,
    bytes: 1024 * 1024,
};

/// Messages resolved in one unit of work, each with up to 800 names.
const RESOLVED: usize = 8;

/// Works until dropped.
pub(crate) async fn clean_up(store: Arc<dyn Store>, limits: Limits) {
    let mut cleaner = Cleaner::new(store, limits);
    loop {
        let pause = match cleaner.step().await {
            Ok(true) => Duration::ZERO,
            Ok(false) => IDLE,
            Err(error) => {
                tracing::warn!(%error, "cleaning up behind deletions is tried again soon");
                AFTER_FAILURE
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// Does cleanups step by step.
pub(crate) struct Cleaner {
    store: Arc<dyn Store>,
    limits: Limits,
    /// The cleanup that had a step last: they take turns.
    last: u64,
}

impl Cleaner {
    /// A cleaner of this database.
    pub(crate) const fn new(store: Arc<dyn Store>, limits: Limits) -> Self {
        Self {
            store,
            limits,
            last: 0,
        }
    }

    /// Does a step of the next cleanup, and leaves no time for others. Returns whether there was any.
    pub(crate) async fn hurry(&mut self) -> Result<bool, StoreError> {
        let Some(cleanup) = self.next().await? else {
            return Ok(false);
        };
        self.last = cleanup.id;
        self.carry_on(cleanup).await?;
        Ok(true)
    }

    /// Does a step of the next cleanup and of the backlog. Returns whether there was any.
    async fn step(&mut self) -> Result<bool, StoreError> {
        let has_cleaned = match self.next().await? {
            Some(cleanup) => {
                self.last = cleanup.id;
                let start = Instant::now();
                self.carry_on(cleanup).await?;
                leave_time(start).await;
                true
            }
            None => false,
        };
        Ok(self.resolve_mentions().await? || has_cleaned)
    }

    /// The cleanup whose turn it is.
    async fn next(&self) -> Result<Option<Cleanup>, StoreError> {
        let last = self.last;
        let unit = Unit::installation("next_cleanup");
        let next = self.store.read(unit, move |snapshot| {
            let cleanups = snapshot.cleanups();
            match cleanups.after(last)? {
                None if last > 0 => cleanups.after(0),
                next => Ok(next),
            }
        });
        next.await
    }

    async fn carry_on(&self, cleanup: Cleanup) -> Result<(), StoreError> {
        let agent = match cleanup.deleted {
            Deleted::Agent { by, .. } => by,
            // It leaves by itself, under the name that everybody has who was erased.
            Deleted::Author(agent) => agent,
            Deleted::Message { .. }
            | Deleted::Chat(_)
            | Deleted::Answers(_)
            | Deleted::Customer(_) => AgentId(Uuid::nil()),
        };
        let actor = Actor {
            customer: cleanup.customer,
            agent,
            permission: Permission::Agent,
        };
        let now = now();
        let cx = Context::new(actor, now, self.limits, IdSource::new(now, random()));
        let unit = Unit::of(cleanup.customer, "clean_up");
        self.store
            .write(unit, move |uow| carry_on(uow, &cx, &cleanup))
            .await
    }

    /// Resolves the next messages of the backlog. Returns whether there were any.
    async fn resolve_mentions(&self) -> Result<bool, StoreError> {
        // It reads many rows: nobody who logs in waits behind it.
        let unit = Unit {
            lane: ReadLane::Shared,
            ..Unit::installation("mentions_backlog")
        };
        let backlog = self
            .store
            .read(unit, |snapshot| snapshot.mentions().backlog(BACKLOG))
            .await?;
        let Some(backlog) = backlog else {
            return Ok(false);
        };
        let mut of_customers: BTreeMap<CustomerId, Vec<MessageId>> = BTreeMap::new();
        for (customer, message) in &backlog.messages {
            of_customers.entry(*customer).or_default().push(*message);
        }
        for (customer, messages) in of_customers {
            let unit = Unit::of(customer, "resolve_mentions");
            for messages in messages.chunks(RESOLVED) {
                let (start, messages) = (Instant::now(), messages.to_vec());
                self.store
                    .write(unit, move |uow| resolve(uow, &messages))
                    .await?;
                leave_time(start).await;
            }
        }
        let (start, unit) = (Instant::now(), Unit::installation("mentions_settled"));
        self.store
            .write(unit, move |uow| uow.mentions().settle(&backlog))
            .await?;
        leave_time(start).await;
        Ok(true)
    }
}

/// Waits so long that others have their share of the writer.
pub(crate) async fn leave_time(start: Instant) {
    tokio::time::sleep(start.elapsed() * OTHERS).await;
}
