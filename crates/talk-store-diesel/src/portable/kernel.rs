//! Repositories of the kernel: the event log, stored answers, cleanups.

pub(crate) mod cleanups;
pub(crate) mod events;
mod idempotency;
