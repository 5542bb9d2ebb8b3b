//! Endpoints of the customer.

use std::collections::BTreeSet;

use diesel::prelude::*;
use talk_domain::hooks::webhook::{Disabled, Waiting, Webhook, WebhookQueries, WebhookRepository};
use talk_domain::kernel::id::{CustomerId, WebhookId};
use talk_domain::kernel::page::{Cursor, Page, PageRequest};
use talk_domain::kernel::store_error::StoreError;

use crate::connection::MultiBackend;
use crate::error::fault;
use crate::portable::deadline::talk_in_time;
use crate::portable::paging::{behind, one_page};
use crate::portable::rows::webhook::WebhookRow;
use crate::portable::rows::{at, bytes, id};
use crate::portable::schema::{deliveries, webhooks};
use crate::portable::scope::{Scope, all, changed};

/// Identity, customer, start of failures and reason of being disabled of an endpoint.
type Summary = (Vec<u8>, Vec<u8>, Option<i64>, Option<String>);

impl Scope<'_> {
    fn webhook(&mut self, id: WebhookId) -> Result<Option<Webhook>, StoreError> {
        let row = webhooks::table
            .filter(webhooks::id.eq(bytes(id.0)))
            .filter(webhooks::customer_id.eq(self.customer()))
            .select(WebhookRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        row.map(Webhook::try_from).transpose()
    }

    /// Returns the endpoint as the dispatcher needs it, if there is work for it.
    fn waiting_of(&mut self, summary: &Summary) -> Result<Option<Waiting>, StoreError> {
        let (webhook, customer, failing_since, disabled) = summary;
        let due = match disabled.as_deref().and_then(Disabled::parse) {
            None => {
                let first: Option<Option<i64>> = deliveries::table
                    .filter(deliveries::webhook_id.eq(webhook))
                    .filter(deliveries::due_at.is_not_null())
                    .order(deliveries::due_at.asc())
                    .select(deliveries::due_at)
                    .first(self.conn)
                    .optional()
                    .map_err(fault)?;
                match first.flatten() {
                    Some(due) => Some(at(due)?),
                    None => return Ok(None),
                }
            }
            Some(Disabled::Gone | Disabled::Failing) if self.has_open(webhook)? => None,
            Some(_) => return Ok(None),
        };
        Ok(Some(Waiting {
            customer: id(customer)?,
            webhook: id(webhook)?,
            is_failing: failing_since.is_some(),
            due,
        }))
    }

    fn has_open(&mut self, webhook: &[u8]) -> Result<bool, StoreError> {
        let open = deliveries::table
            .filter(deliveries::webhook_id.eq(webhook))
            .filter(deliveries::status.eq_any(["pending", "failed"]));
        let first: Option<Vec<u8>> = open
            .select(deliveries::id)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        Ok(first.is_some())
    }
}

impl WebhookRepository for Scope<'_> {
    fn get(&mut self, id: WebhookId) -> Result<Option<Webhook>, StoreError> {
        self.webhook(id)
    }

    fn all(&mut self) -> Result<Vec<Webhook>, StoreError> {
        let rows = webhooks::table
            .filter(webhooks::customer_id.eq(self.customer()))
            .order((webhooks::created_at.asc(), webhooks::id.asc()))
            .select(WebhookRow::as_select())
            .load(self.conn)
            .map_err(fault)?;
        all(rows)
    }

    fn insert(&mut self, webhook: &Webhook) -> Result<(), StoreError> {
        self.assert_same_customer(webhook.customer)?;
        diesel::insert_into(webhooks::table)
            .values(WebhookRow::from(webhook))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    fn update(&mut self, webhook: &Webhook) -> Result<(), StoreError> {
        self.assert_same_customer(webhook.customer)?;
        let known = webhooks::table
            .filter(webhooks::id.eq(bytes(webhook.id.0)))
            .filter(webhooks::customer_id.eq(self.customer()));
        let rows = diesel::update(known)
            .set(WebhookRow::from(webhook))
            .execute(self.changing())
            .map_err(fault)?;
        changed(rows)
    }

    fn remove(&mut self, id: WebhookId) -> Result<(), StoreError> {
        self.cache.mark_erased();
        let known = webhooks::table
            .filter(webhooks::id.eq(bytes(id.0)))
            .filter(webhooks::customer_id.eq(self.customer()));
        diesel::delete(known)
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }
}

impl WebhookQueries for Scope<'_> {
    fn get(&mut self, id: WebhookId) -> Result<Option<Webhook>, StoreError> {
        self.webhook(id)
    }

    fn own(&mut self) -> Result<Option<Webhook>, StoreError> {
        let row = webhooks::table
            .filter(webhooks::customer_id.eq(self.customer()))
            .filter(webhooks::is_own.eq(1))
            .select(WebhookRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        row.map(Webhook::try_from).transpose()
    }

    fn page(&mut self, request: PageRequest) -> Result<Page<Webhook>, StoreError> {
        let query = webhooks::table
            .filter(talk_in_time())
            .filter(webhooks::customer_id.eq(self.customer()))
            .select(WebhookRow::as_select())
            .into_boxed::<MultiBackend>();
        let query = behind!(query, request, webhooks::created_at, webhooks::id);
        let rows = one_page!(query, request, webhooks::created_at, webhooks::id)
            .load(self.conn)
            .map_err(fault)?;
        Ok(Page::cut(all(rows)?, request.size, |webhook: &Webhook| {
            Cursor {
                at: webhook.created,
                id: Some(webhook.id.0),
            }
        }))
    }

    fn waiting(&mut self) -> Result<Vec<Waiting>, StoreError> {
        let summaries: Vec<Summary> = webhooks::table
            .select((
                webhooks::id,
                webhooks::customer_id,
                webhooks::failing_since,
                webhooks::disabled,
            ))
            .load(self.conn)
            .map_err(fault)?;
        let mut waiting = Vec::new();
        for summary in &summaries {
            waiting.extend(self.waiting_of(summary)?);
        }
        Ok(waiting)
    }

    fn customers(&mut self) -> Result<BTreeSet<CustomerId>, StoreError> {
        let customers: Vec<Vec<u8>> = webhooks::table
            .filter(webhooks::disabled.is_null())
            .select(webhooks::customer_id)
            .load(self.conn)
            .map_err(fault)?;
        customers.iter().map(|customer| id(customer)).collect()
    }

    fn missing(&mut self) -> Result<Vec<(CustomerId, WebhookId)>, StoreError> {
        let rows: Vec<(Vec<u8>, Vec<u8>)> = webhooks::table
            .filter(webhooks::disabled.is_null())
            .filter(webhooks::missed.is_not_null())
            .select((webhooks::customer_id, webhooks::id))
            .load(self.conn)
            .map_err(fault)?;
        let rows = rows.iter();
        rows.map(|(customer, webhook)| Ok((id(customer)?, id(webhook)?)))
            .collect()
    }

    fn any(&mut self) -> Result<bool, StoreError> {
        let first: Option<Vec<u8>> = webhooks::table
            .select(webhooks::id)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        Ok(first.is_some())
    }
}
