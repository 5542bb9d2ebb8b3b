//! Who is who, over all customers: the only queries that are not scoped.

use diesel::prelude::*;
use talk_domain::access_key::{AccessKey, KeyHash};
use talk_domain::agent::{Agent, PasswordHash};
use talk_domain::customer::Customer;
use talk_domain::id::{AgentId, CustomerId, TokenId};
use talk_domain::session::Directory;
use talk_domain::store::StoreError;

use super::{Scope, all};
use crate::error::fault;
use crate::rows::access_key::AccessKeyRow;
use crate::rows::agent::AgentRow;
use crate::rows::bytes;
use crate::rows::customer::CustomerRow;
use crate::schema::{access_keys, agents, customers, revoked_tokens};

impl Directory for Scope<'_> {
    fn agent(&mut self, id: AgentId) -> Result<Option<Agent>, StoreError> {
        let row = agents::table
            .find(bytes(id.0))
            .select(AgentRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        row.map(Agent::try_from).transpose()
    }

    fn login(&mut self, username: &str) -> Result<Option<(Agent, PasswordHash)>, StoreError> {
        let row = agents::table
            .filter(agents::username.eq(username))
            .filter(agents::deleted_at.is_null())
            .select(AgentRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        row.map(AgentRow::with_password).transpose()
    }

    fn key(&mut self, hash: &KeyHash) -> Result<Option<AccessKey>, StoreError> {
        let row = access_keys::table
            .filter(access_keys::hash.eq(hash.to_vec()))
            .select(AccessKeyRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        row.map(AccessKey::try_from).transpose()
    }

    fn is_revoked(&mut self, token: TokenId) -> Result<bool, StoreError> {
        revoked_tokens::table
            .find(bytes(token.0))
            .select(revoked_tokens::expires_at)
            .first::<i64>(self.conn)
            .optional()
            .map(|found| found.is_some())
            .map_err(fault)
    }

    fn ends(&mut self) -> Result<u64, StoreError> {
        self.session_ends()
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
