//! Customers, and their removal.

use diesel::prelude::*;
use talk_domain::identity::access_key::AccessKeyRepository as _;
use talk_domain::identity::agent::Agent;
use talk_domain::identity::customer::{Customer, CustomerRemoval, CustomerRepository};
use talk_domain::kernel::id::AgentId;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::error::fault;
use crate::portable::rows::agent::AgentRow;
use crate::portable::rows::customer::CustomerRow;
use crate::portable::rows::{bytes, id};
use crate::portable::schema::{agents, cleanups, customers, file_usage, idempotency};
use crate::portable::scope::{Scope, all};

impl CustomerRepository for Scope<'_> {
    fn insert(&mut self, customer: &Customer) -> Result<(), StoreError> {
        diesel::insert_into(customers::table)
            .values(CustomerRow::from(customer))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }
}

impl Scope<'_> {
    /// Deletes up to `limit` answers given to an agent. Returns their number.
    fn drop_answers(&mut self, agent: AgentId, limit: u32) -> Result<usize, StoreError> {
        let given = idempotency::table
            .filter(idempotency::agent_id.eq(bytes(agent.0)))
            .filter(idempotency::customer_id.eq(self.customer()));
        let next: Vec<String> = given
            .clone()
            .limit(i64::from(limit))
            .select(idempotency::key)
            .load(self.conn)
            .map_err(fault)?;
        if next.is_empty() {
            return Ok(0);
        }
        let gone = given.filter(idempotency::key.eq_any(&next));
        diesel::delete(gone).execute(self.changing()).map_err(fault)
    }
}

impl CustomerRemoval for Scope<'_> {
    fn live_agents(&mut self, since: Timestamp, limit: u32) -> Result<Vec<Agent>, StoreError> {
        let rows = agents::table
            .filter(agents::customer_id.eq(self.customer()))
            .filter(agents::created_at.ge(since.as_micros()))
            .filter(agents::deleted_at.is_null())
            .order((agents::created_at.asc(), agents::id.asc()))
            .limit(i64::from(limit))
            .select(AgentRow::as_select())
            .load(self.conn)
            .map_err(fault)?;
        all(rows)
    }

    fn drop_agents(&mut self, limit: u32) -> Result<bool, StoreError> {
        let next: Vec<Vec<u8>> = agents::table
            .filter(agents::customer_id.eq(self.customer()))
            .order((agents::created_at.asc(), agents::id.asc()))
            .limit(i64::from(limit))
            .select(agents::id)
            .load(self.conn)
            .map_err(fault)?;
        self.cache.mark_erased();
        let mut left = limit;
        for agent in next {
            let agent = id(&agent)?;
            if left == 0 || self.remove_some(agent, left)? {
                return Ok(true);
            }
            let answers = u32::try_from(self.drop_answers(agent, left)?).unwrap_or(u32::MAX);
            left = left.saturating_sub(answers);
            if left == 0 {
                return Ok(true);
            }
            self.cache.invalidate_agent(agent);
            diesel::delete(agents::table.find(bytes(agent.0)))
                .execute(self.changing())
                .map_err(fault)?;
            left -= 1;
        }
        Ok(left == 0)
    }

    fn finish(&mut self) -> Result<(), StoreError> {
        self.cache.mark_erased();
        let customer = self.customer();
        diesel::delete(file_usage::table.find(&customer))
            .execute(self.changing())
            .map_err(fault)?;
        diesel::delete(cleanups::table.filter(cleanups::customer_id.eq(&customer)))
            .execute(self.changing())
            .map_err(fault)?;
        diesel::delete(customers::table.find(&customer))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }
}
