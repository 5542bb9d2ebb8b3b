//! Stored answers to requests of the customer's agents.

use diesel::prelude::*;
use talk_domain::kernel::id::AgentId;
use talk_domain::kernel::idempotency::{IdempotencyRepository, StoredAnswer};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::connection::natively;
use crate::error::{corrupt, fault};
use crate::portable::backend::Backend;
use crate::portable::rows::bytes;
use crate::portable::rows::idempotency::{AnsweredRow, put};
use crate::portable::schema::idempotency;
use crate::portable::scope::Scope;

impl IdempotencyRepository for Scope<'_> {
    fn find(&mut self, agent: AgentId, key: &str) -> Result<Option<StoredAnswer>, StoreError> {
        let query = idempotency::table
            .filter(idempotency::agent_id.eq(bytes(agent.0)))
            .filter(idempotency::key.eq(key))
            .filter(idempotency::customer_id.eq(self.customer()))
            .select(AnsweredRow::as_select());
        let row = natively!(self.conn, |conn| query.first(conn));
        let row = row.optional().map_err(fault)?;
        row.map(StoredAnswer::try_from).transpose()
    }

    fn insert(&mut self, answered: &StoredAnswer) -> Result<(), StoreError> {
        let customer = self
            .customer
            .ok_or_else(|| corrupt("an answer without a customer"))?;
        put(self.changing(), customer, answered)
    }

    fn delete(&mut self, agent: AgentId, key: &str) -> Result<(), StoreError> {
        let kept = idempotency::table
            .filter(idempotency::agent_id.eq(bytes(agent.0)))
            .filter(idempotency::key.eq(key))
            .filter(idempotency::customer_id.eq(self.customer()));
        diesel::delete(kept)
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    fn purge(&mut self, before: Timestamp, limit: u32) -> Result<usize, StoreError> {
        self.purge_answers(before, limit)
    }

    fn delete_about(
        &mut self,
        agent: AgentId,
        after: u64,
        limit: u32,
    ) -> Result<Option<u64>, StoreError> {
        self.cache.mark_erased();
        self.delete_answers_step(agent, after, limit)
    }
}
