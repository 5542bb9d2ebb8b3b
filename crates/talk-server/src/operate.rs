//! Commands of the operator, which work with and without a running server.

mod accesskey;
mod agent;
mod backup;
mod consumer;
mod customer;
mod doctor;
mod erasure;
mod vacuum;
mod webhook;

use std::sync::Arc;

use serde::Serialize;
use talk_domain::identity::agent::AgentStatus;
use talk_domain::kernel::limits::Limits;
use talk_domain::kernel::page::{Order, Page, PageRequest};
use talk_domain::kernel::store::Store;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::unit::Talk;
use talk_store_diesel::DatabaseLock;

pub(crate) use backup::{backup, restore};
pub(crate) use doctor::{Looked, doctor};
pub(crate) use vacuum::vacuum;

use crate::cli::{AccessKeyCommand, AgentCommand, CustomerCommand};
use crate::failure::Failure;
use crate::output::print;
use erasure::Confirmation;

/// Runs commands on an open database, across all customers.
pub(crate) struct Operator {
    /// The database.
    pub(crate) store: Arc<dyn Store<Talk>>,
    /// The installation's limits on fields.
    pub(crate) limits: Limits,
    /// Whether to print JSON.
    pub(crate) json: bool,
    /// Prevents a restore or vacuum from replacing the file. Declared after `store`, since fields
    /// are dropped in order.
    pub(crate) lock: DatabaseLock,
}

impl Operator {
    /// Returns whether a server runs on the database; it then runs the cleanups.
    pub(crate) fn is_served(&self) -> Result<bool, Failure> {
        Ok(self.lock.is_served().map_err(anyhow::Error::new)?)
    }

    /// Runs a command about customers.
    pub(crate) async fn customer(&self, command: CustomerCommand) -> Result<(), Failure> {
        match command {
            CustomerCommand::Create { name, id } => self.create_customer(&name, id).await,
            CustomerCommand::Delete { id, yes } => {
                let confirmation = Confirmation { is_given: yes };
                self.delete_customer(id.into(), confirmation).await
            }
            CustomerCommand::List => self.list_customers().await,
        }
    }

    /// Runs a command about agents.
    pub(crate) async fn agent(&self, command: AgentCommand) -> Result<(), Failure> {
        match command {
            AgentCommand::Create(command) => self.create_agent(command).await,
            AgentCommand::List { customer } => self.list_agents(customer.into()).await,
            AgentCommand::Disable { agent, force } => {
                self.set_status(&agent, AgentStatus::Disabled, force).await
            }
            AgentCommand::Enable { agent } => {
                self.set_status(&agent, AgentStatus::Active, false).await
            }
            AgentCommand::Erase { agent, yes, force } => {
                let confirmation = Confirmation { is_given: yes };
                self.erase_agent(&agent, confirmation, force).await
            }
            AgentCommand::Unlock { agent } => self.unlock(&agent).await,
            AgentCommand::Password { agent, password } => {
                self.change_password(&agent, &password).await
            }
        }
    }

    /// Runs a command about access keys.
    pub(crate) async fn access_key(&self, command: AccessKeyCommand) -> Result<(), Failure> {
        match command {
            AccessKeyCommand::Create {
                agent,
                name,
                expire,
            } => self.create_access_key(&agent, name, expire).await,
            AccessKeyCommand::List { agent } => self.list_access_keys(agent.as_deref()).await,
            AccessKeyCommand::Revoke { id } => self.revoke_access_key(id.into()).await,
        }
    }

    /// Prints `line`, or `resource` as JSON.
    fn print(&self, line: &str, resource: &impl Serialize) -> Result<(), Failure> {
        if self.json {
            let json = serde_json::to_string(resource).map_err(anyhow::Error::new)?;
            print(&format!("{json}\n"))?;
        } else if !line.is_empty() {
            print(&format!("{line}\n"))?;
        }
        Ok(())
    }
}

/// Reads all pages, oldest rows first.
pub(crate) fn all<T>(
    mut page: impl FnMut(PageRequest) -> Result<Page<T>, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut request = PageRequest {
        size: 100,
        after: None,
        order: Order::Ascending,
    };
    let mut rows = Vec::new();
    loop {
        let page = page(request)?;
        rows.extend(page.rows);
        if page.next.is_none() {
            return Ok(rows);
        }
        request.after = page.next;
    }
}
