//! Driven port: the providers of messages.

use talk_domain::kernel::future::BoxFuture;
use talk_domain::kernel::time::Timestamp;

use crate::model::account::Account;

/// A request that claims to come from the provider of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookRequest {
    /// The whole address, as the provider has it.
    pub url: String,
    /// The headers, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
    /// Time of arrival.
    pub now: Timestamp,
}

impl HookRequest {
    /// Returns the value of a header; `""` if there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }
}

/// A request that comes from the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentic {
    /// Its identity at the provider, unique in the account.
    pub event: String,
    /// The bytes to be stored.
    pub body: Vec<u8>,
}

/// The answer of a provider to the question whether an account works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Whether it works.
    pub is_ok: bool,
    /// Why it does not, or what the provider says.
    pub detail: String,
}

/// Driven port: the providers of messages.
pub trait Gateway: Send + Sync {
    /// Verifies a request. MUST return `None` unless the provider of the account has signed it, and MUST
    /// NOT interpret anything before.
    fn verify(&self, account: &Account, request: &HookRequest) -> Option<Authentic>;

    /// Asks the provider whether the account works.
    fn check<'a>(&'a self, account: &'a Account) -> BoxFuture<'a, Checked>;

    /// Says that messages wait to be sent.
    fn wake_senders(&self);

    /// Says that receipts wait to be read.
    fn wake_readers(&self);
}
