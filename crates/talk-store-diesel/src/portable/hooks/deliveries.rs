//! Deliveries of the customer, and their tries.

use std::collections::BTreeMap;

use diesel::dsl::{count_star, max, min};
use diesel::prelude::*;
use talk_domain::hooks::delivery::{
    Attempt, Backlog, Delivery, DeliveryQueries, DeliveryRepository, Ended, Listed, Status,
};
use talk_domain::kernel::id::{DeliveryId, WebhookId};
use talk_domain::kernel::page::{Cursor, Order, Page, PageRequest};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::StreamId;
use talk_domain::kernel::time::Timestamp;

use crate::connection::MultiBackend;
use crate::error::fault;
use crate::portable::deadline::talk_in_time;
use crate::portable::paging::{behind, one_page};
use crate::portable::rows::webhook::{AttemptRow, DeliveryRow};
use crate::portable::rows::{at, bytes, number, seq};
use crate::portable::schema::{attempts, deliveries, webhooks};
use crate::portable::scope::{Scope, all, changed};

/// Maximum number of tries that are kept of a delivery: as many as the longest schedule makes, if
/// the delivery is not replayed.
const KEPT_ATTEMPTS: i64 = 51;

/// Selects the deliveries of an endpoint that have one status.
macro_rules! of_status {
    ($scope:expr, $webhook:expr, $status:expr) => {
        deliveries::table
            .filter(deliveries::webhook_id.eq(bytes($webhook.0)))
            .filter(deliveries::customer_id.eq($scope.customer()))
            .filter(deliveries::status.eq($status.as_str()))
            .select(DeliveryRow::as_select())
    };
}

impl Scope<'_> {
    fn attempts_of(
        &mut self,
        listed: &[Delivery],
    ) -> Result<BTreeMap<Vec<u8>, Vec<Attempt>>, StoreError> {
        let ids: Vec<_> = listed.iter().map(|delivery| bytes(delivery.id.0)).collect();
        let rows: Vec<AttemptRow> = attempts::table
            .filter(attempts::delivery_id.eq_any(&ids))
            .order((attempts::delivery_id.asc(), attempts::number.asc()))
            .select(AttemptRow::as_select())
            .load(self.conn)
            .map_err(fault)?;
        let mut of: BTreeMap<Vec<u8>, Vec<Attempt>> = BTreeMap::new();
        for row in rows {
            let delivery = row.delivery_id.clone();
            of.entry(delivery).or_default().push(row.try_into()?);
        }
        Ok(of)
    }

    /// Returns the first open delivery of a stream to an endpoint; with `only_due`, the first one
    /// that has a due time.
    fn open_of_stream(
        &mut self,
        (webhook, stream): (WebhookId, StreamId),
        only_due: bool,
    ) -> Result<Option<Delivery>, StoreError> {
        let mut query = deliveries::table
            .filter(deliveries::webhook_id.eq(bytes(webhook.0)))
            .filter(deliveries::stream_id.eq(bytes(stream.id)))
            .filter(deliveries::is_open.eq(1))
            .filter(deliveries::customer_id.eq(self.customer()))
            .order(deliveries::seq.asc())
            .select(DeliveryRow::as_select())
            .into_boxed::<MultiBackend>();
        if only_due {
            query = query.filter(deliveries::due_at.is_not_null());
        }
        let row = query.first(self.conn).optional().map_err(fault)?;
        row.map(Delivery::try_from).transpose()
    }
}

