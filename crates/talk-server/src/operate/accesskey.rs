//! The operator's commands about access keys.

use anyhow::anyhow;
use talk_domain::access_key::create::{CreateAccessKey, create_access_key};
use talk_domain::access_key::delete::{DeleteAccessKeyError, delete_access_key};
use talk_domain::id::AccessKeyId;
use talk_domain::identity::Tokens as _;
use talk_domain::store::Unit;
use talk_identity::SignedTokens;
use talk_wire::resource;

use super::Operator;
use crate::failure::Failure;
use crate::installation::{fresh, now, refused, secret};

/// Characters of a key that are kept to tell keys apart.
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
        // Only the hash of a key is ever compared, so the server's own secret is not needed.
        let tokens = SignedTokens::new(&secret(), 1, None).map_err(anyhow::Error::new)?;
        let token = tokens.key_secret(id);
        let hash = tokens.key_hash(&token);
        let command = CreateAccessKey {
            id,
            customer: agent.customer,
            agent: agent.id,
            name,
            detail: String::new(),
            life: expire,
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
