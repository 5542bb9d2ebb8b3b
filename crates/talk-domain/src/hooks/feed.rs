//! The log of the installation, as far as it has not become deliveries yet.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::kernel::cleanup::Bound;
use crate::kernel::id::CustomerId;
use crate::kernel::log::Logged;
use crate::kernel::store_error::StoreError;

/// Some events of the log, in commit order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    /// The events, each with its place.
    pub events: Vec<(u64, Arc<Logged>)>,
    /// The place after them. Only the store that returned it can read it.
    pub end: u64,
    /// The customers that have an enabled endpoint.
    pub customers: BTreeSet<CustomerId>,
}

/// Driven port: reads the log of the installation. Only for
/// [units of the installation](crate::kernel::store::Unit::installation).
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait FeedQueries {
    /// Returns the place up to which events have become deliveries. Before the first time it is the
    /// end of the log.
    ///
    /// # Errors
    /// Only when storage fails.
    fn place(&mut self) -> Result<u64, StoreError>;

    /// Returns the events after a place, within `bound`; one at least, if there is any. While no
    /// customer has an enabled endpoint it returns the end of the log and no events. An event that
    /// commits later MUST NOT be before a place that was returned.
    ///
    /// # Errors
    /// Only when storage fails.
    fn after(&mut self, place: u64, bound: Bound) -> Result<Chunk, StoreError>;
}

/// Driven port: stores deliveries of several customers and the place of their events at once. Only for
/// [units of the installation](crate::kernel::store::Unit::installation).
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait FeedRepository {
    /// Makes the unit one of `customer` until the next call.
    ///
    /// # Errors
    /// In a unit of a customer.
    fn enter(&mut self, customer: CustomerId) -> Result<(), StoreError>;

    /// Returns the place of the end of the log, in units of customers too. Events that commit later are
    /// after it.
    ///
    /// # Errors
    /// Only when storage fails.
    fn end(&mut self) -> Result<u64, StoreError>;

    /// Stores the place up to which events have become deliveries.
    ///
    /// # Errors
    /// Only when storage fails.
    fn advance(&mut self, place: u64) -> Result<(), StoreError>;
}
