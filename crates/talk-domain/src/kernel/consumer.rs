//! Consumers of the event log: each processes every event of the installation at least once, and
//! the events of a stream in the order of `seq`. Streams come in any order.
//!
//! A new consumer starts at the end of the log. From then on, retention keeps the events that it
//! has not processed.

use std::collections::BTreeSet;

use crate::kernel::future::BoxFuture;
use crate::kernel::id::CustomerId;
use crate::kernel::positions::LogChunk;
use crate::kernel::store::Domain;
use crate::kernel::store_error::StoreError;

/// Whether a consumer has stored its new position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Stored, together with the rows that the events require.
    Stored,
    /// Not stored, because the events require no change. They may be delivered again after a crash.
    Skipped,
}

/// Driven port: processes the events of the log, on units of the domain `D`.
pub trait Consumer<D: Domain>: Send + Sync {
    /// The name under which its position is stored.
    fn name(&self) -> &'static str;

    /// Returns the customers whose events it processes; `None` for all. While the set is empty, no
    /// event is read. It is called on the snapshot from which the events are read.
    ///
    /// # Errors
    /// Only when storage fails.
    fn customers(
        &self,
        snapshot: &mut D::Snapshot<'_>,
    ) -> Result<Option<BTreeSet<CustomerId>>, StoreError>;

    /// Processes events. Rows that they require MUST be stored in one transaction with
    /// [`LogChunk::end`] as the position of the consumer. After an error, the events are delivered
    /// again.
    fn take(&self, chunk: LogChunk) -> BoxFuture<'_, Result<Taken, StoreError>>;
}
