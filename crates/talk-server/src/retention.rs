//! Erases old messages, chats deleted long ago and old events, step by step while the server runs.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use talk_domain::kernel::context::{Actor, Context, IdSource, Permission};
use talk_domain::kernel::id::{AgentId, ChatId, CustomerId};
use talk_domain::kernel::limits::Limits;
use talk_domain::kernel::store::{Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::chat::remove::remove_chat;
use talk_domain::talk::model::retention::{Expiry, Retention, Step};
use talk_domain::talk::retention::due::{Due, find_due};
use talk_domain::talk::retention::expire::expire_messages;
use talk_domain::talk::retention::trim::trim_log;
use talk_domain::talk::unit::Talk;
use uuid::Uuid;

use crate::cleaner::leave_time;
use crate::installation::{now, random};

/// Time from one run to the next.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Time until the next run after one that left events for a consumer or a webhook. It doubles from
/// one such run to the next.
const AFTER_HELD: Duration = Duration::from_secs(1);

/// Pause after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Failures in a row after which a customer is skipped until the next run.
const FAILURES: u32 = 3;

/// Erases what has expired, at once and then every hour, until dropped.
pub(crate) async fn retain_hourly(
    store: Arc<dyn Store<Talk>>,
    retention: Retention,
    limits: Limits,
) {
    let mut after_held = AFTER_HELD;
    loop {
        let mut run = Run::new(Arc::clone(&store), retention.at(now()), limits);
        match run.complete().await {
            Ok(()) => run.erased.log(),
            // The next hourly run tries again.
            Err(error) => tracing::warn!(%error, "failed to look for expired data"),
        }
        if run.erased.held == 0 {
            after_held = AFTER_HELD;
            tokio::time::sleep(HOUR).await;
        } else {
            tokio::time::sleep(after_held).await;
            after_held = after_held.saturating_mul(2).min(HOUR);
        }
    }
}

/// Counts of the rows erased by a run.
#[derive(Debug, Default)]
struct Erased {
    messages: u64,
    events: u64,
    chats: u64,
    /// Chats with events that a consumer or a webhook has not got yet.
    held: u64,
}

impl Erased {
    fn add(&mut self, due: Due, step: Step) {
        let (sum, what) = match due {
            Due::Messages => (&mut self.messages, "messages"),
            Due::Log => (&mut self.events, "events"),
            Due::Chat => (&mut self.chats, "chats"),
        };
        *sum += step.rows;
        self.held += u64::from(step.is_held);
        metrics::counter!("talk_retention_erased_total", "what" => what).increment(step.rows);
    }

    fn log(&self) {
        let Self {
            messages,
            events,
            chats,
            held,
        } = *self;
        if messages + events + chats > 0 {
            tracing::info!(messages, events, chats, "expired data was erased");
        } else if held > 0 {
            tracing::debug!(held, "expired events wait for a consumer or a webhook");
        } else {
            tracing::debug!("nothing has expired");
        }
    }
}

/// The progress of a run in one customer.
struct Turn {
    customer: CustomerId,
    /// The last chat that was examined.
    after: Option<ChatId>,
    /// Whether it was the last chat of the customer.
    is_last: bool,
    /// Expired data found in the last chats, to be erased before the next chats are read.
    due: VecDeque<(ChatId, Due)>,
    /// Failures in a row.
    failures: u32,
}

/// One pass over all chats. Customers take turns with one bounded unit of work each, so that none
/// waits for the backlog of another.
struct Run {
    store: Arc<dyn Store<Talk>>,
    expiry: Expiry,
    limits: Limits,
    turns: VecDeque<Turn>,
    erased: Erased,
}

impl Run {
    fn new(store: Arc<dyn Store<Talk>>, expiry: Expiry, limits: Limits) -> Self {
        Self {
            store,
            expiry,
            limits,
            turns: VecDeque::new(),
            erased: Erased::default(),
        }
    }

    async fn complete(&mut self) -> Result<(), StoreError> {
        let Expiry {
            messages,
            deleted_chats,
            log,
            ..
        } = self.expiry;
        if messages.or(deleted_chats).or(log).is_none() {
            return Ok(());
        }
        let unit = Unit::installation("find_customers");
        let customers = self
            .store
            .read(unit, |snapshot| snapshot.directory().customers());
        self.turns = customers
            .await?
            .iter()
            .map(|customer| Turn {
                customer: customer.id,
                after: None,
                is_last: false,
                due: VecDeque::new(),
                failures: 0,
            })
            .collect();
        while let Some(turn) = self.turns.pop_front() {
            self.give(turn).await;
            self.show_backlog();
        }
        Ok(())
    }

    /// Runs one step for a customer, and queues it again if there may be more to do.
    async fn give(&mut self, mut turn: Turn) {
        match self.step(&mut turn).await {
            Ok(is_more) => {
                turn.failures = 0;
                if is_more {
                    self.turns.push_back(turn);
                }
            }
            Err(error) => {
                let customer = turn.customer;
                tracing::warn!(%error, %customer, "failed to erase expired data; the next run tries again");
                turn.failures += 1;
                if turn.failures < FAILURES {
                    self.turns.push_back(turn);
                }
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }

    fn show_backlog(&self) {
        #[expect(
            clippy::cast_precision_loss,
            reason = "there are not so many customers"
        )]
        metrics::gauge!("talk_retention_backlog_customers").set(self.turns.len() as f64);
        let due: usize = self.turns.iter().map(|turn| turn.due.len()).sum();
        #[expect(
            clippy::cast_precision_loss,
            reason = "a turn has at most some hundred"
        )]
        metrics::gauge!("talk_retention_backlog_chats").set(due as f64);
    }

    /// Erases the next expired rows of a customer, or examines its next chats. Returns whether
    /// there may be more to do.
    async fn step(&mut self, turn: &mut Turn) -> Result<bool, StoreError> {
        let start = Instant::now();
        match turn.due.front().copied() {
            Some(next) => {
                if !self.erase(turn.customer, next).await? {
                    turn.due.pop_front();
                }
            }
            None if turn.is_last => return Ok(false),
            None => {
                let (expiry, after) = (self.expiry, turn.after);
                let unit = Unit::of(turn.customer, "find_expired");
                let found = self
                    .store
                    .read(unit, move |snapshot| find_due(snapshot, &expiry, after));
                let found = found.await?;
                turn.due.extend(found.due);
                (turn.after, turn.is_last) = (found.last, found.last.is_none());
            }
        }
        leave_time(start).await;
        Ok(true)
    }

    /// Erases the next rows of a chat. Returns whether there may be more.
    async fn erase(
        &mut self,
        customer: CustomerId,
        (chat, due): (ChatId, Due),
    ) -> Result<bool, StoreError> {
        let expiry = self.expiry;
        let step = match due {
            Due::Messages => {
                let cx = self.context(customer);
                let unit = Unit::of(customer, "expire_messages");
                self.store
                    .write(unit, move |uow| expire_messages(uow, &cx, &expiry, chat))
                    .await?
            }
            Due::Log => {
                let unit = Unit::of(customer, "trim_log");
                self.store
                    .write(unit, move |uow| trim_log(uow, &expiry, chat))
                    .await?
            }
            Due::Chat => {
                let unit = Unit::of(customer, "remove_chat");
                self.store
                    .write(unit, move |uow| remove_chat(uow, chat))
                    .await?
            }
        };
        self.erased.add(due, step);
        Ok(step.is_more)
    }

    /// Creates the context of a unit of work, with the nil id as its actor.
    fn context(&self, customer: CustomerId) -> Context {
        let actor = Actor {
            customer,
            agent: AgentId(Uuid::nil()),
            permission: Permission::Agent,
        };
        let now = now();
        Context::new(actor, now, self.limits, IdSource::new(now, random()))
    }
}