impl DeliveryRepository for Scope<'_> {
    fn get(&mut self, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        let row = deliveries::table
            .filter(deliveries::id.eq(bytes(id.0)))
            .filter(deliveries::customer_id.eq(self.customer()))
            .select(DeliveryRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        row.map(Delivery::try_from).transpose()
    }

    fn insert(&mut self, delivery: &Delivery) -> Result<(), StoreError> {
        self.assert_same_customer(delivery.customer)?;
        diesel::insert_into(deliveries::table)
            .values(DeliveryRow::from(delivery))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    fn update(&mut self, delivery: &Delivery) -> Result<(), StoreError> {
        let known = deliveries::table
            .filter(deliveries::id.eq(bytes(delivery.id.0)))
            .filter(deliveries::customer_id.eq(self.customer()));
        let rows = diesel::update(known)
            .set((
                deliveries::status.eq(delivery.status.as_str()),
                deliveries::is_open.eq(i64::from(delivery.status.is_open())),
                deliveries::tries.eq(i64::from(delivery.tries)),
                deliveries::due_at.eq(delivery.due.map(Timestamp::as_micros)),
            ))
            .execute(self.changing())
            .map_err(fault)?;
        changed(rows)
    }

    fn add_attempt(&mut self, id: DeliveryId, attempt: &Attempt) -> Result<(), StoreError> {
        let of_delivery = attempts::table.filter(attempts::delivery_id.eq(bytes(id.0)));
        let last: Option<i64> = of_delivery
            .clone()
            .select(max(attempts::number))
            .first(self.conn)
            .map_err(fault)?;
        let next = last.unwrap_or(0).saturating_add(1);
        diesel::insert_into(attempts::table)
            .values(AttemptRow::new(id, next, attempt))
            .execute(self.changing())
            .map_err(fault)?;
        if next <= KEPT_ATTEMPTS {
            return Ok(());
        }
        let old = of_delivery.filter(attempts::number.le(next - KEPT_ATTEMPTS));
        diesel::delete(old)
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    fn has(
        &mut self,
        webhook: WebhookId,
        stream: StreamId,
        place: u64,
    ) -> Result<bool, StoreError> {
        let found: Option<Vec<u8>> = deliveries::table
            .filter(deliveries::webhook_id.eq(bytes(webhook.0)))
            .filter(deliveries::stream_id.eq(bytes(stream.id)))
            .filter(deliveries::is_open.eq_any([0, 1]))
            .filter(deliveries::seq.eq(seq(place)))
            .filter(deliveries::customer_id.eq(self.customer()))
            .select(deliveries::id)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        Ok(found.is_some())
    }

    fn first_open(
        &mut self,
        webhook: WebhookId,
        stream: StreamId,
    ) -> Result<Option<Delivery>, StoreError> {
        self.open_of_stream((webhook, stream), false)
    }

    fn is_due(&mut self, webhook: WebhookId, stream: StreamId) -> Result<bool, StoreError> {
        Ok(self.open_of_stream((webhook, stream), true)?.is_some())
    }

    fn open(&mut self, webhook: WebhookId, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        let mut open = Vec::new();
        for status in [Status::Failed, Status::Pending] {
            let left = i64::from(limit).saturating_sub_unsigned(open.len() as u64);
            let rows: Vec<DeliveryRow> = of_status!(self, webhook, status)
                .limit(left)
                .load(self.conn)
                .map_err(fault)?;
            open.extend(all(rows)?);
        }
        Ok(open)
    }

    fn ended(&mut self, which: Ended, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        let rows: Vec<DeliveryRow> = of_status!(self, which.webhook, which.status)
            .filter(deliveries::created_at.ge(which.from.as_micros()))
            .filter(deliveries::created_at.lt(which.until.as_micros()))
            .order((deliveries::created_at.asc(), deliveries::id.asc()))
            .limit(i64::from(limit))
            .load(self.conn)
            .map_err(fault)?;
        all(rows)
    }

    fn remove_orphans(&mut self, limit: u32) -> Result<bool, StoreError> {
        self.remove_orphaned_deliveries(limit)
    }

    fn expire(&mut self, before: Timestamp, limit: u32) -> Result<bool, StoreError> {
        self.expire_deliveries(before, limit)
    }

    fn remove_all(&mut self, limit: u32) -> Result<bool, StoreError> {
        self.remove_webhooks_of_customer(limit)
    }
}

impl DeliveryQueries for Scope<'_> {
    /// Merges the pages of the states, each of which is read along an index.
    fn page(
        &mut self,
        webhook: WebhookId,
        wanted: Option<Status>,
        request: PageRequest,
    ) -> Result<Page<Listed>, StoreError> {
        let mut found: Vec<Delivery> = Vec::new();
        for status in Status::ALL {
            if wanted.is_none_or(|wanted| wanted == status) {
                let query = of_status!(self, webhook, status)
                    .filter(talk_in_time())
                    .into_boxed::<MultiBackend>();
                let query = behind!(query, request, deliveries::created_at, deliveries::id);
                let rows: Vec<DeliveryRow> =
                    one_page!(query, request, deliveries::created_at, deliveries::id)
                        .load(self.conn)
                        .map_err(fault)?;
                found.extend(all(rows)?);
            }
        }
        found.sort_by_key(|delivery| (delivery.created, delivery.id));
        if request.order == Order::Descending {
            found.reverse();
        }
        let page = Page::cut(found, request.size, |delivery| Cursor {
            at: delivery.created,
            id: Some(delivery.id.0),
        });
        let mut attempts = self.attempts_of(&page.rows)?;
        Ok(page.map(|delivery| Listed {
            attempts: attempts.remove(&bytes(delivery.id.0)).unwrap_or_default(),
            delivery,
        }))
    }

    fn due(
        &mut self,
        webhook: WebhookId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let rows: Vec<DeliveryRow> = deliveries::table
            .filter(deliveries::webhook_id.eq(bytes(webhook.0)))
            .filter(deliveries::due_at.le(now.as_micros()))
            .filter(deliveries::customer_id.eq(self.customer()))
            .order(deliveries::due_at.asc())
            .limit(i64::from(limit))
            .select(DeliveryRow::as_select())
            .load(self.conn)
            .map_err(fault)?;
        all(rows)
    }

    fn backlog(&mut self) -> Result<Backlog, StoreError> {
        let ids: Vec<Vec<u8>> = webhooks::table
            .select(webhooks::id)
            .load(self.conn)
            .map_err(fault)?;
        let mut backlog = Backlog::default();
        for id in &ids {
            let of = deliveries::table.filter(deliveries::webhook_id.eq(id));
            for status in [Status::Pending, Status::Failed] {
                let oldest: Option<i64> = of
                    .filter(deliveries::status.eq(status.as_str()))
                    .select(min(deliveries::created_at))
                    .first(self.conn)
                    .map_err(fault)?;
                let oldest = oldest.map(at).transpose()?;
                backlog.oldest = [backlog.oldest, oldest].into_iter().flatten().min();
            }
            let dead: i64 = of
                .filter(deliveries::status.eq(Status::Dead.as_str()))
                .select(count_star())
                .first(self.conn)
                .map_err(fault)?;
            backlog.dead += number::<u64>(dead)?;
        }
        Ok(backlog)
    }
}
