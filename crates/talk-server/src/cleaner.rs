//! Background work of a running server: runs the cleanups that deletions left, and resolves the
//! mentions in messages from before mentions were stored.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use talk_domain::kernel::cleanup::{Bound, Cleanup, Deleted};
use talk_domain::kernel::context::{Actor, Context, IdSource, Permission};
use talk_domain::kernel::id::{AgentId, CustomerId, MessageId};
use talk_domain::kernel::limits::Limits;
use talk_domain::kernel::store::{ReadLane, Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::cleanup::run_step::run_step;
use talk_domain::talk::resolve_mentions::resolve;
use talk_domain::talk::unit::Talk;
use uuid::Uuid;

use crate::installation::{now, random};

/// Pause after each unit of work, as a multiple of the unit's duration: at most a fifth of the
/// writer's time is spent on cleanups.
const OTHERS: u32 = 4;

/// Interval between two looks for new cleanups.
const IDLE: Duration = Duration::from_millis(500);

/// Pause after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Messages searched for mentions per step, read through a reader connection.
const BACKLOG: Bound = Bound {
    rows: 500,
    bytes: 1024 * 1024,
};

/// Messages resolved per unit of work, each with up to 800 names.
const RESOLVED: usize = 8;

/// Runs until dropped.
pub(crate) async fn clean_up(store: Arc<dyn Store<Talk>>, limits: Limits) {
    let mut cleaner = Cleaner::new(store, limits);
    loop {
        let pause = match cleaner.step().await {
            Ok(true) => Duration::ZERO,
            Ok(false) => IDLE,
            Err(error) => {
                tracing::warn!(%error, "failed to run a cleanup step; it is tried again soon");
                AFTER_FAILURE
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// Runs cleanups step by step.
pub(crate) struct Cleaner {
    store: Arc<dyn Store<Talk>>,
    limits: Limits,
    /// The number of the cleanup that had the last step; cleanups take turns.
    last: Option<Deleted>,
}

impl Cleaner {
    /// Creates a cleaner of `store`.
    pub(crate) const fn new(store: Arc<dyn Store<Talk>>, limits: Limits) -> Self {
        Self {
            store,
            limits,
            last: None,
        }
    }

    /// Runs a step of the next cleanup without a pause after it. Returns whether there was one.
    pub(crate) async fn hurry(&mut self) -> Result<bool, StoreError> {
        let Some(cleanup) = self.next().await? else {
            return Ok(false);
        };
        self.last = Some(cleanup.deleted);
        self.run_step(cleanup).await?;
        Ok(true)
    }

    /// Runs a step of the next cleanup and one of the backlog of mentions. Returns whether there
    /// was either.
    async fn step(&mut self) -> Result<bool, StoreError> {
        let has_cleaned = match self.next().await? {
            Some(cleanup) => {
                self.last = Some(cleanup.deleted);
                let start = Instant::now();
                self.run_step(cleanup).await?;
                leave_time(start).await;
                true
            }
            None => false,
        };
        Ok(self.resolve_mentions().await? || has_cleaned)
    }

    /// Returns the cleanup whose turn it is.
    async fn next(&self) -> Result<Option<Cleanup>, StoreError> {
        let last = self.last;
        let unit = Unit::installation("next_cleanup");
        let next = self.store.read(unit, move |snapshot| {
            let cleanups = snapshot.cleanups();
            match cleanups.after(last)? {
                None if last.is_some() => cleanups.after(None),
                next => Ok(next),
            }
        });
        next.await
    }

    async fn run_step(&self, cleanup: Cleanup) -> Result<(), StoreError> {
        let agent = match cleanup.deleted {
            Deleted::Agent { by, .. } | Deleted::File { by, .. } => by,
            // The erased agent itself counts as the actor, under the common name of erased agents.
            Deleted::Author(agent) => agent,
            Deleted::Message { .. }
            | Deleted::Chat(_)
            | Deleted::Answers(_)
            | Deleted::Conversation(_)
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
            .write(unit, move |uow| run_step(uow, &cx, &cleanup))
            .await
    }

    /// Resolves mentions in the next messages of the backlog. Returns whether there were any.
    async fn resolve_mentions(&self) -> Result<bool, StoreError> {
        // Many rows are read, so this read does not use the connection for logins.
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

/// Waits for a multiple of the time since `start`, so that other units get the writer.
pub(crate) async fn leave_time(start: Instant) {
    tokio::time::sleep(start.elapsed() * OTHERS).await;
}
