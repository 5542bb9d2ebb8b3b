//! The rows of endpoints, deliveries and tries.

use diesel::prelude::*;
use talk_domain::hooks::delivery::{Attempt, Delivery, Status};
use talk_domain::hooks::filter::EventFilter;
use talk_domain::hooks::secret::EndpointSecrets;
use talk_domain::hooks::webhook::{DeliveryOrder, Disabled, Method, Webhook};
use talk_domain::kernel::id::DeliveryId;
use talk_domain::kernel::positions::Position;
use talk_domain::kernel::secret::Sealed;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::{Realm, StreamId};
use talk_domain::kernel::time::Timestamp;

use crate::error::corrupt;
use crate::portable::rows::{at, bytes, id, number, optional_at, optional_id, seq};
use crate::portable::schema::{attempts, deliveries, webhooks};

#[derive(Queryable, Selectable, Insertable, AsChangeset, Identifiable)]
#[diesel(table_name = webhooks, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct WebhookRow {
    id: Vec<u8>,
    customer_id: Vec<u8>,
    is_own: i64,
    uri: String,
    method: String,
    events: String,
    stream_id: Option<Vec<u8>>,
    disabled: Option<String>,
    delivery_order: String,
    secret: Vec<u8>,
    previous_secret: Option<Vec<u8>>,
    previous_until: Option<i64>,
    since: i64,
    missed: Option<i64>,
    has_gap: i64,
    failing_since: Option<i64>,
    created_at: i64,
    updated_at: i64,
}

impl From<&Webhook> for WebhookRow {
    fn from(webhook: &Webhook) -> Self {
        let previous = webhook.secrets.previous.as_ref();
        Self {
            id: bytes(webhook.id.0),
            customer_id: bytes(webhook.customer.0),
            is_own: i64::from(webhook.is_own),
            uri: webhook.uri.clone(),
            method: webhook.method.as_str().to_owned(),
            events: webhook.events.patterns().join(","),
            stream_id: webhook.stream.map(bytes),
            disabled: webhook.disabled.map(|reason| reason.as_str().to_owned()),
            delivery_order: webhook.order.as_str().to_owned(),
            secret: webhook.secrets.current.0.clone(),
            previous_secret: previous.map(|(sealed, _)| sealed.0.clone()),
            previous_until: previous.map(|(_, until)| until.as_micros()),
            since: seq(webhook.since.number()),
            missed: webhook.missed.map(|missed| seq(missed.number())),
            has_gap: i64::from(webhook.has_gap),
            failing_since: webhook.failing_since.map(Timestamp::as_micros),
            created_at: webhook.created.as_micros(),
            updated_at: webhook.updated.as_micros(),
        }
    }
}

impl TryFrom<WebhookRow> for Webhook {
    type Error = StoreError;

    fn try_from(row: WebhookRow) -> Result<Self, StoreError> {
        let patterns = row.events.split(',').filter(|pattern| !pattern.is_empty());
        let patterns = patterns.map(str::to_owned).collect();
        let disabled = row.disabled.as_deref().map(|reason| {
            Disabled::parse(reason).ok_or_else(|| corrupt("an unknown reason of a webhook"))
        });
        let previous = match (row.previous_secret, row.previous_until) {
            (Some(sealed), Some(until)) => Some((Sealed(sealed), at(until)?)),
            _ => None,
        };
        Ok(Self {
            id: id(&row.id)?,
            customer: id(&row.customer_id)?,
            is_own: row.is_own != 0,
            uri: row.uri,
            method: Method::parse("method", &row.method).map_err(corrupt)?,
            events: EventFilter::new(patterns).map_err(corrupt)?,
            stream: optional_id(row.stream_id.as_deref())?,
            disabled: disabled.transpose()?,
            order: DeliveryOrder::parse(&row.delivery_order).map_err(corrupt)?,
            secrets: EndpointSecrets {
                current: Sealed(row.secret),
                previous,
            },
            since: Position::new(number(row.since)?),
            missed: row.missed.map(number).transpose()?.map(Position::new),
            has_gap: row.has_gap != 0,
            failing_since: optional_at(row.failing_since)?,
            created: at(row.created_at)?,
            updated: at(row.updated_at)?,
        })
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = deliveries, treat_none_as_default_value = false)]
pub(crate) struct DeliveryRow {
    id: Vec<u8>,
    customer_id: Vec<u8>,
    webhook_id: Vec<u8>,
    realm: String,
    stream_id: Vec<u8>,
    seq: i64,
    event: String,
    kind: String,
    status: String,
    is_open: i64,
    tries: i64,
    due_at: Option<i64>,
    created_at: i64,
}

impl From<&Delivery> for DeliveryRow {
    fn from(delivery: &Delivery) -> Self {
        Self {
            id: bytes(delivery.id.0),
            customer_id: bytes(delivery.customer.0),
            webhook_id: bytes(delivery.webhook.0),
            realm: delivery.stream.realm.as_str().to_owned(),
            stream_id: bytes(delivery.stream.id),
            seq: seq(delivery.seq),
            event: delivery.event.clone(),
            kind: delivery.kind.clone(),
            status: delivery.status.as_str().to_owned(),
            is_open: i64::from(delivery.status.is_open()),
            tries: i64::from(delivery.tries),
            due_at: delivery.due.map(Timestamp::as_micros),
            created_at: delivery.created.as_micros(),
        }
    }
}

impl TryFrom<DeliveryRow> for Delivery {
    type Error = StoreError;

    fn try_from(row: DeliveryRow) -> Result<Self, StoreError> {
        let realm = Realm::parse(&row.realm).ok_or_else(|| corrupt("an unknown realm"))?;
        let status = Status::parse(&row.status);
        Ok(Self {
            id: id(&row.id)?,
            customer: id(&row.customer_id)?,
            webhook: id(&row.webhook_id)?,
            stream: StreamId {
                realm,
                id: id(&row.stream_id)?,
            },
            seq: number(row.seq)?,
            event: row.event,
            kind: row.kind,
            status: status.ok_or_else(|| corrupt("an unknown state of a delivery"))?,
            tries: number(row.tries)?,
            due: optional_at(row.due_at)?,
            created: at(row.created_at)?,
        })
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = attempts, treat_none_as_default_value = false)]
pub(crate) struct AttemptRow {
    pub(crate) delivery_id: Vec<u8>,
    number: i64,
    tried_at: i64,
    http_status: Option<i64>,
    latency_ms: i64,
    error: String,
    answer: String,
}

impl AttemptRow {
    /// Returns the row of the try with this number.
    pub(crate) fn new(delivery: DeliveryId, number: i64, attempt: &Attempt) -> Self {
        Self {
            delivery_id: bytes(delivery.0),
            number,
            tried_at: attempt.at.as_micros(),
            http_status: attempt.http_status.map(i64::from),
            latency_ms: i64::from(attempt.latency_ms),
            error: attempt.error.clone(),
            answer: attempt.answer.clone(),
        }
    }
}

impl TryFrom<AttemptRow> for Attempt {
    type Error = StoreError;

    fn try_from(row: AttemptRow) -> Result<Self, StoreError> {
        Ok(Self {
            at: at(row.tried_at)?,
            http_status: row.http_status.map(number).transpose()?,
            latency_ms: number(row.latency_ms)?,
            error: row.error,
            answer: row.answer,
        })
    }
}
