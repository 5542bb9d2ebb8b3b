//! The identity adapters of Talk: passwords (argon2id), login tokens signed with the installation's
//! secret, random access keys, and tokens of one trusted issuer.
//!
//! [`ArgonPasswords`] implements [`Passwords`](talk_domain::identity::credentials::Passwords), [`SignedTokens`]
//! implements [`Tokens`](talk_domain::identity::credentials::Tokens). Neither reads a clock: the caller passes
//! the current time.

mod claims;
mod issuer;
mod key;
mod password;
mod signature;
mod token;

pub use issuer::{Issuer, IssuerKey, IssuerOptions};
pub use password::ArgonPasswords;
pub use signature::PinnedAlgorithm;
pub use token::SignedTokens;

/// The shortest signing secret in bytes (RUN-04): the length of the digest.
pub const MIN_SECRET_BYTES: usize = 32;

/// Reasons why an adapter cannot be built from its settings.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The signing secret has fewer than [`MIN_SECRET_BYTES`] bytes.
    #[error("the signing secret has {0} bytes and needs at least {MIN_SECRET_BYTES}")]
    SecretTooShort(usize),
    /// The issuer has the same secret as this server and could sign this server's tokens.
    #[error("the issuer's secret must not be the signing secret of this installation")]
    SharedSecret,
    /// The issuer's key does not fit the pinned algorithm.
    #[error("the issuer's key is no {algorithm} key: {reason}")]
    Key {
        /// The pinned algorithm.
        algorithm: PinnedAlgorithm,
        /// The reason in words.
        reason: String,
    },
    /// A claim path is empty.
    #[error("{0} must name a claim")]
    ClaimPath(&'static str),
    /// The random source of the operating system fails.
    #[error("the system gives no random bytes")]
    Random,
}
