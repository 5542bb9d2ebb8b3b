//! Answered requests of the customer's agents.

use diesel::prelude::*;
use talk_domain::id::AgentId;
use talk_domain::idempotency::{Answered, IdempotencyRepository};
use talk_domain::store::StoreError;
use talk_domain::time::Timestamp;

use super::Scope;
use crate::connection::natively;
use crate::error::{corrupt, fault};
use crate::prepared::{Value, prepared};
use crate::rows::bytes;
use crate::rows::idempotency::{AnsweredRow, put};
use crate::schema::idempotency;

impl IdempotencyRepository for Scope<'_> {
    fn find(&mut self, agent: AgentId, key: &str) -> Result<Option<Answered>, StoreError> {
        let query = idempotency::table
            .filter(idempotency::agent_id.eq(bytes(agent.0)))
            .filter(idempotency::key.eq(key))
            .filter(idempotency::customer_id.eq(self.customer()))
            .select(AnsweredRow::as_select());
        let row = natively!(self.conn, |conn| query.first(conn));
        let row = row.optional().map_err(fault)?;
        row.map(Answered::try_from).transpose()
    }

    fn put(&mut self, answered: &Answered) -> Result<(), StoreError> {
        let customer = self
            .customer
            .ok_or_else(|| corrupt("an answer without a customer"))?;
        put(self.changing(), customer, answered)
    }

    fn purge(&mut self, before: Timestamp, limit: u32) -> Result<usize, StoreError> {
        let oldest: Vec<(i64, Vec<u8>, i64)> = idempotency::table
            .filter(idempotency::serial.gt(0))
            .order(idempotency::serial.asc())
            .limit(i64::from(limit))
            .select((
                idempotency::serial,
                idempotency::customer_id,
                idempotency::answered_at,
            ))
            .load(self.conn)
            .map_err(fault)?;
        let is_own = |customer: &Vec<u8>| self.customer.is_none() || *customer == self.customer();
        let is_over = |at: i64| at < before.as_micros();
        let over: Vec<i64> = oldest
            .iter()
            .filter(|(_, customer, at)| is_own(customer) && is_over(*at))
            .map(|(serial, ..)| *serial)
            .collect();
        for serial in &over {
            prepared!(
                "DELETE FROM talk_idempotency WHERE serial = ?",
                [Value::Number(*serial)]
            )
            .run(self.changing())
            .map_err(fault)?;
        }
        Ok(over.len())
    }
}
