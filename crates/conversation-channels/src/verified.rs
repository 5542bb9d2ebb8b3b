//! Bytes that a provider has signed.
//!
//! Only an adapter's `verify` makes them of a request, and an adapter reads nothing else. Before it stores a
//! receipt, the server verifies it:
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
//! let verified = Verified(b"Body=Hello".to_vec());
//! assert_eq!(verified.bytes(), b"Body=Hello");
//! ```

use conversation_domain::model::receipt::Receipt;

/// Bytes that a provider has signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified(Vec<u8>);

impl Verified {
    /// Marks bytes as verified. Only for `verify` of an adapter, after the check.
    pub(crate) const fn after_check(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Returns the bytes of a stored receipt, which were verified before they were stored.
    #[must_use]
    pub fn stored(receipt: &Receipt) -> Self {
        Self(receipt.body.clone())
    }

    /// Returns the bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}
