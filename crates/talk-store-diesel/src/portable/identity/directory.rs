//! Lookups across customers, which find the customer of a credential or username.

use diesel::dsl;
use diesel::prelude::*;
use talk_domain::identity::access_key::{AccessKey, KeyHash};
use talk_domain::identity::agent::{Agent, PasswordHash};
use talk_domain::identity::customer::Customer;
use talk_domain::identity::session::Directory;
use talk_domain::kernel::id::{AgentId, CustomerId, TokenId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::username_key::username_key;

use crate::error::fault;
use crate::portable::backend::Backend;
use crate::portable::kernel::cleanups::removed_customer;
use crate::portable::rows::access_key::AccessKeyRow;
use crate::portable::rows::agent::AgentRow;
use crate::portable::rows::bytes;
use crate::portable::rows::customer::CustomerRow;
use crate::portable::schema::{access_keys, agents, customers, revoked_tokens};
use crate::portable::scope::{Scope, all};

impl Directory for Scope<'_> {
    fn agent(&mut self, id: AgentId) -> Result<Option<Agent>, StoreError> {
        if let Some(known) = self.cache.agent(id) {
            return Ok(Some(known.clone()));
        }
        let row = agents::table
            .find(bytes(id.0))
            .filter(dsl::not(dsl::exists(removed_customer!())))
            .select(AgentRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        let agent = row.map(Agent::try_from).transpose()?;
        if let Some(agent) = &agent {
            self.cache.put_agent(agent);
        }
        Ok(agent)
    }

    fn named(&mut self, username: &str) -> Result<Option<Agent>, StoreError> {
        let row = agents::table
            .filter(agents::username.eq(username))
            .filter(dsl::not(dsl::exists(removed_customer!())))
            .select(AgentRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        row.map(Agent::try_from).transpose()
    }

    fn login(&mut self, username: &str) -> Result<Option<(Agent, PasswordHash)>, StoreError> {
        let exactly = agents::table
            .filter(agents::username.eq(username))
            .filter(agents::deleted_at.is_null())
            .filter(dsl::not(dsl::exists(removed_customer!())))
            .select(AgentRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        if exactly.is_some() {
            return exactly.map(AgentRow::with_password).transpose();
        }
        let by_key = agents::table
            .filter(agents::username_key.eq(username_key(username)))
            .filter(agents::deleted_at.is_null())
            .filter(dsl::not(dsl::exists(removed_customer!())))
            .select(AgentRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        by_key.map(AgentRow::with_password).transpose()
    }

    fn colliding_agents(&mut self, limit: u32) -> Result<Vec<Agent>, StoreError> {
        let rows = agents::table
            .filter(agents::username_key.is_null())
            .filter(agents::deleted_at.is_null())
            .order((agents::created_at.asc(), agents::id.asc()))
            .limit(i64::from(limit))
            .select(AgentRow::as_select())
            .load(self.conn)
            .map_err(fault)?;
        all(rows)
    }

    fn key(&mut self, hash: &KeyHash) -> Result<Option<AccessKey>, StoreError> {
        if let Some(known) = self.cache.key(hash) {
            return Ok(Some(known.clone()));
        }
        let row = access_keys::table
            .filter(access_keys::hash.eq(hash.to_vec()))
            .select(AccessKeyRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        let key = row.map(AccessKey::try_from).transpose()?;
        if let Some(key) = &key {
            self.cache.put_key(key);
        }
        Ok(key)
    }

    fn is_revoked(&mut self, token: TokenId) -> Result<bool, StoreError> {
        if let Some(known) = self.cache.is_revoked(token) {
            return Ok(known);
        }
        let found = revoked_tokens::table
            .find(bytes(token.0))
            .select(revoked_tokens::expires_at)
            .first::<i64>(self.conn)
            .optional()
            .map_err(fault)?;
        self.cache.put_token(token, found.is_some());
        Ok(found.is_some())
    }

    fn last_end(&mut self) -> Result<u64, StoreError> {
        Backend::last_end(self)
    }

    fn ends_after(&mut self, position: u64, limit: u32) -> Result<Vec<(u64, AgentId)>, StoreError> {
        Backend::ends_after(self, position, limit)
    }

    fn customer(&mut self, id: CustomerId) -> Result<Option<Customer>, StoreError> {
        let row = customers::table
            .find(bytes(id.0))
            .select(CustomerRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        row.map(Customer::try_from).transpose()
    }

    fn customers(&mut self) -> Result<Vec<Customer>, StoreError> {
        let rows = customers::table
            .order((customers::created_at.asc(), customers::id.asc()))
            .select(CustomerRow::as_select())
            .load(self.conn)
            .map_err(fault)?;
        all(rows)
    }

    fn has_agents(&mut self) -> Result<bool, StoreError> {
        agents::table
            .select(agents::permission)
            .limit(1)
            .first::<i64>(self.conn)
            .optional()
            .map(|found| found.is_some())
            .map_err(fault)
    }
}
