//! Endpoints: the addresses of a customer to which events are sent.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::hooks::filter::EventFilter;
use crate::hooks::secret::EndpointSecrets;
use crate::kernel::error::Invalid;
use crate::kernel::id::{CustomerId, WebhookId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::positions::Position;
use crate::kernel::store_error::StoreError;
use crate::kernel::stream::StreamId;
use crate::kernel::time::Timestamp;

/// The method of the requests to an endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// POST.
    #[default]
    Post,
    /// PUT.
    Put,
    /// GET, with a body.
    Get,
    /// DELETE, with a body.
    Delete,
}

impl Method {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Get => "GET",
            Self::Delete => "DELETE",
        }
    }

    /// The method with this name.
    ///
    /// # Errors
    /// Names the field `field`.
    pub fn parse(field: &str, name: &str) -> Result<Self, Invalid> {
        let all = [Self::Post, Self::Put, Self::Get, Self::Delete];
        let known = all.into_iter().find(|method| method.as_str() == name);
        known.ok_or_else(|| {
            let message = "must be POST, PUT, GET or DELETE";
            Invalid::new(field, "WEBHOOK_METHOD_INVALID", message)
        })
    }
}

/// The order in which an endpoint gets events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeliveryOrder {
    /// The events of a stream one after the other: a failing one holds back the later ones of its
    /// stream until it is dead.
    #[default]
    Stream,
    /// Events are delivered independently of each other.
    None,
}

impl DeliveryOrder {
    /// Its name in requests, in answers and at rest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stream => "chat",
            Self::None => "none",
        }
    }

    /// The order with this name.
    ///
    /// # Errors
    /// Names the field `order`.
    pub fn parse(name: &str) -> Result<Self, Invalid> {
        let all = [Self::Stream, Self::None];
        let known = all.into_iter().find(|order| order.as_str() == name);
        known.ok_or_else(|| Invalid::new("order", "WEBHOOK_ORDER_INVALID", "must be chat or none"))
    }
}

/// The reason why an endpoint is disabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disabled {
    /// An admin or the operator disabled it. Its open deliveries are sent once it is enabled again.
    Manually,
    /// It answered 410. Its open deliveries become dead.
    Gone,
    /// It failed for too long. Its open deliveries become dead.
    Failing,
}

impl Disabled {
    /// Its name in the database and in events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Manually => "manually",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }

    /// The reason with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let all = [Self::Manually, Self::Gone, Self::Failing];
        all.into_iter().find(|reason| reason.as_str() == name)
    }
}

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Identity.
    pub id: WebhookId,
    /// Its customer.
    pub customer: CustomerId,
    /// Whether it is the customer's own endpoint, which `webhook_uri` of the customer sets.
    pub is_own: bool,
    /// Address.
    pub uri: String,
    /// Method of the requests.
    pub method: Method,
    /// Types of events.
    pub events: EventFilter,
    /// Only events of this stream; `None` for all streams.
    pub stream: Option<Uuid>,
    /// The reason why it is disabled; `None` if it is enabled.
    pub disabled: Option<Disabled>,
    /// Order of events.
    pub order: DeliveryOrder,
    /// The secrets that sign its requests.
    pub secrets: EndpointSecrets,
    /// The position in the log after which it gets events.
    pub since: Position,
    /// The position in the log up to which its deliveries were created, while it is disabled and
    /// until catch-up has created the missing ones; `None` otherwise.
    pub missed: Option<Position>,
    /// Whether retention has removed events that it missed.
    pub has_gap: bool,
    /// Time of the first failure since the last success; `None` after a success.
    pub failing_since: Option<Timestamp>,
    /// Time of creation.
    pub created: Timestamp,
    /// Time of the last change.
    pub updated: Timestamp,
}

impl Webhook {
    /// Returns whether the endpoint is enabled.
    #[must_use]
    pub const fn is_enabled(&self) -> bool {
        self.disabled.is_none()
    }

    /// Returns whether events of the type `kind` in `stream` pass the endpoint's filters.
    #[must_use]
    pub fn matches(&self, stream: StreamId, kind: &str) -> bool {
        self.stream.is_none_or(|only| only == stream.id) && self.events.wants(kind)
    }

    /// Returns whether the consumer is to create a delivery of an event at `position` of the log.
    /// An endpoint that still misses earlier events gets it later, by catch-up.
    #[must_use]
    pub fn wants(&self, (position, stream): (Position, StreamId), kind: &str) -> bool {
        self.is_enabled()
            && self.missed.is_none()
            && position > self.since
            && self.matches(stream, kind)
    }
}

/// Limits of the installation for endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HookLimits {
    /// Maximum number of endpoints of a customer, without its own.
    pub webhooks: usize,
    /// Whether `http://` is allowed.
    pub allows_http: bool,
}

/// An endpoint for which the dispatcher has work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Customer of the endpoint.
    pub customer: CustomerId,
    /// The endpoint.
    pub webhook: WebhookId,
    /// Whether its last try failed.
    pub is_failing: bool,
    /// Time at which its next delivery is due; `None` if the endpoint was [disabled](Disabled) by
    /// its failures and its open deliveries are to be made dead.
    pub due: Option<Timestamp>,
}

