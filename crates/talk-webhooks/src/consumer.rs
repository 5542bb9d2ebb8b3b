//! The consumer of the log: turns the events of customers with endpoints into deliveries.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use talk_domain::hooks::take::{Batch, CONSUMER, Happened, take_chunk};
use talk_domain::hooks::unit::{Hooks, HooksSnapshot};
use talk_domain::kernel::consumer::{Consumer, Taken};
use talk_domain::kernel::context::IdSource;
use talk_domain::kernel::future::BoxFuture;
use talk_domain::kernel::id::CustomerId;
use talk_domain::kernel::log::Logged;
use talk_domain::kernel::positions::{LogChunk, Position};
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;
use tokio::sync::watch;

use crate::body::kind;
use crate::catch_up::CatchUp;
use crate::dispatcher::Ports;

/// Number of characters of the epoch in the identity of an event. The epoch is part of it because
/// after a restore from a backup other events get the same `seq`s.
const EPOCH: usize = 8;

/// Converts an event of the log with this `epoch`. The result is the same each time.
///
/// # Errors
/// If the payload has no type.
pub(crate) fn happened(
    (position, event): (Position, &Logged),
    epoch: &str,
) -> Result<Happened, StoreError> {
    let kind = kind(&event.payload).map_err(|error| StoreError::Corrupt(error.into()))?;
    let epoch: String = epoch.chars().take(EPOCH).collect();
    Ok(Happened {
        position,
        stream: event.stream,
        seq: event.seq,
        kind,
        event: format!("evt_{epoch}_{}_{}", event.stream.id.simple(), event.seq),
    })
}

/// The consumer of the log that creates deliveries.
pub struct DeliveryConsumer {
    ports: Ports,
    random: Arc<dyn Fn() -> u128 + Send + Sync>,
    dispatcher: Wakening,
}

impl DeliveryConsumer {
    /// Creates a consumer that wakes the dispatcher.
    #[must_use]
    pub fn new(
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

    /// Creates the task that gives endpoints the events that they missed while disabled.
    #[must_use]
    pub fn catch_up(&self) -> CatchUp {
        let (ports, random) = (self.ports.clone(), Arc::clone(&self.random));
        CatchUp::new(ports, random, self.dispatcher.clone())
    }

    /// Groups events by customer.
    fn of_customers(&self, chunk: &LogChunk) -> Result<Vec<(Batch, Vec<Happened>)>, StoreError> {
        let mut of_customers: BTreeMap<CustomerId, Vec<Happened>> = BTreeMap::new();
        for (position, event) in &chunk.events {
            let happened = happened((*position, event), self.ports.store.epoch())?;
            let of_customer = of_customers.entry(event.customer).or_default();
            of_customer.push(happened);
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

impl Consumer<Hooks> for DeliveryConsumer {
    fn name(&self) -> &'static str {
        CONSUMER
    }

    fn customers(
        &self,
        snapshot: &mut (dyn HooksSnapshot + '_),
    ) -> Result<Option<BTreeSet<CustomerId>>, StoreError> {
        snapshot.webhooks().customers().map(Some)
    }

    fn take(&self, chunk: LogChunk) -> BoxFuture<'_, Result<Taken, StoreError>> {
        Box::pin(async move {
            let of_customers = self.of_customers(&chunk)?;
            let unit = Unit::installation("take_events");
            let store = &self.ports.store;
            let take = store.write(unit, move |uow| take_chunk(uow, &of_customers, chunk.end));
            if take.await? > 0 {
                self.dispatcher.wake();
            }
            Ok(Taken::Stored)
        })
    }
}

/// The sending half of a wake-up signal.
#[derive(Clone, Debug)]
pub struct Wakening(watch::Sender<()>);

impl Wakening {
    /// Creates both halves of a signal.
    #[must_use]
    pub fn new() -> (Self, watch::Receiver<()>) {
        let (waker, woken) = watch::channel(());
        (Self(waker), woken)
    }

    /// Wakes the task that holds the other half. Does not block.
    pub fn wake(&self) {
        self.0.send_replace(());
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
        let first = happened((Position::new(1), &event), "0190aaaa-bbbb").unwrap();
        assert_eq!(
            first.event,
            "evt_0190aaaa_000000000000000000000000000b0001_7"
        );
        assert_eq!((&*first.kind, first.seq), ("chat_created", 7));
        assert_eq!(
            happened((Position::new(1), &event), "0190aaaa-bbbb").unwrap(),
            first
        );
        assert_ne!(
            happened((Position::new(1), &event), "0190cccc-bbbb")
                .unwrap()
                .event,
            first.event
        );
        assert!(happened((Position::new(1), &logged(stream_id(1), 7, &[], "{}")), "e").is_err());
    }
}
