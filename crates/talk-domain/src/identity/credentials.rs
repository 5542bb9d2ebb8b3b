//! Edge ports of identity: passwords, tokens and keys. Use cases never reach them: hashing is slow
//! and signing needs secrets, so both happen before or after a unit of work.

use crate::identity::access_key::KeyHash;
use crate::identity::agent::{Agent, PasswordHash};
use crate::identity::session::TokenClaims;
use crate::kernel::error::refusals;
use crate::kernel::id::{AgentId, CustomerId, TokenId};
use crate::kernel::store::BoxFuture;
use crate::kernel::time::Timestamp;

refusals! {
    /// Why a presented token is worth nothing.
    pub enum TokenError {
        Invalid = Unauthenticated "TOKEN_INVALID" "the token is not valid",
        Expired = Unauthenticated "TOKEN_EXPIRED" "the token has expired",
        NoRandomness = Internal "INTERNAL" "the system gives no random bytes",
    }
}

refusals! {
    /// Why a password could not be hashed or verified.
    pub enum PasswordError {
        Busy = Unavailable "BUSY" "too many passwords wait to be processed",
        Failed = Internal "INTERNAL" "the password could not be processed",
    }
}

/// A token whose signature and times are right; whether it was revoked only the store knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifiedToken {
    /// Issued here.
    Local(TokenClaims),
    /// Issued by the trusted issuer.
    External {
        /// The agent it names.
        agent: AgentId,
        /// The customer it names.
        customer: CustomerId,
        /// Identity of the token, to revoke it by.
        token: TokenId,
        /// When it ends by itself.
        expires: Timestamp,
    },
}

/// How long after its end a token is still accepted, in seconds: clocks differ.
pub const TOKEN_LEEWAY_SECONDS: u32 = 5;

impl VerifiedToken {
    /// The agent that it names.
    #[must_use]
    pub const fn agent(&self) -> AgentId {
        match self {
            Self::Local(claims) => claims.agent,
            Self::External { agent, .. } => *agent,
        }
    }

    /// The identity that it is revoked by.
    #[must_use]
    pub const fn id(&self) -> TokenId {
        match self {
            Self::Local(claims) => claims.token,
            Self::External { token, .. } => *token,
        }
    }

    /// When it ends by itself.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        match self {
            Self::Local(claims) => claims.expires,
            Self::External { expires, .. } => *expires,
        }
    }
}

/// Whether a password is the stored one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordMatch {
    /// It is another.
    Wrong,
    /// It is.
    Right,
    /// It is, but the stored hash is not that of its [normal form](crate::identity::agent::normal_password):
    /// hash it again.
    RightBeforeNormalization,
}

impl PasswordMatch {
    /// Whether it is the stored one.
    #[must_use]
    pub const fn is_right(self) -> bool {
        !matches!(self, Self::Wrong)
    }
}

/// Driven port: password hashing. Implementations MUST run off the request threads and bound how
/// many run at once, and how many wait.
pub trait Passwords: Send + Sync {
    /// Hashes a new password.
    fn hash(&self, password: String) -> BoxFuture<'_, Result<PasswordHash, PasswordError>>;

    /// Compares `password` with the one behind `stored`. Without a stored one the answer is `Wrong`
    /// and MUST cost the same, so that nobody learns which usernames exist.
    fn verify(
        &self,
        password: String,
        stored: Option<PasswordHash>,
    ) -> BoxFuture<'_, Result<PasswordMatch, PasswordError>>;
}

/// Driven port: login tokens and access keys.
pub trait Tokens: Send + Sync {
    /// A new login token of `agent`, and what it says.
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

    /// A secret to mix into the fingerprints of requests, always the same for one signing secret.
    fn fingerprint_secret(&self) -> String;

    /// What to look an access key up by; `None` if `presented` cannot be one.
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

    /// Case 58: a password whose stored hash is of an older form is still right.
    #[test]
    fn only_a_wrong_password_is_not_right() {
        assert!(PasswordMatch::Right.is_right());
        assert!(PasswordMatch::RightBeforeNormalization.is_right());
        assert!(!PasswordMatch::Wrong.is_right());
    }
}
