//! The operator's commands about agents.

use std::io::BufRead as _;

use anyhow::anyhow;
use secrecy::ExposeSecret;
use talk_domain::identity::agent::create::CreateAgentError;
use talk_domain::identity::agent::password::{ChangePassword, change_password};
use talk_domain::identity::agent::show::list_agents;
use talk_domain::identity::agent::update::{UpdateAgent, update_agent};
use talk_domain::identity::agent::{Agent, AgentStatus, PasswordHash, check_password, create};
use talk_domain::identity::credentials::Passwords;
use talk_domain::kernel::id::CustomerId;
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;
use talk_identity::ArgonPasswords;
use talk_wire::resource;
use uuid::Uuid;

use super::{Operator, all};
use crate::cli::{CreateAgent, Password};
use crate::failure::Failure;
use crate::installation::{fresh, now, refused};

impl Operator {
    pub(super) async fn create_agent(&self, command: CreateAgent) -> Result<(), Failure> {
        let command = create::CreateAgent {
            id: command.id.map_or_else(fresh, Into::into),
            customer: command.customer.into(),
            username: command.username,
            name: command.name,
            detail: String::new(),
            permission: command.permission.into(),
            password: hash(&command.password).await?,
        };
        let customer = command.customer;
        let (now, limits) = (now(), self.limits);
        let unit = Unit::of(customer, "create_agent");
        let created = self.store.write(unit, move |uow| {
            if uow.directory().customer(customer)?.is_none() {
                return Ok(None);
            }
            create::create_agent(uow, None, &command, (now, &limits)).map(Some)
        });
        let created: Result<_, CreateAgentError> = created.await;
        let agent = created.map_err(refused)?;
        let agent = agent.ok_or_else(|| no_such("customer", &customer.to_string()))?;
        self.show(&agent)
    }

    pub(super) async fn list_agents(&self, customer: CustomerId) -> Result<(), Failure> {
        let unit = Unit::of(customer, "list_agents");
        let agents = self.store.read(unit, move |snapshot| {
            let is_known = snapshot.directory().customer(customer)?.is_some();
            let agents = all(|request| list_agents(snapshot, request))?;
            Ok::<_, StoreError>(is_known.then_some(agents))
        });
        let agents = agents.await.map_err(refused)?;
        let agents = agents.ok_or_else(|| no_such("customer", &customer.to_string()))?;
        let lines: Vec<_> = agents.iter().map(line).collect();
        let resources: Vec<_> = agents.iter().map(resource::Agent::from).collect();
        self.print(&lines.join("\n"), &resources)
    }

    /// Disables or enables an agent. Disables the last active admin of a customer only with
    /// `even_last_admin`.
    pub(super) async fn set_status(
        &self,
        agent: &str,
        status: AgentStatus,
        even_last_admin: bool,
    ) -> Result<(), Failure> {
        let agent = self.find_agent(agent).await?;
        let (now, limits) = (now(), self.limits);
        let command = UpdateAgent {
            agent: agent.id,
            name: None,
            detail: None,
            permission: None,
            status: Some(status),
            even_last_admin,
        };
        let unit = Unit::of(agent.customer, "set_agent_status");
        let updated = self.store.write(unit, move |uow| {
            update_agent(uow, None, &command, (now, &limits))
        });
        self.show(&updated.await.map_err(refused)?)
    }

    /// Clears the failed logins of an agent. A running server has them in memory and clears them
    /// when it reads a session end from the database; this writes one that revokes no token.
    pub(super) async fn unlock(&self, agent: &str) -> Result<(), Failure> {
        let agent = self.find_agent(agent).await?;
        let (id, now) = (agent.id, now());
        let unit = Unit::of(agent.customer, "unlock_agent");
        let unlocked = self
            .store
            .write(unit, move |uow| uow.sessions().end(id, now));
        let unlocked: Result<(), StoreError> = unlocked.await;
        unlocked.map_err(refused)?;
        self.show(&agent)
    }

    pub(super) async fn change_password(
        &self,
        agent: &str,
        password: &Password,
    ) -> Result<(), Failure> {
        let agent = self.find_agent(agent).await?;
        let now = now();
        let command = ChangePassword {
            agent: agent.id,
            verified: None,
            new: hash(password).await?,
            ends_keys: false,
        };
        let unit = Unit::of(agent.customer, "change_password");
        let changed = self
            .store
            .write(unit, move |uow| change_password(uow, &command, now));
        self.show(&changed.await.map_err(refused)?)
    }

    /// Finds an agent by id or username, if it is not deleted.
    pub(super) async fn find_agent(&self, wanted: &str) -> Result<Agent, Failure> {
        let found = self.find_any_agent(wanted).await?;
        if found.deleted.is_some() {
            return Err(no_such("agent", wanted));
        }
        Ok(found)
    }

    /// Finds an agent by id or username, deleted or not.
    pub(super) async fn find_any_agent(&self, wanted: &str) -> Result<Agent, Failure> {
        let name = wanted.to_owned();
        let unit = Unit::installation("find_agent");
        let found = self.store.read(unit, move |snapshot| {
            if let Ok(id) = Uuid::parse_str(&name)
                && let Some(agent) = snapshot.directory().agent(id.into())?
            {
                return Ok(Some(agent));
            }
            if let Some((agent, _)) = snapshot.directory().login(&name)? {
                return Ok(Some(agent));
            }
            snapshot.directory().named(&name)
        });
        let found = found.await.map_err(refused)?;
        found.ok_or_else(|| no_such("agent", wanted))
    }

    pub(super) fn show(&self, agent: &Agent) -> Result<(), Failure> {
        self.print(&line(agent), &resource::Agent::from(agent))
    }
}

fn line(agent: &Agent) -> String {
    let (id, username) = (agent.id, &agent.username);
    let (permission, status) = (agent.permission.code(), agent.status.as_str());
    format!("{id}\t{username}\t{permission}\t{status}\t{}", agent.name)
}

pub(super) fn no_such(what: &str, wanted: &str) -> Failure {
    anyhow!("there is no {what} {wanted}").into()
}

/// Hashes the password from the command line or from standard input.
async fn hash(password: &Password) -> Result<PasswordHash, Failure> {
    let password = match &password.password {
        Some(password) => password.expose_secret().to_owned(),
        None => first_line()?,
    };
    check_password("password", &password).map_err(refused)?;
    let passwords = ArgonPasswords::new().map_err(anyhow::Error::new)?;
    passwords.hash(password).await.map_err(refused)
}

fn first_line() -> Result<String, Failure> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
