//! The dispatcher: finds the endpoints with due deliveries, and runs one task for each.

use std::sync::Arc;
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
use talk_outgoing::{Client, Dispatch, Permits, Targets};
use tokio::sync::watch;

use crate::consumer::Wakening;
use crate::worker::Worker;

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
}

/// The background task that delivers events. [`Dispatcher::run`] runs it.
pub struct Dispatcher {
    endpoints: Endpoints,
    woken: watch::Receiver<()>,
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
        let shared = Shared {
            ports,
            client,
            reports,
            settings,
        };
        let endpoints = Endpoints(Arc::new(shared));
        (Self { endpoints, woken }, waker)
    }

    /// Delivers until it is dropped. Dropping it aborts the requests under way, which are repeated
    /// after the next start.
    pub async fn run(self) {
        let connections = self.endpoints.0.settings.connections;
        let dispatch = Dispatch::new(self.endpoints, self.woken, connections);
        dispatch.run().await;
    }
}

/// The endpoints of all customers.
struct Endpoints(Arc<Shared>);

impl Targets for Endpoints {
    type Target = Waiting;
    type Id = WebhookId;
    type Customer = CustomerId;
    type Error = StoreError;

    fn names(waiting: &Waiting) -> (WebhookId, CustomerId) {
        (waiting.webhook, waiting.customer)
    }

    async fn waiting(&self) -> Result<Vec<(Waiting, Duration)>, StoreError> {
        let unit = Unit::installation("waiting_webhooks").in_lane(ReadLane::Shared);
        let ports = &self.0.ports;
        let waiting = ports
            .store
            .read(unit, |snapshot| snapshot.webhooks().waiting());
        let (waiting, now) = (waiting.await?, (ports.clock)());
        let until = |one: Waiting| (one, one.due.map_or(Duration::ZERO, |due| now.until(due)));
        Ok(waiting.into_iter().map(until).collect())
    }

    fn send(
        &self,
        waiting: Waiting,
        permits: Permits,
    ) -> impl Future<Output = Result<(), StoreError>> + Send + 'static {
        let worker = Worker {
            shared: Arc::clone(&self.0),
            waiting,
            permits,
        };
        worker.run()
    }
}