/// Driven port: stores the endpoints of the unit's customer.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait WebhookRepository {
    /// Finds an endpoint.
    ///
    /// # Errors
    /// Only when storage fails.
    fn get(&mut self, id: WebhookId) -> Result<Option<Webhook>, StoreError>;

    /// Returns all endpoints, the oldest first.
    ///
    /// # Errors
    /// Only when storage fails.
    fn all(&mut self) -> Result<Vec<Webhook>, StoreError>;

    /// Stores a new endpoint.
    ///
    /// # Errors
    /// Only when storage fails.
    fn insert(&mut self, webhook: &Webhook) -> Result<(), StoreError>;

    /// Stores a changed endpoint.
    ///
    /// # Errors
    /// When storage fails, or the endpoint is not there.
    fn update(&mut self, webhook: &Webhook) -> Result<(), StoreError>;

    /// Deletes an endpoint. Its deliveries are left.
    ///
    /// # Errors
    /// Only when storage fails.
    fn remove(&mut self, id: WebhookId) -> Result<(), StoreError>;
}

/// Driven port: reading endpoints.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait WebhookQueries {
    /// Finds an endpoint of the customer.
    ///
    /// # Errors
    /// Only when storage fails.
    fn get(&mut self, id: WebhookId) -> Result<Option<Webhook>, StoreError>;

    /// Finds the customer's own endpoint, which `webhook_uri` of the customer sets.
    ///
    /// # Errors
    /// Only when storage fails.
    fn own(&mut self) -> Result<Option<Webhook>, StoreError>;

    /// Lists the endpoints of the customer, ordered by `(created, id)`.
    ///
    /// # Errors
    /// Only when storage fails.
    fn page(&mut self, request: PageRequest) -> Result<Page<Webhook>, StoreError>;

    /// Returns the endpoints of all customers for which there is work. Only for [units of the
    /// installation](crate::kernel::store::Unit::installation).
    ///
    /// # Errors
    /// Only when storage fails.
    fn waiting(&mut self) -> Result<Vec<Waiting>, StoreError>;

    /// Returns the customers that have an enabled endpoint. Only for [units of the
    /// installation](crate::kernel::store::Unit::installation).
    ///
    /// # Errors
    /// Only when storage fails.
    fn customers(&mut self) -> Result<BTreeSet<CustomerId>, StoreError>;

    /// Returns the enabled endpoints that have [missed](Webhook::missed) events, with their
    /// customers. Only for [units of the installation](crate::kernel::store::Unit::installation).
    ///
    /// # Errors
    /// Only when storage fails.
    fn missing(&mut self) -> Result<Vec<(CustomerId, WebhookId)>, StoreError>;

    /// Returns whether any customer has an endpoint, and so a sealed secret. Only for
    /// [units of the installation](crate::kernel::store::Unit::installation).
    ///
    /// # Errors
    /// Only when storage fails.
    fn any(&mut self) -> Result<bool, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{a_webhook, stream_id};

    #[test]
    fn names_are_parsed_back() {
        for method in [Method::Post, Method::Put, Method::Get, Method::Delete] {
            assert_eq!(Method::parse("method", method.as_str()), Ok(method));
        }
        for order in [DeliveryOrder::Stream, DeliveryOrder::None] {
            assert_eq!(DeliveryOrder::parse(order.as_str()), Ok(order));
        }
        for reason in [Disabled::Manually, Disabled::Gone, Disabled::Failing] {
            assert_eq!(Disabled::parse(reason.as_str()), Some(reason));
        }
        assert_eq!(Method::parse("m", "PATCH").unwrap_err().field, "m");
        assert_eq!(DeliveryOrder::parse("all").unwrap_err().field, "order");
        assert_eq!(Disabled::parse(""), None);
    }

    /// HOOK-02.
    #[test]
    fn an_endpoint_wants_its_events_of_its_stream_while_it_is_enabled() {
        let position = Position::new(1);
        let (here, there) = ((position, stream_id(1)), (position, stream_id(2)));
        let all = a_webhook();
        assert!(all.wants(here, "chat_created") && all.wants(there, "chat_created"));
        let narrow = Webhook {
            stream: Some(here.1.id),
            events: EventFilter::new(vec!["chat_*".into()]).unwrap(),
            ..a_webhook()
        };
        assert!(narrow.wants(here, "chat_created"));
        assert!(!narrow.wants(there, "chat_created"));
        assert!(!narrow.wants(here, "chatmessage_created"));
        let disabled = Webhook {
            disabled: Some(Disabled::Gone),
            ..a_webhook()
        };
        assert!(!disabled.wants(here, "chat_created"));
        let missing = Webhook {
            missed: Some(Position::default()),
            ..a_webhook()
        };
        assert!(!missing.wants(here, "chat_created"), "others come first");
        assert!(missing.matches(here.1, "chat_created"));
    }
}
