//! Bytes that a provider has signed.
//!
//! Only an adapter's `verify` makes them of a request, and a session of SMPP of what its message centre
//! delivers. An adapter reads nothing else. Before it stores a receipt, the server verifies it:
//!
//! ```
//! use conversation_channels::verified::Verified;
//! let verified = Verified::stored(&conversation_domain::testing::a_receipt());
//! assert_eq!(verified.bytes(), b"Body=Hello");
//! ```
//!
//! The same program with bytes that were not verified does not compile:
//!
//! ```compile_fail
//! use conversation_channels::verified::Verified;
//! let (bytes, event) = (b"Body=Hello".to_vec(), String::new());
//! let verified = Verified { bytes, event };
//! assert_eq!(verified.bytes(), b"Body=Hello");
//! ```

use conversation_domain::model::receipt::Receipt;

/// Bytes that a provider has signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    bytes: Vec<u8>,
    event: String,
}

impl Verified {
    /// Marks bytes as verified. Only for `verify` of an adapter, after the check.
    pub(crate) const fn after_check(bytes: Vec<u8>) -> Self {
        let event = String::new();
        Self { bytes, event }
    }

    /// Marks bytes as verified that came over a session to which the provider has admitted us with the
    /// credentials of the account. Only for bound sessions.
    pub(crate) const fn from_bound_session(bytes: Vec<u8>) -> Self {
        let event = String::new();
        Self { bytes, event }
    }

    /// Returns the bytes of a stored receipt, which were verified before they were stored.
    #[must_use]
    pub fn stored(receipt: &Receipt) -> Self {
        Self {
            bytes: receipt.body.clone(),
            event: receipt.event.clone(),
        }
    }

    /// Returns the bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the event of a stored receipt; `""` if it is not stored yet.
    #[must_use]
    pub fn event(&self) -> &str {
        &self.event
    }
}
