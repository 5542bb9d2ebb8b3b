//! Repositories of the kernel: the event log and its consumers, stored answers, cleanups.

pub(crate) mod cleanups;
pub(crate) mod events;
mod idempotency;
mod positions;
