//! Access keys: long-lived secrets that act as their agent. Only a hash is stored.

pub mod create;
pub mod delete;
pub mod list;

use crate::kernel::id::{AccessKeyId, AgentId, CustomerId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::store::StoreError;
use crate::kernel::time::Timestamp;

/// SHA-256 of the whole key.
pub type KeyHash = [u8; 32];

/// An access key without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessKey {
    /// Identity.
    pub id: AccessKeyId,
    /// Its customer.
    pub customer: CustomerId,
    /// Whom it acts as.
    pub agent: AgentId,
    /// What people call it.
    pub name: String,
    /// Free text.
    pub detail: String,
    /// What a presented key is compared with.
    pub hash: KeyHash,
    /// The first characters of the key, to tell keys apart.
    pub prefix: String,
    /// Whether an older version derived it from the signing secret and its id, so that whoever has
    /// the secret can compute it. New keys are random.
    pub is_derived: bool,
    /// When it stops working, if ever.
    pub expires: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
    /// When it was deleted.
    pub deleted: Option<Timestamp>,
}

impl AccessKey {
    /// Whether it still opens the door at `now`.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.deleted.is_none() && self.expires.is_none_or(|expires| now < expires)
    }
}

/// Driven port: access keys of the unit's customer.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait AccessKeyRepository {
    /// The key, deleted or not.
    ///
    /// # Errors
    /// Only when storage fails.
    fn get(&mut self, id: AccessKeyId) -> Result<Option<AccessKey>, StoreError>;
    /// Stores a new key.
    ///
    /// # Errors
    /// Only when storage fails.
    fn insert(&mut self, key: &AccessKey) -> Result<(), StoreError>;
    /// Stores `updated` and `deleted` of a known key.
    ///
    /// # Errors
    /// Only when storage fails.
    fn update(&mut self, key: &AccessKey) -> Result<(), StoreError>;
    /// Deletes every key of the agent that is not deleted.
    ///
    /// # Errors
    /// Only when storage fails.
    fn end_all(&mut self, agent: AgentId, at: Timestamp) -> Result<(), StoreError>;
    /// Removes up to `limit` keys of the agent with their names, deleted or not. Returns whether
    /// there may be more.
    ///
    /// # Errors
    /// Only when storage fails.
    fn remove_some(&mut self, agent: AgentId, limit: u32) -> Result<bool, StoreError>;
}

/// Driven port: reading access keys.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait AccessKeyQueries {
    /// The agent's keys that are not deleted, by `(created, id)`.
    ///
    /// # Errors
    /// Only when storage fails.
    fn page(&mut self, agent: AgentId, request: PageRequest)
    -> Result<Page<AccessKey>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{a_key, at};

    /// a key opens until the very instant it ends.
    #[test]
    fn a_key_is_valid_until_it_ends_or_is_deleted() {
        let ends = AccessKey {
            expires: Some(at(10)),
            ..a_key()
        };
        let deleted = AccessKey {
            deleted: Some(at(1)),
            ..a_key()
        };
        for (key, now, is_valid) in [
            (a_key(), at(i64::from(u32::MAX)), true),
            (ends.clone(), at(9), true),
            (ends, at(10), false),
            (deleted, at(0), false),
        ] {
            assert_eq!(key.is_valid(now), is_valid, "{key:?}");
        }
    }
}
