//! Deliveries: one event on its way to one endpoint.

use crate::hooks::webhook::Webhook;
use crate::kernel::id::{CustomerId, DeliveryId, WebhookId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::store_error::StoreError;
use crate::kernel::stream::{Realm, StreamId};
use crate::kernel::time::Timestamp;

/// Maximum number of bytes of an answer that are stored.
pub const ANSWER_BYTES: usize = 1_024;

/// The realm of deliveries about the endpoint itself, which are tests and [gaps](GAP). Their events
/// are not in the log.
pub const TEST: Realm = Realm::new("webhook");

/// The state of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Waits for its first try, or for an earlier event of its stream.
    Pending,
    /// Has failed and waits for its next try.
    Failed,
    /// The endpoint has accepted it.
    Delivered,
    /// The last try has failed, or its endpoint was disabled. It can be replayed.
    Dead,
}

impl Status {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Failed, Self::Delivered, Self::Dead];

    /// Its name in requests, in answers and at rest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }

    /// The state with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Returns whether a further try follows.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Failed)
    }
}

/// One event on its way to one endpoint. Its body is not stored with it, but made from the logged
/// event at each try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Identity.
    pub id: DeliveryId,
    /// Customer of the endpoint.
    pub customer: CustomerId,
    /// The endpoint.
    pub webhook: WebhookId,
    /// Stream of the event.
    pub stream: StreamId,
    /// Number of the event in its stream.
    pub seq: u64,
    /// Identity of the event for receivers, the same on every try and replay.
    pub event: String,
    /// Type of the event.
    pub kind: String,
    /// State.
    pub status: Status,
    /// Number of tries so far; a replay begins at 0.
    pub tries: u32,
    /// Time of the next try; `None` if there is none, or if it waits for an earlier event of its
    /// stream.
    pub due: Option<Timestamp>,
    /// Time of creation.
    pub created: Timestamp,
}

impl Delivery {
    /// Opens the delivery: it is tried at `due`, or once the earlier events of its stream are done.
    pub fn open(&mut self, due: Option<Timestamp>) {
        (self.status, self.tries, self.due) = (Status::Pending, 0, due);
    }

    /// Ends the delivery.
    pub fn close(&mut self, status: Status) {
        (self.status, self.due) = (status, None);
    }
}

/// A try of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Time of the try.
    pub at: Timestamp,
    /// Status code of the answer, if there was one.
    pub http_status: Option<u16>,
    /// Milliseconds until the answer or the failure.
    pub latency_ms: u32,
    /// The failure; empty after a success.
    pub error: String,
    /// The beginning of the answer.
    pub answer: String,
}

/// A delivery with its tries, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The delivery.
    pub delivery: Delivery,
    /// Its tries.
    pub attempts: Vec<Attempt>,
}

/// A filter of the ended deliveries that a replay opens again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The endpoint.
    pub webhook: WebhookId,
    /// Delivered or dead.
    pub status: Status,
    /// Created at or after this time.
    pub from: Timestamp,
    /// Created before this time.
    pub until: Timestamp,
}

/// Figures about the deliveries of all customers, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Time at which the oldest open delivery was created.
    pub oldest: Option<Timestamp>,
    /// Number of deliveries that are dead.
    pub dead: u64,
}

