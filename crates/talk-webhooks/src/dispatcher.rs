//! The dispatcher: finds the endpoints with due deliveries, and runs one task for each.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use talk_domain::hooks::attempt::Retries;
use talk_domain::hooks::gateway::Reports;
use talk_domain::hooks::unit::Hooks;
use talk_domain::hooks::webhook::Waiting;
use talk_domain::kernel::id::{CustomerId, WebhookId};
use talk_domain::kernel::secret::Secrets;
use talk_domain::kernel::store::{ReadLane, Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;
use talk_outgoing::Client;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};

use crate::consumer::Wakening;
use crate::worker::Worker;

/// Maximum time between two searches for due deliveries. Changes by another process, such as a
/// command, are found after at most this time.
const LOOK: Duration = Duration::from_secs(1);

/// Minimum time between two searches for due deliveries.
const REST: Duration = Duration::from_millis(10);

/// One customer has at most this part of all connections: an eighth.
const SHARE: usize = 8;

/// Limits of the dispatcher.
#[derive(Clone, Debug)]
pub struct DispatchSettings {
    /// Requests under way to one endpoint.
    pub parallel: usize,
    /// Requests under way to all endpoints. One customer has an eighth of them.
    pub connections: usize,
    /// The schedule of further tries, and when an endpoint is disabled.
    pub retries: Retries,
}

/// The ports of the dispatcher.
#[derive(Clone)]
pub struct Ports {
    /// The database.
    pub store: Arc<dyn Store<Hooks>>,
    /// Opens secrets.
    pub secrets: Arc<dyn Secrets>,
    /// The time.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

/// State that the tasks of all endpoints share.
pub(crate) struct Shared {
    pub(crate) ports: Ports,
    pub(crate) client: Client,
    pub(crate) reports: Arc<dyn Reports>,
    pub(crate) settings: DispatchSettings,
    pub(crate) connections: Arc<Semaphore>,
}

/// The background task that delivers events. [`Dispatcher::run`] runs it.
pub struct Dispatcher {
    shared: Arc<Shared>,
    woken: watch::Receiver<()>,
    running: HashMap<WebhookId, Running>,
    tasks: JoinSet<(WebhookId, Result<(), StoreError>)>,
    customers: HashMap<CustomerId, Weak<Semaphore>>,
}

/// The running task of an endpoint.
struct Running {
    woken: Arc<Notify>,
    task: AbortHandle,
}

impl Dispatcher {
    /// Creates a dispatcher, and the signal that wakes it.
    #[must_use]
    pub fn new(
        ports: Ports,
        client: Client,
        reports: Arc<dyn Reports>,
        settings: DispatchSettings,
    ) -> (Self, Wakening) {
        let (waker, woken) = Wakening::new();
        let connections = Arc::new(Semaphore::new(settings.connections));
        let shared = Shared {
            ports,
            client,
            reports,
            settings,
            connections,
        };
        let dispatcher = Self {
            shared: Arc::new(shared),
            woken,
            running: HashMap::new(),
            tasks: JoinSet::new(),
            customers: HashMap::new(),
        };
        (dispatcher, waker)
    }

    /// Delivers until it is dropped. Dropping it aborts the requests under way, which are repeated
    /// after the next start.
    pub async fn run(mut self) {
        loop {
            self.woken.mark_unchanged();
            let pause = match self.look().await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::warn!(%error, "due webhooks were not read; they are read again soon");
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
                Some(Ok((webhook, result))) => {
                    self.running.remove(&webhook);
                    if let Err(error) = result {
                        tracing::warn!(%error, %webhook, "deliveries stopped; they go on soon");
                        sleep(LOOK).await;
                    }
                }
                // A task that panicked returns no id, and is found by its handle.
                Some(Err(_)) | None => self.running.retain(|_, running| !running.task.is_finished()),
            },
            _ = timeout(pause, self.woken.changed()) => {}
        }
    }

    /// Starts or wakes the tasks of endpoints with due deliveries. Returns the time until the next one
    /// is due.
    async fn look(&mut self) -> Result<Duration, StoreError> {
        let unit = Unit::installation("waiting_webhooks").in_lane(ReadLane::Shared);
        let store = &self.shared.ports.store;
        let waiting = store.read(unit, |snapshot| snapshot.webhooks().waiting());
        let waiting = waiting.await?;
        self.customers
            .retain(|_, customer| customer.strong_count() > 0);
        let (now, mut pause) = ((self.shared.ports.clock)(), LOOK);
        for one in waiting {
            match one.due.filter(|due| *due > now) {
                Some(due) => {
                    let micros = due.as_micros().saturating_sub(now.as_micros());
                    pause = pause.min(Duration::from_micros(micros.unsigned_abs()));
                }
                None => self.work(one),
            }
        }
        Ok(pause)
    }

    /// Wakes the task of an endpoint, or starts one.
    fn work(&mut self, waiting: Waiting) {
        if let Some(running) = self.running.get(&waiting.webhook) {
            running.woken.notify_one();
            return;
        }
        let woken = Arc::new(Notify::new());
        let worker = Worker {
            shared: Arc::clone(&self.shared),
            waiting,
            of_customer: self.of_customer(waiting.customer),
            woken: Arc::clone(&woken),
        };
        let webhook = waiting.webhook;
        let task = self
            .tasks
            .spawn(async move { (webhook, worker.run().await) });
        self.running.insert(webhook, Running { woken, task });
    }

    /// Returns the semaphore that limits the requests of a customer.
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
