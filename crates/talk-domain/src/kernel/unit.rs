//! The ports of an open transaction that every domain has.

use crate::kernel::cleanup::{CleanupQueries, CleanupRepository};
use crate::kernel::idempotency::IdempotencyRepository;
use crate::kernel::log::EventQueries;
use crate::talk::model::event::EventLog;

/// One open transaction of one customer, seen as repositories.
pub trait UnitOfWork {
    /// The event log.
    fn events(&mut self) -> &mut dyn EventLog;
    /// Stored answers to requests with an idempotency key.
    fn idempotency(&mut self) -> &mut dyn IdempotencyRepository;
    /// Deletions that are still to be cleaned up.
    fn cleanups(&mut self) -> &mut dyn CleanupRepository;
}

/// One consistent read of one customer.
pub trait Snapshot {
    /// The event log.
    fn events(&mut self) -> &mut dyn EventQueries;
    /// Deletions that are still to be cleaned up.
    fn cleanups(&mut self) -> &mut dyn CleanupQueries;
}
