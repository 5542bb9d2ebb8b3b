//! The operator's commands about access keys.

use anyhow::anyhow;
use talk_domain::identity::access_key::create::{CreateAccessKey, create_access_key};
use talk_domain::identity::access_key::delete::{DeleteAccessKeyError, delete_access_key};
use talk_domain::identity::access_key::list::list_access_keys;
use talk_domain::identity::agent::Agent;
use talk_domain::identity::agent::show::list_agents;
use talk_domain::identity::credentials::Tokens as _;
use talk_domain::kernel::id::AccessKeyId;
use talk_domain::kernel::store::Unit;
use talk_identity::SignedTokens;
use talk_wire::resource;

use super::{Operator, all};
use crate::failure::Failure;
use crate::installation::{fresh, now, refused, secret};

/// Length of the prefix of a key that is stored and shown.
const SHOWN: usize = 11;

impl Operator {
    pub(super) async fn create_access_key(
        &self,
        agent: &str,
        name: String,
        expire: Option<u32>,
    ) -> Result<(), Failure> {
        let agent = self.find_agent(agent).await?;
        let id: AccessKeyId = fresh();
        // Keys are random, so any secret will do here.
        let tokens = SignedTokens::new(&secret(), 1, None).map_err(anyhow::Error::new)?;
        let token = tokens.new_key().map_err(refused)?;
        let hash = tokens.key_hash(&token);
        let command = CreateAccessKey {
            id,
            customer: agent.customer,
            agent: agent.id,
            name,
            detail: String::new(),
            lifetime: expire,
            ends_by: None,
            hash: hash.ok_or_else(|| anyhow!("the new key has no hash"))?,
            prefix: token.chars().take(SHOWN).collect(),
        };
        let (now, limits) = (now(), self.limits);
        let unit = Unit::of(agent.customer, "create_access_key");
        let created = self.store.write(unit, move |uow| {
            create_access_key(uow, &command, (now, &limits))
        });
        let key = created.await.map_err(refused)?;
        let line = format!("{}\t{token}", key.id);
        let mut resource = resource::AccessKey::from(&key);
        resource.token = Some(token);
        self.print(&line, &resource)
    }

    /// Lists the access keys of an agent, or of all agents.
    pub(super) async fn list_access_keys(&self, agent: Option<&str>) -> Result<(), Failure> {
        let agents = match agent {
            Some(wanted) => vec![self.find_agent(wanted).await?],
            None => self.all_agents().await?,
        };
        let (mut lines, mut resources) = (Vec::new(), Vec::new());
        for agent in agents {
            let unit = Unit::of(agent.customer, "list_access_keys");
            let keys = self.store.read(unit, move |snapshot| {
                all(|request| list_access_keys(snapshot, agent.id, request))
            });
            for key in keys.await.map_err(refused)? {
                let kind = if key.is_derived { "derived" } else { "random" };
                let resource = resource::AccessKey::from(&key);
                let (id, prefix, end) = (key.id, &key.prefix, &resource.tm_expire);
                let (username, name) = (&agent.username, &key.name);
                lines.push(format!("{id}\t{username}\t{prefix}\t{kind}\t{end}\t{name}"));
                resources.push(resource);
            }
        }
        self.print(&lines.join("\n"), &resources)
    }

    async fn all_agents(&self) -> Result<Vec<Agent>, Failure> {
        let unit = Unit::installation("list_customers");
        let customers = self
            .store
            .read(unit, |snapshot| snapshot.directory().customers());
        let mut agents = Vec::new();
        for customer in customers.await.map_err(refused)? {
            let unit = Unit::of(customer.id, "list_agents");
            let found = self.store.read(unit, |snapshot| {
                all(|request| list_agents(snapshot, request))
            });
            agents.extend(found.await.map_err(refused)?);
        }
        Ok(agents)
    }

    pub(super) async fn revoke_access_key(&self, id: AccessKeyId) -> Result<(), Failure> {
        let unit = Unit::installation("revoke_access_key");
        let customers = self
            .store
            .read(unit, |snapshot| snapshot.directory().customers());
        let now = now();
        for customer in customers.await.map_err(refused)? {
            let unit = Unit::of(customer.id, "delete_access_key");
            let deleted = self
                .store
                .write(unit, move |uow| delete_access_key(uow, None, id, now));
            match deleted.await {
                Err(DeleteAccessKeyError::NoSuchKey) => {}
                Err(error) => return Err(refused(error)),
                Ok(key) => {
                    let line = format!("{}\trevoked", key.id);
                    return self.print(&line, &resource::AccessKey::from(&key));
                }
            }
        }
        Err(anyhow!("there is no access key {id}").into())
    }
}
