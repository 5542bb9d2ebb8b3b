//! The queue between callers and the writer's thread.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use metrics::{Gauge, Histogram};
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;

use crate::portable::outcome::count;
use crate::sqlite::writer::batch::Job;
use crate::sqlite::writer::budget::{Budget, Filling};
use crate::sqlite::writer::pacing::Pacing;
use crate::sqlite::writer::queue::{FairQueue, Owner, Pushed};

/// The result of waiting for the first unit of a batch.
pub(crate) enum First {
    /// The first unit of a batch.
    Unit(Job),
    /// No unit within the given time.
    Quiet,
    /// The inbox is closed and empty.
    Closed,
}

/// A [`FairQueue`] of units, shared by callers and the writer.
pub(crate) struct Inbox {
    state: Mutex<State>,
    arrived: Condvar,
    meters: Meters,
}

/// The metrics of each unit, looked up once: a lookup costs as much as several of its statements.
struct Meters {
    depth: Gauge,
    waits_of_server: Histogram,
    waits_of_customers: Histogram,
    waits_of_agents: Histogram,
}

impl Meters {
    fn new() -> Self {
        let wait = |class: Class| metrics::histogram!("talk_store_queue_wait_seconds", "class" => class.name());
        Self {
            depth: metrics::gauge!("talk_store_queue_depth"),
            waits_of_server: wait(Class::Server),
            waits_of_customers: wait(Class::Customer),
            waits_of_agents: wait(Class::Agent),
        }
    }

    fn report(&self, depth: usize) {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a queue is bounded by some thousands"
        )]
        self.depth.set(depth as f64);
    }

    fn taken(&self, job: Job, depth: usize) -> Job {
        self.report(depth);
        let waits = match class(job.unit) {
            Class::Server => &self.waits_of_server,
            Class::Customer => &self.waits_of_customers,
            Class::Agent => &self.waits_of_agents,
        };
        waits.record(job.queued.elapsed());
        job
    }
}

struct State {
    queue: FairQueue<Job>,
    pacing: Pacing,
    is_open: bool,
    /// Whether the writer sleeps and must be woken.
    is_asleep: bool,
}

impl State {
    /// Returns how long the writer pauses before the next unit, if all queued units are of one customer
    /// that is beyond its share. It never pauses once the inbox is closed.
    fn pause(&self) -> Option<Duration> {
        let (owner, _) = self.queue.next().filter(|_| self.is_open)?;
        if self.queue.has_one_customer() {
            return self.pacing.pause(owner.customer, Instant::now());
        }
        None
    }
}

impl Inbox {
    /// Creates an inbox for at most `limit` units.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            state: Mutex::new(State {
                queue: FairQueue::new(limit),
                pacing: Pacing::default(),
                is_open: true,
                is_asleep: false,
            }),
            arrived: Condvar::new(),
            meters: Meters::new(),
        }
    }

    /// Queues a unit, or refuses it at once.
    pub(crate) fn enqueue(&self, job: Job) -> Result<(), StoreError> {
        let mut state = self.lock();
        if !state.is_open {
            return Err(StoreError::Unavailable("the writer has ended".into()));
        }
        state.pacing.arrived(job.unit.customer, job.queued);
        let pushed = state.queue.push(Owner::from(job.unit), job);
        self.meters.report(state.queue.len());
        let must_wake = std::mem::take(&mut state.is_asleep);
        drop(state);
        if must_wake {
            self.arrived.notify_one();
        }
        match pushed {
            Pushed::Queued => Ok(()),
            Pushed::Instead(evicted) => {
                refused(evicted.unit);
                let _ = evicted.reply.send(Err(StoreError::Busy));
                Ok(())
            }
            Pushed::Refused(job) => {
                refused(job.unit);
                Err(StoreError::Busy)
            }
        }
    }

    /// Waits for a unit, without a limit if `patience` is `None`.
    pub(crate) fn first(&self, patience: Option<Duration>) -> First {
        let until = patience.map(|patience| Instant::now() + patience);
        let mut state = self.lock();
        loop {
            if let Some(pause) = state.pause() {
                state.is_asleep = true;
                let waited = self.arrived.wait_timeout(state, pause);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
                continue;
            }
            if let Some((_, job)) = state.queue.pop() {
                let depth = state.queue.len();
                drop(state);
                return First::Unit(self.meters.taken(job, depth));
            }
            if !state.is_open {
                return First::Closed;
            }
            state.is_asleep = true;
            let Some(until) = until else {
                let waited = self.arrived.wait(state);
                state = waited.unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                state.is_asleep = false;
                return First::Quiet;
            }
            let waited = self.arrived.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Takes the next unit, if it may join the batch.
    pub(crate) fn next(&self, filling: &Filling, budget: &Budget) -> Option<Job> {
        let mut state = self.lock();
        let has_room = state.queue.next().is_none_or(|(owner, expected)| {
            let standing = state.pacing.standing(owner.customer, Instant::now());
            filling.has_room(budget, owner, Duration::from_nanos(expected), standing)
        });
        let (_, job) = if has_room { state.queue.pop() } else { None }?;
        let depth = state.queue.len();
        drop(state);
        Some(self.meters.taken(job, depth))
    }

    /// Charges the owner of `unit` with its duration.
    pub(crate) fn ran(&self, unit: Unit, took: Duration) {
        let mut state = self.lock();
        state.pacing.ran(unit.customer, took, Instant::now());
        state.queue.charge(Owner::from(unit), nanos(took));
        state.queue.expect(Owner::from(unit), nanos(took));
    }

    /// Records the duration of a commit.
    pub(crate) fn committed(&self, took: Duration) {
        self.lock().pacing.committed(took, Instant::now());
    }

    /// Charges the owner of `unit` with time that others lost through it.
    pub(crate) fn wasted(&self, unit: Unit, took: Duration) {
        self.lock().queue.charge(Owner::from(unit), nanos(took));
    }

    /// Closes the inbox: the writer ends after the queued units.
    pub(crate) fn close(&self) {
        self.lock().is_open = false;
        self.arrived.notify_one();
    }

    /// Closes the inbox and drops the queued units, which will not run.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.is_open = false;
        let lost = state.queue.drain();
        drop(state);
        drop(lost);
        self.meters.report(0);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn nanos(took: Duration) -> u64 {
    u64::try_from(took.as_nanos()).unwrap_or(u64::MAX)
}

fn refused(unit: Unit) {
    count(unit, "busy");
    metrics::counter!("talk_store_refused_total", "class" => class(unit).name()).increment(1);
}

/// The kind of a unit's owner, a label of metrics.
#[derive(Clone, Copy)]
enum Class {
    Server,
    Customer,
    Agent,
}

impl Class {
    const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Customer => "customer",
            Self::Agent => "agent",
        }
    }
}

const fn class(unit: Unit) -> Class {
    match (unit.customer, unit.agent) {
        (None, _) => Class::Server,
        (Some(_), None) => Class::Customer,
        (Some(_), Some(_)) => Class::Agent,
    }
}
