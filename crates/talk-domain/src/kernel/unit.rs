//! The ports of a transaction and of a snapshot that every domain has.

use crate::kernel::cleanup::{CleanupQueries, CleanupRepository};
use crate::kernel::idempotency::IdempotencyRepository;
use crate::kernel::log::{EventLog, EventQueries};
use crate::kernel::positions::{ConsumerRepository, LogQueries};

/// One open transaction of one customer, seen as repositories.
pub trait UnitOfWork {
    /// Stored answers to requests with an idempotency key.
    fn idempotency(&mut self) -> &mut dyn IdempotencyRepository;
    /// Deletions that are still to be cleaned up.
    fn cleanups(&mut self) -> &mut dyn CleanupRepository;
    /// The event log of every stream.
    fn events(&mut self) -> &mut dyn EventLog;
    /// The log of the installation.
    fn log(&mut self) -> &mut dyn LogQueries;
    /// The positions of consumers of that log.
    fn consumers(&mut self) -> &mut dyn ConsumerRepository;
}

/// One consistent read of one customer.
pub trait Snapshot {
    /// The event log.
    fn events(&mut self) -> &mut dyn EventQueries;
    /// Deletions that are still to be cleaned up.
    fn cleanups(&mut self) -> &mut dyn CleanupQueries;
    /// The log of the installation.
    fn log(&mut self) -> &mut dyn LogQueries;
}
