//! Sessions: who a token or key stands for, and how a session ends.

pub mod act;
pub mod authenticate;
pub mod logout;

use crate::identity::access_key::{AccessKey, KeyHash};
use crate::identity::agent::{Agent, PasswordHash};
use crate::identity::credentials::VerifiedToken;
use crate::identity::customer::Customer;
use crate::kernel::id::{AgentId, CustomerId, TokenId};
use crate::kernel::store::StoreError;
use crate::kernel::time::Timestamp;

/// What a verified token of this installation says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenClaims {
    /// Whom it was issued to.
    pub agent: AgentId,
    /// Identity of the token.
    pub token: TokenId,
    /// The agent's token generation when it was issued.
    pub generation: u32,
    /// When it ends by itself.
    pub expires: Timestamp,
}

/// What a request was authenticated with. The unit of work that makes a change checks it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A token with a right signature.
    Token(VerifiedToken),
    /// An access key, by its hash.
    Key(KeyHash),
}

/// Driven port: ended sessions.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait SessionRepository {
    /// Marks a token as revoked; it may be forgotten once nothing accepts it any more, some seconds
    /// after `expires`.
    ///
    /// # Errors
    /// Only when storage fails.
    fn revoke(&mut self, token: TokenId, expires: Timestamp) -> Result<(), StoreError>;
    /// Notes that a token or key of an agent, or the agent itself, has ended, so that every node
    /// looks again at the connections of the agent.
    ///
    /// # Errors
    /// Only when storage fails.
    fn end(&mut self, agent: AgentId, now: Timestamp) -> Result<(), StoreError>;
    /// Forgets up to `limit` revocations of tokens that nothing accepts at `now`, and ends of long
    /// before. Returns how many; 0 when nothing is left.
    ///
    /// # Errors
    /// Only when storage fails.
    fn purge(&mut self, now: Timestamp, limit: u32) -> Result<usize, StoreError>;
}

/// Driven port: the only lookups that cross customers; they find out which customer is asking.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait Directory {
    /// The agent, whatever its customer, deleted or not.
    ///
    /// # Errors
    /// Only when storage fails.
    fn agent(&mut self, id: AgentId) -> Result<Option<Agent>, StoreError>;
    /// The agent with exactly this username, deleted or not, unless its customer is deleted.
    ///
    /// # Errors
    /// Only when storage fails.
    fn named(&mut self, username: &str) -> Result<Option<Agent>, StoreError>;
    /// The agent (not deleted) who logs in as `username`, with its password: the one of exactly this
    /// name, or else the one whose name has the same [key](crate::identity::agent::username_key).
    ///
    /// # Errors
    /// Only when storage fails.
    fn login(&mut self, username: &str) -> Result<Option<(Agent, PasswordHash)>, StoreError>;
    /// Up to `limit` agents (not deleted) whose name has the key of another agent's. They are older
    /// than the rule that keys are unique, and log in with exactly their name only.
    ///
    /// # Errors
    /// Only when storage fails.
    fn colliding_agents(&mut self, limit: u32) -> Result<Vec<Agent>, StoreError>;
    /// The key with this hash, deleted or not.
    ///
    /// # Errors
    /// Only when storage fails.
    fn key(&mut self, hash: &KeyHash) -> Result<Option<AccessKey>, StoreError>;
    /// Whether a token was revoked.
    ///
    /// # Errors
    /// Only when storage fails.
    fn is_revoked(&mut self, token: TokenId) -> Result<bool, StoreError>;
    /// The number of the last [end](SessionRepository::end).
    ///
    /// # Errors
    /// Only when storage fails.
    fn last_end(&mut self) -> Result<u64, StoreError>;
    /// Up to `limit` ends after the one with this number, ascending.
    ///
    /// # Errors
    /// Only when storage fails.
    fn ends_after(&mut self, number: u64, limit: u32) -> Result<Vec<(u64, AgentId)>, StoreError>;
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
    /// Whether the installation has any agent.
    ///
    /// # Errors
    /// Only when storage fails.
    fn has_agents(&mut self) -> Result<bool, StoreError>;
}
