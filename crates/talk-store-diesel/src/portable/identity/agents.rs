//! Agents of the customer.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use talk_domain::identity::agent::{Agent, AgentQueries, AgentRepository, PasswordHash};
use talk_domain::kernel::id::AgentId;
use talk_domain::kernel::page::{Cursor, Page, PageRequest};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::connection::MultiBackend;
use crate::error::fault;
use crate::portable::deadline::talk_in_time;
use crate::portable::paging::{behind, one_page};
use crate::portable::rows::agent::{AgentRow, permission_code};
use crate::portable::rows::{bytes, id};
use crate::portable::schema::agents;
use crate::portable::scope::{Scope, all, changed};

impl Scope<'_> {
    fn agent_row(&mut self, id: AgentId) -> Result<Option<AgentRow>, StoreError> {
        agents::table
            .filter(agents::id.eq(bytes(id.0)))
            .filter(agents::customer_id.eq(self.customer()))
            .select(AgentRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)
    }
}

/// Literals instead of parameters, so that the partial index on administrators is used.
const ADMINISTERS: &str = "permission > 16 AND status = 'active' AND deleted_at IS NULL";

impl AgentRepository for Scope<'_> {
    fn get(&mut self, id: AgentId) -> Result<Option<Agent>, StoreError> {
        self.agent_row(id)?.map(Agent::try_from).transpose()
    }

    fn insert(&mut self, agent: &Agent, password: &PasswordHash) -> Result<bool, StoreError> {
        self.assert_same_customer(agent.customer)?;
        let row = AgentRow::new(agent, password);
        self.insert_if_absent(|conn| diesel::insert_into(agents::table).values(row).execute(conn))
    }

    fn has_other_administrator(&mut self, id: AgentId) -> Result<bool, StoreError> {
        let found: Option<i64> = agents::table
            .filter(agents::customer_id.eq(self.customer()))
            .filter(agents::id.ne(bytes(id.0)))
            .filter(sql::<Bool>(ADMINISTERS))
            .select(agents::permission)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        Ok(found.is_some())
    }

    fn update(&mut self, agent: &Agent) -> Result<(), StoreError> {
        self.cache.invalidate_agent(agent.id);
        let known = agents::table
            .filter(agents::id.eq(bytes(agent.id.0)))
            .filter(agents::customer_id.eq(self.customer()));
        let rows = diesel::update(known)
            .set((
                agents::name.eq(&agent.name),
                agents::detail.eq(&agent.detail),
                agents::permission.eq(permission_code(agent.permission)),
                agents::status.eq(agent.status.as_str()),
                agents::token_generation.eq(i64::from(agent.token_generation)),
                agents::updated_at.eq(agent.updated.as_micros()),
                agents::deleted_at.eq(agent.deleted.map(Timestamp::as_micros)),
            ))
            .execute(self.changing())
            .map_err(fault)?;
        changed(rows)
    }

    fn replace(&mut self, agent: &Agent) -> Result<(), StoreError> {
        self.assert_same_customer(agent.customer)?;
        self.cache.invalidate_agent(agent.id);
        self.cache.mark_erased();
        let known = agents::table
            .filter(agents::id.eq(bytes(agent.id.0)))
            .filter(agents::customer_id.eq(self.customer()));
        // No password matches an empty hash.
        let row = AgentRow::new(agent, &PasswordHash(String::new()));
        let rows = diesel::update(known)
            .set(row)
            .execute(self.changing())
            .map_err(fault)?;
        changed(rows)
    }

    fn password(&mut self, id: AgentId) -> Result<Option<PasswordHash>, StoreError> {
        let row = self.agent_row(id)?.map(AgentRow::with_password);
        Ok(row.transpose()?.map(|(_, password)| password))
    }

    fn set_password(&mut self, id: AgentId, password: &PasswordHash) -> Result<(), StoreError> {
        let known = agents::table
            .filter(agents::id.eq(bytes(id.0)))
            .filter(agents::customer_id.eq(self.customer()));
        let rows = diesel::update(known)
            .set(agents::password_hash.eq(&password.0))
            .execute(self.changing())
            .map_err(fault)?;
        changed(rows)
    }
}

impl AgentQueries for Scope<'_> {
    fn get(&mut self, id: AgentId) -> Result<Option<Agent>, StoreError> {
        self.agent_row(id)?.map(Agent::try_from).transpose()
    }

    fn page(&mut self, request: PageRequest) -> Result<Page<Agent>, StoreError> {
        let query = agents::table
            .filter(talk_in_time())
            .filter(agents::customer_id.eq(self.customer()))
            .filter(agents::deleted_at.is_null())
            .select(AgentRow::as_select())
            .into_boxed::<MultiBackend>();
        let query = behind!(query, request, agents::created_at, agents::id);
        let rows = one_page!(query, request, agents::created_at, agents::id)
            .load(self.conn)
            .map_err(fault)?;
        Ok(Page::cut(all(rows)?, request.size, |agent: &Agent| {
            Cursor {
                at: agent.created,
                id: Some(agent.id.0),
            }
        }))
    }

    fn administrators(&mut self, limit: u32) -> Result<Vec<AgentId>, StoreError> {
        let found: Vec<Vec<u8>> = agents::table
            .filter(agents::customer_id.eq(self.customer()))
            .filter(sql::<Bool>(ADMINISTERS))
            .limit(i64::from(limit))
            .select(agents::id)
            .load(self.conn)
            .map_err(fault)?;
        found.iter().map(|found| id(found)).collect()
    }
}