/// Driven port: stores the deliveries of the unit's customer.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait DeliveryRepository {
    /// Finds a delivery.
    ///
    /// # Errors
    /// Only when storage fails.
    fn get(&mut self, id: DeliveryId) -> Result<Option<Delivery>, StoreError>;

    /// Stores a new delivery.
    ///
    /// # Errors
    /// Only when storage fails.
    fn insert(&mut self, delivery: &Delivery) -> Result<(), StoreError>;

    /// Stores status, tries and due time of a delivery.
    ///
    /// # Errors
    /// When storage fails, or the delivery is not there.
    fn update(&mut self, delivery: &Delivery) -> Result<(), StoreError>;

    /// Stores a try of a delivery.
    ///
    /// # Errors
    /// Only when storage fails.
    fn add_attempt(&mut self, id: DeliveryId, attempt: &Attempt) -> Result<(), StoreError>;

    /// Returns whether the endpoint has a delivery of this event, in whatever state.
    ///
    /// # Errors
    /// Only when storage fails.
    fn has(&mut self, webhook: WebhookId, stream: StreamId, seq: u64) -> Result<bool, StoreError>;

    /// Returns the open delivery of the stream that comes first by its `seq`.
    ///
    /// # Errors
    /// Only when storage fails.
    fn first_open(
        &mut self,
        webhook: WebhookId,
        stream: StreamId,
    ) -> Result<Option<Delivery>, StoreError>;

    /// Returns whether an open delivery of the stream has a time of its next try,
    /// [`Delivery::due`].
    ///
    /// # Errors
    /// Only when storage fails.
    fn is_due(&mut self, webhook: WebhookId, stream: StreamId) -> Result<bool, StoreError>;

    /// Returns up to `limit` open deliveries of an endpoint.
    ///
    /// # Errors
    /// Only when storage fails.
    fn open(&mut self, webhook: WebhookId, limit: u32) -> Result<Vec<Delivery>, StoreError>;

    /// Returns up to `limit` ended deliveries, the oldest first.
    ///
    /// # Errors
    /// Only when storage fails.
    fn ended(&mut self, which: Ended, limit: u32) -> Result<Vec<Delivery>, StoreError>;

    /// Deletes up to `limit` deliveries of any customer whose endpoint is gone, with their tries.
    /// Returns whether it deleted any. Only for
    /// [units of the installation](crate::kernel::store::Unit::installation).
    ///
    /// # Errors
    /// Only when storage fails.
    fn remove_orphans(&mut self, limit: u32) -> Result<bool, StoreError>;

    /// Deletes up to `limit` ended deliveries of any customer that were created before a time, with
    /// their tries. Returns whether it deleted any. Only for
    /// [units of the installation](crate::kernel::store::Unit::installation).
    ///
    /// # Errors
    /// Only when storage fails.
    fn expire(&mut self, before: Timestamp, limit: u32) -> Result<bool, StoreError>;

    /// Deletes up to `limit` rows of endpoints, deliveries and tries of the customer, which is deleted.
    /// Returns whether it deleted any.
    ///
    /// # Errors
    /// Only when storage fails.
    fn remove_all(&mut self, limit: u32) -> Result<bool, StoreError>;
}

/// Driven port: reading deliveries.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait DeliveryQueries {
    /// Lists the deliveries of an endpoint with their tries, ordered by `(created, id)`.
    ///
    /// # Errors
    /// Only when storage fails.
    fn page(
        &mut self,
        webhook: WebhookId,
        status: Option<Status>,
        request: PageRequest,
    ) -> Result<Page<Listed>, StoreError>;

    /// Returns up to `limit` deliveries of an endpoint that are due at `now`, the longest due
    /// first.
    ///
    /// # Errors
    /// Only when storage fails.
    fn due(
        &mut self,
        webhook: WebhookId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// Returns the figures about all customers. Only for [units of the
    /// installation](crate::kernel::store::Unit::installation).
    ///
    /// # Errors
    /// Only when storage fails.
    fn backlog(&mut self) -> Result<Backlog, StoreError>;
}

/// The type of the delivery that reports a gap: the log has lost events which the endpoint did not
/// get.
pub const GAP: &str = "webhook_gap";

/// Creates a delivery that reports a [gap](GAP).
#[must_use]
pub fn gap_of(webhook: &Webhook, id: DeliveryId, now: Timestamp) -> Delivery {
    Delivery {
        event: format!("gap_{}", id.0.simple()),
        kind: GAP.into(),
        ..test_of(webhook, id, now)
    }
}

/// Creates a delivery that tests an endpoint. It has no event in the log.
#[must_use]
pub fn test_of(webhook: &Webhook, id: DeliveryId, now: Timestamp) -> Delivery {
    Delivery {
        id,
        customer: webhook.customer,
        webhook: webhook.id,
        stream: StreamId {
            realm: TEST,
            id: id.0,
        },
        seq: 0,
        event: format!("test_{}", id.0.simple()),
        kind: "webhook_test".into(),
        status: Status::Pending,
        tries: 0,
        due: Some(now),
        created: now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{a_delivery, at};

    /// HOOK-07.
    #[test]
    fn a_state_is_open_until_no_further_try_follows() {
        for status in Status::ALL {
            assert_eq!(Status::parse(status.as_str()), Some(status));
        }
        assert_eq!(Status::parse("gone"), None);
        assert_eq!(Status::ALL.map(Status::is_open), [true, true, false, false]);
    }

    #[test]
    fn an_ended_delivery_is_not_due_and_an_opened_one_begins_anew() {
        let mut delivery = a_delivery(1, 1);
        delivery.tries = 4;
        delivery.close(Status::Dead);
        assert_eq!((delivery.status, delivery.due), (Status::Dead, None));
        delivery.open(Some(at(3)));
        let opened = (delivery.status, delivery.tries, delivery.due);
        assert_eq!(opened, (Status::Pending, 0, Some(at(3))));
    }
}
