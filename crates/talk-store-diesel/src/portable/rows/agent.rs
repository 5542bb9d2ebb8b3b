//! The row of an agent.

use diesel::prelude::*;
use talk_domain::identity::agent::{Agent, AgentStatus, PasswordHash};
use talk_domain::kernel::context::Permission;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;
use talk_domain::kernel::username_key::username_key;

use crate::error::corrupt;
use crate::portable::rows::{at, bytes, id, number, optional_at};
use crate::portable::schema::agents;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = agents, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct AgentRow {
    id: Vec<u8>,
    customer_id: Vec<u8>,
    username: String,
    password_hash: String,
    name: String,
    detail: String,
    permission: i64,
    status: String,
    token_generation: i64,
    created_at: i64,
    updated_at: i64,
    deleted_at: Option<i64>,
    username_key: Option<String>,
}

impl AgentRow {
    /// Returns the row of a new agent.
    pub(crate) fn new(agent: &Agent, password: &PasswordHash) -> Self {
        Self {
            id: bytes(agent.id.0),
            customer_id: bytes(agent.customer.0),
            username: agent.username.clone(),
            password_hash: password.0.clone(),
            name: agent.name.clone(),
            detail: agent.detail.clone(),
            permission: permission_code(agent.permission),
            status: agent.status.as_str().to_owned(),
            token_generation: i64::from(agent.token_generation),
            created_at: agent.created.as_micros(),
            updated_at: agent.updated.as_micros(),
            deleted_at: agent.deleted.map(Timestamp::as_micros),
            username_key: Some(username_key(&agent.username)),
        }
    }

    /// Returns the agent with its password hash.
    pub(crate) fn with_password(mut self) -> Result<(Agent, PasswordHash), StoreError> {
        let password = PasswordHash(std::mem::take(&mut self.password_hash));
        Ok((self.try_into()?, password))
    }
}

/// Returns the stored code of a permission. A code that did not fit would be unreadable, and so
/// permit nothing.
pub(crate) fn permission_code(permission: Permission) -> i64 {
    i64::try_from(permission.code()).unwrap_or(i64::MAX)
}

impl TryFrom<AgentRow> for Agent {
    type Error = StoreError;

    fn try_from(row: AgentRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: id(&row.id)?,
            customer: id(&row.customer_id)?,
            username: row.username,
            name: row.name,
            detail: row.detail,
            permission: Permission::from_code(number(row.permission)?).map_err(corrupt)?,
            status: AgentStatus::parse(&row.status).map_err(corrupt)?,
            token_generation: number(row.token_generation)?,
            created: at(row.created_at)?,
            updated: at(row.updated_at)?,
            deleted: optional_at(row.deleted_at)?,
        })
    }
}
