//! Answered requests of the customer's agents.

use diesel::prelude::*;
use talk_domain::id::AgentId;
use talk_domain::idempotency::{Answered, IdempotencyRepository};
use talk_domain::store::StoreError;
use talk_domain::time::Timestamp;

use super::Scope;
use crate::connection::natively;
use crate::error::{corrupt, fault};
use crate::rows::bytes;
use crate::rows::idempotency::AnsweredRow;
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
        let row = AnsweredRow::new(customer, answered);
        let put = diesel::replace_into(idempotency::table).values(row);
        let put = natively!(self.conn, |conn| put.execute(conn));
        put.map(drop).map_err(fault)
    }

    fn purge(&mut self, before: Timestamp, limit: u32) -> Result<usize, StoreError> {
        let old = idempotency::table
            .filter(idempotency::answered_at.lt(before.as_micros()))
            .order(idempotency::answered_at.asc())
            .limit(i64::from(limit))
            .select((
                idempotency::agent_id,
                idempotency::key,
                idempotency::customer_id,
            ));
        let old: Vec<(Vec<u8>, String, Vec<u8>)> = old.load(self.conn).map_err(fault)?;
        let is_own = |customer: &Vec<u8>| self.customer.is_none() || *customer == self.customer();
        let own: Vec<_> = old.into_iter().filter(|(.., of)| is_own(of)).collect();
        for (agent, key, _) in &own {
            let answer = idempotency::table.find((agent, key));
            diesel::delete(answer).execute(self.conn).map_err(fault)?;
        }
        Ok(own.len())
    }
}
