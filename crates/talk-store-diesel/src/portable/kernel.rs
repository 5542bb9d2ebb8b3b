//! Repositories of the parts that know no product: the event log, answered requests, cleanups.

pub(crate) mod cleanups;
pub(crate) mod events;
mod idempotency;
