//! Receipts: the verified requests of providers, stored before anything looks at them.

use talk_domain::kernel::id::{AccountId, CustomerId, ReceiptId};
use talk_domain::kernel::page::{Page, PageRequest};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

/// The longest reason why a receipt failed, in characters.
pub const LONGEST_ERROR: usize = 500;

/// Seconds that a segment waits for the others of its message.
const SEGMENT_PATIENCE: u32 = 15 * 60;

/// The state of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptState {
    /// It waits.
    Stored,
    /// It has had its effect.
    Done,
    /// It is of a kind that has no effect.
    Ignored,
    /// It cannot be read; `error` says why.
    Failed,
}

impl ReceiptState {
    const ALL: [Self; 4] = [Self::Stored, Self::Done, Self::Ignored, Self::Failed];

    /// Its name in answers and at rest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Done => "done",
            Self::Ignored => "ignored",
            Self::Failed => "failed",
        }
    }

    /// The state with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// A request of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Identity.
    pub id: ReceiptId,
    /// Customer.
    pub customer: CustomerId,
    /// The account that it was sent to.
    pub account: AccountId,
    /// Its identity at the provider, unique in the account.
    pub event: String,
    /// The verified body. Empty once it has had its effect.
    pub body: Vec<u8>,
    /// State.
    pub state: ReceiptState,
    /// Why it failed; `""` if it has not.
    pub error: String,
    /// The long message that it is a segment of, while it waits for the others.
    pub segment_of: Option<String>,
    /// Time of arrival.
    pub created: Timestamp,
}

impl Receipt {
    /// The time from which on it is to be read; `None` if it was. A segment that waits for others is read
    /// again when they have not arrived in time.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        let due = match self.segment_of {
            Some(_) => self.created.plus_seconds(SEGMENT_PATIENCE),
            None => self.created,
        };
        (self.state == ReceiptState::Stored).then_some(due)
    }
}

/// An account with receipts that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// The customer.
    pub customer: CustomerId,
    /// The account.
    pub account: AccountId,
}

/// Driven port: the receipts of the unit's customer.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait ReceiptRepository {
    /// Finds a receipt.
    ///
    /// # Errors
    /// Only when storage fails.
    fn get(&mut self, id: ReceiptId) -> Result<Option<Receipt>, StoreError>;

    /// Stores a new receipt. MUST return `false`, and store nothing, if the account has one of the same
    /// event.
    ///
    /// # Errors
    /// Only when storage fails.
    fn insert(&mut self, receipt: &Receipt) -> Result<bool, StoreError>;

    /// Returns whether the account has a receipt whose event is between two texts.
    ///
    /// # Errors
    /// Only when storage fails.
    fn has_between(
        &mut self,
        account: AccountId,
        from: &str,
        until: &str,
    ) -> Result<bool, StoreError>;

    /// Stores state, error, body and message of a receipt.
    ///
    /// # Errors
    /// When storage fails, and when the receipt is not there.
    fn update(&mut self, receipt: &Receipt) -> Result<(), StoreError>;

    /// Deletes up to `limit` receipts of all customers from before a time, but none that waits. Returns
    /// whether it deleted any. Only for units of the installation.
    ///
    /// # Errors
    /// Only when storage fails.
    fn expire(&mut self, before: Timestamp, limit: u32) -> Result<bool, StoreError>;
}

/// Driven port: reading receipts.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait ReceiptQueries {
    /// Returns up to `limit` accounts of all customers that have receipts due at `now`. Only for reads of
    /// the installation.
    ///
    /// # Errors
    /// Only when storage fails.
    fn arrived(&mut self, now: Timestamp, limit: u32) -> Result<Vec<Arrived>, StoreError>;

    /// Returns up to `limit` receipts of an account that are due at `now`, the oldest due first.
    ///
    /// # Errors
    /// Only when storage fails.
    fn waiting(
        &mut self,
        account: AccountId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Receipt>, StoreError>;

    /// Returns up to `limit` receipts of an account that wait as segments of a message, the oldest first.
    ///
    /// # Errors
    /// Only when storage fails.
    fn segments(
        &mut self,
        account: AccountId,
        message: &str,
        limit: u32,
    ) -> Result<Vec<Receipt>, StoreError>;

    /// Lists receipts of an account, without their bodies, ordered by `(created, id)`.
    ///
    /// # Errors
    /// Only when storage fails.
    fn page(
        &mut self,
        account: AccountId,
        state: Option<ReceiptState>,
        request: PageRequest,
    ) -> Result<Page<Receipt>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_by_their_names() {
        for state in ReceiptState::ALL {
            assert_eq!(ReceiptState::parse(state.as_str()), Some(state));
        }
        assert_eq!(ReceiptState::parse("read"), None);
    }
}
