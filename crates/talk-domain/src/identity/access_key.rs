//! Access keys: long-lived secrets that act as their agent. Only a hash is stored.

pub mod create;
pub mod delete;
pub mod list;

use crate::kernel::id::{AccessKeyId, AgentId, CustomerId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::store_error::StoreError;
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
    /// The agent it acts as.
    pub agent: AgentId,
    /// Display name.
    pub name: String,
    /// Free text.
    pub detail: String,
    /// SHA-256 of the key, by which it is found.
    pub hash: KeyHash,
    /// The first characters of the key, shown so that people can recognise it.
    pub prefix: String,
    /// Whether an older version derived it from the signing secret and its id, so that it can be
    /// computed from them. New keys are random.
    pub is_derived: bool,
    /// Time of expiry; `None` never.
    pub expires: Option<Timestamp>,
    /// Time of creation.
    pub created: Timestamp,
    /// Time of the last change.
    pub updated: Timestamp,
    /// Time of deletion; `None` if it is not deleted.
    pub deleted: Option<Timestamp>,
}

impl AccessKey {
    /// Returns whether the key is accepted at `now`: neither expired nor deleted.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.deleted.is_none() && self.expires.is_none_or(|expires| now < expires)
    }
}

/// Driven port: stores access keys of the unit's customer.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait AccessKeyRepository {
    /// Finds a key, deleted or not.
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
    /// Lists the agent's keys that are not deleted, ordered by `(created, id)`.
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

    /// a key is accepted until the instant it ends, exclusively.
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
