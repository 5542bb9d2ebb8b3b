//! The task that finds accounts with messages to be sent, and runs a task for each.

mod account;

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use conversation_domain::model::job::Waiting;
use talk_domain::kernel::id::{AccountId, CustomerId};
use talk_domain::kernel::store::{ReadLane, Unit};
use talk_domain::kernel::store_error::StoreError;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};

use crate::channels::Channels;
use account::AccountSender;

/// The longest time until messages of before the start, or of another process, are noticed.
const LOOK: Duration = Duration::from_secs(1);

/// The shortest time between two looks at all accounts.
const REST: Duration = Duration::from_millis(10);

/// Part of all requests that one customer has at most.
const SHARE: usize = 8;

/// Limits of sending.
#[derive(Clone, Copy, Debug)]
pub struct SendSettings {
    /// Requests under way for one account.
    pub parallel: usize,
    /// Requests under way for all accounts. One customer has an eighth of them.
    pub connections: usize,
    /// Seconds that a message is leased: longer than a request can take.
    pub lease_seconds: u32,
}

/// Shared by the tasks of accounts.
pub(crate) struct Shared {
    pub(crate) channels: Arc<Channels>,
    pub(crate) settings: SendSettings,
    pub(crate) connections: Arc<Semaphore>,
}

/// Sends messages; not running yet.
pub struct Sender {
    shared: Arc<Shared>,
    woken: watch::Receiver<()>,
    running: HashMap<AccountId, Running>,
    tasks: JoinSet<(AccountId, Result<(), StoreError>)>,
    customers: HashMap<CustomerId, Weak<Semaphore>>,
}

/// The task of an account.
struct Running {
    woken: Arc<Notify>,
    task: AbortHandle,
}

impl Sender {
    /// Creates a sender.
    #[must_use]
    pub fn new(channels: Arc<Channels>, settings: SendSettings) -> Self {
        let woken = channels.messages_to_send();
        let shared = Shared {
            channels,
            settings,
            connections: Arc::new(Semaphore::new(settings.connections)),
        };
        Self {
            shared: Arc::new(shared),
            woken,
            running: HashMap::new(),
            tasks: JoinSet::new(),
            customers: HashMap::new(),
        }
    }

    /// Sends for as long as it is polled. A message whose request is broken off by the end of the
    /// process ends as unknown.
    pub async fn run(mut self) {
        loop {
            self.woken.mark_unchanged();
            let pause = match self.look().await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::warn!(%error, "due messages were not read; they are read again soon");
                    LOOK
                }
            };
            sleep(REST).await;
            self.wait(pause).await;
        }
    }

    /// Waits until something may be due.
    async fn wait(&mut self, pause: Duration) {
        tokio::select! {
            ended = self.tasks.join_next(), if !self.tasks.is_empty() => match ended {
                Some(Ok((account, result))) => {
                    self.running.remove(&account);
                    if let Err(error) = result {
                        tracing::warn!(%error, %account, "sending stopped; it goes on soon");
                        sleep(LOOK).await;
                    }
                }
                // A task that panicked is found by its handle.
                Some(Err(_)) | None => self.running.retain(|_, running| !running.task.is_finished()),
            },
            _ = timeout(pause, self.woken.changed()) => {}
        }
    }

    /// Starts or wakes the tasks of accounts with due messages. Returns the time until the next one is
    /// due.
    async fn look(&mut self) -> Result<Duration, StoreError> {
        let unit = Unit::installation("waiting_messages").in_lane(ReadLane::Shared);
        let ports = &self.shared.channels.ports;
        let waiting = ports.store.read(unit, |snapshot| snapshot.jobs().waiting());
        let (waiting, now) = (waiting.await?, (ports.clock)());
        self.customers
            .retain(|_, customer| customer.strong_count() > 0);
        let mut pause = LOOK;
        for one in waiting {
            if one.due > now {
                let micros = one.due.as_micros().saturating_sub(now.as_micros());
                pause = pause.min(Duration::from_micros(micros.unsigned_abs()));
            } else {
                self.work(one);
            }
        }
        Ok(pause)
    }

    /// Wakes the task of an account, or starts one.
    fn work(&mut self, waiting: Waiting) {
        if let Some(running) = self.running.get(&waiting.account) {
            running.woken.notify_one();
            return;
        }
        let woken = Arc::new(Notify::new());
        let sender = AccountSender {
            shared: Arc::clone(&self.shared),
            customer: waiting.customer,
            account: waiting.account,
            of_customer: self.of_customer(waiting.customer),
            woken: Arc::clone(&woken),
        };
        let account = waiting.account;
        let task = self
            .tasks
            .spawn(async move { (account, sender.run().await) });
        self.running.insert(account, Running { woken, task });
    }

    /// The requests of a customer.
    fn of_customer(&mut self, customer: CustomerId) -> Arc<Semaphore> {
        if let Some(known) = self.customers.get(&customer).and_then(Weak::upgrade) {
            return known;
        }
        let share = (self.shared.settings.connections / SHARE).max(1);
        let semaphore = Arc::new(Semaphore::new(share));
        self.customers.insert(customer, Arc::downgrade(&semaphore));
        semaphore
    }
}
