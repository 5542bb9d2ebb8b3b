//! Secrets of customers. At rest they are sealed.

use crate::kernel::error::refusals;

/// A sealed secret, which only the key of the installation opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

refusals! {
    /// The reasons why a secret cannot be created or opened.
    pub enum SecretError {
        NoKey = FailedPrecondition "SECRETS_KEY_MISSING" "the server has no secrets_key, so it stores no secrets",
        Unreadable = Internal "INTERNAL" "a stored secret was sealed with another secrets_key",
        NoRandom = Internal "INTERNAL" "the system gives no random bytes",
    }
}

/// Driven port: creates, seals and opens secrets. `owner` identifies the object that has the
/// secret, as bytes. A sealed secret that was copied to another object cannot be opened there.
pub trait Secrets: Send + Sync {
    /// Creates a random secret, and returns its text and its sealed form.
    ///
    /// # Errors
    /// If there is no key, or the system gives no random bytes.
    fn create(&self, owner: &[u8]) -> Result<(String, Sealed), SecretError>;

    /// Seals a text.
    ///
    /// # Errors
    /// If there is no key, or the system gives no random bytes.
    fn seal(&self, owner: &[u8], text: &str) -> Result<Sealed, SecretError>;

    /// Opens a sealed secret. MUST fail if it was sealed for another owner.
    ///
    /// # Errors
    /// If there is no key, or the secret was sealed with another key or for another owner.
    fn open(&self, owner: &[u8], sealed: &Sealed) -> Result<String, SecretError>;
}
