//! Removal of endpoints and deliveries, in bounded steps.

use diesel::prelude::*;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::error::fault;
use crate::portable::schema::{attempts, deliveries, webhooks};
use crate::portable::scope::Scope;

impl Scope<'_> {
    /// Deletes deliveries with their tries.
    fn remove_deliveries(&mut self, ids: &[Vec<u8>]) -> Result<(), StoreError> {
        self.cache.mark_erased();
        let tries = attempts::table.filter(attempts::delivery_id.eq_any(ids));
        diesel::delete(tries)
            .execute(self.changing())
            .map_err(fault)?;
        let gone = deliveries::table.filter(deliveries::id.eq_any(ids));
        diesel::delete(gone)
            .execute(self.changing())
            .map_err(fault)?;
        Ok(())
    }

    /// Deletes up to `limit` deliveries of an endpoint. Returns their number.
    fn remove_some_of(&mut self, webhook: &[u8], limit: u32) -> Result<usize, StoreError> {
        let ids: Vec<Vec<u8>> = deliveries::table
            .filter(deliveries::webhook_id.eq(webhook))
            .limit(i64::from(limit))
            .select(deliveries::id)
            .load(self.conn)
            .map_err(fault)?;
        self.remove_deliveries(&ids)?;
        Ok(ids.len())
    }

    /// Finds the id of a deleted endpoint that has deliveries left. Visits the id of each endpoint
    /// with deliveries once, along the index.
    fn missing_webhook(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        let mut after = Vec::new();
        loop {
            let next: Option<Vec<u8>> = deliveries::table
                .filter(deliveries::webhook_id.gt(&after))
                .order(deliveries::webhook_id.asc())
                .select(deliveries::webhook_id)
                .first(self.conn)
                .optional()
                .map_err(fault)?;
            let Some(webhook) = next else {
                return Ok(None);
            };
            let known: Option<Vec<u8>> = webhooks::table
                .find(&webhook)
                .select(webhooks::id)
                .first(self.conn)
                .optional()
                .map_err(fault)?;
            if known.is_none() {
                return Ok(Some(webhook));
            }
            after = webhook;
        }
    }

    /// Deletes up to `limit` deliveries whose endpoint is gone. Returns whether it deleted any.
    pub(super) fn remove_orphaned_deliveries(&mut self, limit: u32) -> Result<bool, StoreError> {
        match self.missing_webhook()? {
            Some(webhook) => Ok(self.remove_some_of(&webhook, limit)? > 0),
            None => Ok(false),
        }
    }

    /// Deletes up to `limit` ended deliveries from before a time. Returns whether it deleted any.
    pub(super) fn expire_deliveries(
        &mut self,
        before: Timestamp,
        limit: u32,
    ) -> Result<bool, StoreError> {
        let all: Vec<Vec<u8>> = webhooks::table
            .select(webhooks::id)
            .load(self.conn)
            .map_err(fault)?;
        for webhook in all {
            for status in ["delivered", "dead"] {
                let old: Vec<Vec<u8>> = deliveries::table
                    .filter(deliveries::webhook_id.eq(&webhook))
                    .filter(deliveries::status.eq(status))
                    .filter(deliveries::created_at.lt(before.as_micros()))
                    .order(deliveries::created_at.asc())
                    .limit(i64::from(limit))
                    .select(deliveries::id)
                    .load(self.conn)
                    .map_err(fault)?;
                if !old.is_empty() {
                    self.remove_deliveries(&old)?;
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Deletes up to `limit` deliveries of an endpoint of the customer, or the endpoint if it has
    /// none. Returns whether it deleted anything.
    pub(super) fn remove_webhooks_of_customer(&mut self, limit: u32) -> Result<bool, StoreError> {
        let first: Option<Vec<u8>> = webhooks::table
            .filter(webhooks::customer_id.eq(self.customer()))
            .select(webhooks::id)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        // Deliveries of endpoints that were deleted earlier are orphans.
        let Some(webhook) = first else {
            return self.remove_orphaned_deliveries(limit);
        };
        if self.remove_some_of(&webhook, limit)? == 0 {
            diesel::delete(webhooks::table.find(webhook))
                .execute(self.changing())
                .map_err(fault)?;
        }
        Ok(true)
    }
}
