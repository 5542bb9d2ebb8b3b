//! Catch-up of webhooks: creates the deliveries of events that an endpoint missed while it was
//! disabled.

use std::sync::Arc;
use std::time::{Duration, Instant};

use talk_domain::hooks::catch_up::catch_up;
use talk_domain::hooks::take::Batch;
use talk_domain::kernel::context::IdSource;
use talk_domain::kernel::id::{CustomerId, WebhookId};
use talk_domain::kernel::store::{ReadLane, Unit};
use talk_domain::kernel::store_error::StoreError;

use crate::consumer::{Wakening, happened};
use crate::dispatcher::Ports;

/// Time between two searches for such endpoints.
const LOOK: Duration = Duration::from_secs(1);

/// Length of the pause after each step, as a multiple of the step's duration: catch-up uses at most
/// a fifth of the writer's time.
const LEFT: u32 = 4;

/// The background task of catch-up. [`CatchUp::run`] runs it.
pub struct CatchUp {
    ports: Ports,
    random: Arc<dyn Fn() -> u128 + Send + Sync>,
    dispatcher: Wakening,
}

impl CatchUp {
    /// Creates a task that wakes the dispatcher.
    pub(crate) fn new(
        ports: Ports,
        random: Arc<dyn Fn() -> u128 + Send + Sync>,
        dispatcher: Wakening,
    ) -> Self {
        Self {
            ports,
            random,
            dispatcher,
        }
    }

    /// Runs until it is dropped. Endpoints take turns, with one bounded unit of work each.
    pub async fn run(self) {
        loop {
            let pause = match self.round().await {
                Ok(true) => continue,
                Ok(false) => LOOK,
                Err(error) => {
                    tracing::warn!(%error, "missed events were not taken; they are taken soon");
                    LOOK
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Runs one step for each endpoint that missed events. Returns whether there are more events.
    async fn round(&self) -> Result<bool, StoreError> {
        let unit = Unit::installation("missing_webhooks").in_lane(ReadLane::Shared);
        let read = self
            .ports
            .store
            .read(unit, |snapshot| snapshot.webhooks().missing());
        let mut is_more = false;
        for (customer, webhook) in read.await? {
            let start = Instant::now();
            is_more |= self.step(customer, webhook).await?;
            tokio::time::sleep(start.elapsed() * LEFT).await;
        }
        Ok(is_more)
    }

    async fn step(&self, customer: CustomerId, webhook: WebhookId) -> Result<bool, StoreError> {
        let (now, random) = ((self.ports.clock)(), (self.random)());
        let batch = Batch {
            customer,
            now,
            ids: IdSource::new(now, random),
        };
        let epoch = self.ports.store.epoch().to_owned();
        let unit = Unit::installation("catch_up");
        let write = self.ports.store.write(unit, move |uow| {
            let convert = |position, event: &_| happened((position, event), &epoch);
            catch_up(uow, (&batch, webhook), &convert)
        });
        let caught = write.await?;
        if caught.deliveries > 0 {
            self.dispatcher.wake();
        }
        Ok(caught.is_more)
    }
}
