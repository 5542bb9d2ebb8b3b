//! Ports of identity at the edge: passwords, tokens and keys. Use cases never call them: hashing is
//! slow and signing needs secrets, so both happen before or after a unit of work.

use crate::identity::access_key::KeyHash;
use crate::identity::agent::{Agent, PasswordHash};
use crate::kernel::error::refusals;
use crate::kernel::future::BoxFuture;
use crate::kernel::id::{AgentId, CustomerId, TokenId};
use crate::kernel::time::Timestamp;

refusals! {
    /// Reasons why a token is refused.
    pub enum TokenError {
        Invalid = Unauthenticated "TOKEN_INVALID" "the token is not valid",
        Expired = Unauthenticated "TOKEN_EXPIRED" "the token has expired",
        NoRandomness = Internal "INTERNAL" "the system gives no random bytes",
    }
}

refusals! {
    /// Reasons why a password could not be hashed or verified.
    pub enum PasswordError {
        Busy = Unavailable "BUSY" "too many passwords wait to be processed",
        Failed = Internal "INTERNAL" "the password could not be processed",
    }
}

/// Claims of a verified token of this installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenClaims {
    /// The agent it was issued to.
    pub agent: AgentId,
    /// Id of the token.
    pub token: TokenId,
    /// The agent's token generation when it was issued.
    pub generation: u32,
    /// Time of expiry.
    pub expires: Timestamp,
}

/// A token with a valid signature and valid times. Whether it was revoked must be looked up in the
/// store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifiedToken {
    /// Issued by this installation.
    Local(TokenClaims),
    /// Issued by the trusted issuer.
    External {
        /// The agent it names.
        agent: AgentId,
        /// The customer it names.
        customer: CustomerId,
        /// The id by which it is revoked.
        token: TokenId,
        /// Time of expiry.
        expires: Timestamp,
    },
}

/// Seconds that a token is still accepted after its expiry, since clocks differ.
pub const TOKEN_LEEWAY_SECONDS: u32 = 5;

impl VerifiedToken {
    /// Returns the agent it was issued to.
    #[must_use]
    pub const fn agent(&self) -> AgentId {
        match self {
            Self::Local(claims) => claims.agent,
            Self::External { agent, .. } => *agent,
        }
    }

    /// Returns the id by which it is revoked.
    #[must_use]
    pub const fn id(&self) -> TokenId {
        match self {
            Self::Local(claims) => claims.token,
            Self::External { token, .. } => *token,
        }
    }

    /// Time of expiry.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        match self {
            Self::Local(claims) => claims.expires,
            Self::External { expires, .. } => *expires,
        }
    }
}

/// The result of comparing a password with the stored hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordMatch {
    /// Another password.
    Wrong,
    /// The same password.
    Right,
    /// The same password, but the stored hash is not of its [normal
    /// form](crate::identity::agent::normal_password) and must be renewed.
    RightBeforeNormalization,
}

impl PasswordMatch {
    /// Returns whether the passwords are the same.
    #[must_use]
    pub const fn is_right(self) -> bool {
        !matches!(self, Self::Wrong)
    }
}

/// Driven port: password hashing. Implementations MUST run outside the threads that serve requests,
/// and MUST bound how many hashes run and how many wait.
pub trait Passwords: Send + Sync {
    /// Hashes a new password.
    fn hash(&self, password: String) -> BoxFuture<'_, Result<PasswordHash, PasswordError>>;

    /// Compares `password` with a stored hash. MUST return `Wrong` at the same cost if `stored` is
    /// `None`, so that its duration does not reveal which usernames exist.
    fn verify(
        &self,
        password: String,
        stored: Option<PasswordHash>,
    ) -> BoxFuture<'_, Result<PasswordMatch, PasswordError>>;
}

/// Driven port: login tokens and access keys.
pub trait Tokens: Send + Sync {
    /// Issues a login token of `agent`, and returns it with its claims.
    ///
    /// # Errors
    /// If signing fails.
    fn issue(
        &self,
        agent: &Agent,
        token: TokenId,
        now: Timestamp,
    ) -> Result<(String, TokenClaims), TokenError>;

    /// Checks signature and times of a token. MUST accept no algorithm but the pinned one.
    ///
    /// # Errors
    /// See [`TokenError`].
    fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedToken, TokenError>;

    /// A new access key, `vb_…`, of 256 random bits.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    fn new_key(&self) -> Result<String, TokenError>;

    /// Returns a secret for the fingerprints of requests, which depends on the signing secret
    /// alone.
    fn fingerprint_secret(&self) -> String;

    /// Returns the hash to look an access key up by; `None` if `presented` cannot be one.
    fn key_hash(&self, presented: &str) -> Option<KeyHash>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{agent_id, at, customer_id};
    use uuid::Uuid;

    /// AUTH-15: tokens of this server and of an external issuer are revoked and end alike.
    #[test]
    fn a_token_says_whose_it_is_what_it_is_revoked_by_and_when_it_ends() {
        let token = TokenId(Uuid::from_u128(7));
        let local = VerifiedToken::Local(TokenClaims {
            agent: agent_id(2),
            token,
            generation: 3,
            expires: at(99),
        });
        let external = VerifiedToken::External {
            agent: agent_id(2),
            customer: customer_id(),
            token,
            expires: at(99),
        };
        for verified in [local, external] {
            let said = (verified.agent(), verified.id(), verified.expires());
            assert_eq!(said, (agent_id(2), token, at(99)));
        }
    }

    /// Case 58: a password is also right if its stored hash is of the older form.
    #[test]
    fn only_a_wrong_password_is_not_right() {
        assert!(PasswordMatch::Right.is_right());
        assert!(PasswordMatch::RightBeforeNormalization.is_right());
        assert!(!PasswordMatch::Wrong.is_right());
    }
}
