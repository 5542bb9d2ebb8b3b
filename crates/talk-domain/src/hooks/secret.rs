//! The secrets that deliveries are signed with. At rest they are sealed.

use crate::kernel::error::refusals;
use crate::kernel::id::WebhookId;
use crate::kernel::time::Timestamp;

/// Seconds that a replaced secret still signs beside the new one: a day.
pub const OVERLAP_SECONDS: u32 = 86_400;

/// A sealed secret, which only the key of the installation opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

/// The secrets of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointSecrets {
    /// The secret.
    pub current: Sealed,
    /// The one before it, with the time from which on it no longer signs.
    pub previous: Option<(Sealed, Timestamp)>,
}

impl EndpointSecrets {
    /// The first secret of an endpoint.
    #[must_use]
    pub const fn first(current: Sealed) -> Self {
        Self {
            current,
            previous: None,
        }
    }

    /// Replaces the secret. The old one also signs for a day.
    #[must_use]
    pub fn rotated(self, new: Sealed, now: Timestamp) -> Self {
        Self {
            current: new,
            previous: Some((self.current, now.plus_seconds(OVERLAP_SECONDS))),
        }
    }

    /// The secrets that sign at `now`, the current one first.
    #[must_use]
    pub fn signing(&self, now: Timestamp) -> Vec<&Sealed> {
        let previous = self.previous.as_ref();
        let previous = previous.filter(|(_, until)| now < *until);
        let previous = previous.map(|(sealed, _)| sealed);
        std::iter::once(&self.current).chain(previous).collect()
    }
}

refusals! {
    /// Why a secret cannot be made or opened.
    pub enum SecretError {
        NoKey = FailedPrecondition "SECRETS_KEY_MISSING" "the server has no secrets_key, so it stores no secrets",
        Unreadable = Internal "INTERNAL" "a stored secret was sealed with another secrets_key",
        NoRandom = Internal "INTERNAL" "the system gives no random bytes",
    }
}

/// Driven port: makes and opens secrets.
pub trait Secrets: Send + Sync {
    /// Makes a secret of an endpoint, and returns its text and its sealed form.
    ///
    /// # Errors
    /// If there is no key, or the system gives no random bytes.
    fn create(&self, webhook: WebhookId) -> Result<(String, Sealed), SecretError>;

    /// Opens a sealed secret of an endpoint. MUST refuse one of another endpoint.
    ///
    /// # Errors
    /// If there is no key, or none that has sealed it.
    fn open(&self, webhook: WebhookId, sealed: &Sealed) -> Result<String, SecretError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    fn sealed(n: u8) -> Sealed {
        Sealed(vec![n])
    }

    /// HOOK-04: both secrets sign for 24 hours.
    #[test]
    fn a_replaced_secret_signs_for_a_day_beside_the_new_one() {
        let secrets = EndpointSecrets::first(sealed(1)).rotated(sealed(2), at(0));
        let end = i64::from(OVERLAP_SECONDS) * 1_000_000;
        assert_eq!(secrets.signing(at(end - 1)), [&sealed(2), &sealed(1)]);
        assert_eq!(secrets.signing(at(end)), [&sealed(2)]);
        let again = secrets.rotated(sealed(3), at(1));
        assert_eq!(again.signing(at(2)), [&sealed(3), &sealed(2)]);
    }
}
