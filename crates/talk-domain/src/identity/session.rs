//! Sessions: the agent of a token or key, and the end of a session.

pub mod act;
pub mod authenticate;
pub mod logout;

use crate::identity::access_key::{AccessKey, KeyHash};
use crate::identity::agent::{Agent, PasswordHash};
use crate::identity::credentials::VerifiedToken;
use crate::identity::customer::Customer;
use crate::kernel::id::{AgentId, CustomerId, TokenId};
use crate::kernel::store_error::StoreError;
use crate::kernel::time::Timestamp;

/// The credential of a request. The unit of work that makes a change checks it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A token with a valid signature.
    Token(VerifiedToken),
    /// An access key, by its hash.
    Key(KeyHash),
}

/// Driven port: stores revocations and ended sessions.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait SessionRepository {
    /// Stores that a token is revoked. The row may be purged once the token is not accepted any
    /// more, some seconds after `expires`.
    ///
    /// # Errors
    /// Only when storage fails.
    fn revoke(&mut self, token: TokenId, expires: Timestamp) -> Result<(), StoreError>;
    /// Stores that a token or key of an agent, or the agent itself, has ended. Every node reads
    /// these ends and checks the connections of the agent again.
    ///
    /// # Errors
    /// Only when storage fails.
    fn end(&mut self, agent: AgentId, now: Timestamp) -> Result<(), StoreError>;
    /// Deletes up to `limit` revocations of tokens that are not accepted at `now` any more, and old
    /// session ends. Returns their number; 0 when none are left.
    ///
    /// # Errors
    /// Only when storage fails.
    fn purge(&mut self, now: Timestamp, limit: u32) -> Result<usize, StoreError>;
}

/// Driven port: the only lookups across customers. They find the customer and agent of a
/// credential.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait Directory {
    /// Finds an agent of any customer, deleted or not.
    ///
    /// # Errors
    /// Only when storage fails.
    fn agent(&mut self, id: AgentId) -> Result<Option<Agent>, StoreError>;
    /// Finds the agent with exactly this username, deleted or not, unless its customer is deleted.
    ///
    /// # Errors
    /// Only when storage fails.
    fn named(&mut self, username: &str) -> Result<Option<Agent>, StoreError>;
    /// The agent (not deleted) who logs in as `username`, with its password: the one of exactly this
    /// name, or else the one whose name has the same [key](crate::kernel::username_key::username_key).
    ///
    /// # Errors
    /// Only when storage fails.
    fn login(&mut self, username: &str) -> Result<Option<(Agent, PasswordHash)>, StoreError>;
    /// Returns up to `limit` agents (not deleted) whose username has the same key as another
    /// agent's. They are older than the rule that keys are unique, and log in only with the exact
    /// spelling.
    ///
    /// # Errors
    /// Only when storage fails.
    fn colliding_agents(&mut self, limit: u32) -> Result<Vec<Agent>, StoreError>;
    /// Finds the access key with this hash, deleted or not.
    ///
    /// # Errors
    /// Only when storage fails.
    fn key(&mut self, hash: &KeyHash) -> Result<Option<AccessKey>, StoreError>;
    /// Returns whether a token was revoked.
    ///
    /// # Errors
    /// Only when storage fails.
    fn is_revoked(&mut self, token: TokenId) -> Result<bool, StoreError>;
    /// Returns the position of the last [session end](SessionRepository::end) that is stored; 0 if
    /// there is none. Positions rise in the order in which ends are committed.
    ///
    /// # Errors
    /// Only when storage fails.
    fn last_end(&mut self) -> Result<u64, StoreError>;
    /// Returns up to `limit` session ends after this position, ascending, each with its position.
    ///
    /// # Errors
    /// Only when storage fails.
    fn ends_after(&mut self, position: u64, limit: u32) -> Result<Vec<(u64, AgentId)>, StoreError>;
    /// A customer.
    ///
    /// # Errors
    /// Only when storage fails.
    fn customer(&mut self, id: CustomerId) -> Result<Option<Customer>, StoreError>;
    /// All customers, oldest first.
    ///
    /// # Errors
    /// Only when storage fails.
    fn customers(&mut self) -> Result<Vec<Customer>, StoreError>;
    /// Returns whether the installation has any agent.
    ///
    /// # Errors
    /// Only when storage fails.
    fn has_agents(&mut self) -> Result<bool, StoreError>;
}
