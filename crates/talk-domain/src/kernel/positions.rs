//! The log of the whole installation, and the positions up to which consumers have processed its
//! events.
//!
//! Retention deletes no event after the smallest stored position: see
//! [`ChatLog::first_held`](crate::talk::model::event::ChatLog::first_held).

use std::sync::Arc;

use crate::kernel::cleanup::Bound;
use crate::kernel::id::CustomerId;
use crate::kernel::log::Logged;
use crate::kernel::store_error::StoreError;
use crate::kernel::time::Timestamp;

/// A position in the log of the installation. The positions of a store rise in the order in which
/// consumers get the events. They need not be dense, and have no meaning in another store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(u64);

impl Position {
    /// Creates the position with a number that the store gave.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// Some events of the log of the installation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogChunk {
    /// The events, each with its position; those of one stream by `seq`. May be empty before the end
    /// of the log, since the events of a deleted customer are left out.
    pub events: Vec<(Position, Arc<Logged>)>,
    /// The position after these events.
    pub end: Position,
    /// Whether no event follows these.
    pub is_end: bool,
}

/// A consumer with a stored position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The name of the consumer.
    pub name: String,
    /// Estimated number of events that it has not processed.
    pub lag: u64,
    /// Time at which the first event that it has not processed was logged.
    pub oldest: Option<Timestamp>,
}

/// Driven port: reads the log of the installation. Except for [`end`](Self::end) and
/// [`position`](Self::position), only for [units of the
/// installation](crate::kernel::store::Unit::installation).
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait LogQueries {
    /// Returns the events after a position, up to `bound`, at least one if there is any. They have
    /// the content that the log has now: no content of a deleted message, no event of a deleted
    /// customer. An event that commits later MUST NOT be before a position that was returned.
    ///
    /// # Errors
    /// Only when storage fails.
    fn since(&mut self, position: Position, bound: Bound) -> Result<LogChunk, StoreError>;

    /// Returns the position after the last event, in units of customers too.
    ///
    /// # Errors
    /// Only when storage fails.
    fn end(&mut self) -> Result<Position, StoreError>;

    /// Returns the stored position of a consumer, in units of customers too.
    ///
    /// # Errors
    /// Only when storage fails.
    fn position(&mut self, consumer: &str) -> Result<Option<Position>, StoreError>;

    /// Returns all consumers with a stored position, by name.
    ///
    /// # Errors
    /// Only when storage fails.
    fn consumers(&mut self) -> Result<Vec<Registered>, StoreError>;
}

/// Driven port: stores the positions of consumers, in one transaction with the rows that follow from
/// the events. Only for [units of the installation](crate::kernel::store::Unit::installation).
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait ConsumerRepository {
    /// Sets the customer of the unit until the next call, so that one transaction can store rows of
    /// several customers.
    ///
    /// # Errors
    /// In a unit of a customer.
    fn enter(&mut self, customer: CustomerId) -> Result<(), StoreError>;

    /// Stores the position of a consumer. It replaces an earlier one.
    ///
    /// # Errors
    /// Only when storage fails.
    fn put(&mut self, consumer: &str, position: Position) -> Result<(), StoreError>;

    /// Deletes the position of a consumer. Retention keeps no event for it from then on. Returns
    /// whether it had one.
    ///
    /// # Errors
    /// Only when storage fails.
    fn remove(&mut self, consumer: &str) -> Result<bool, StoreError>;
}
