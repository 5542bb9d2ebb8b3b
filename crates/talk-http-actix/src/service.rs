//! Use cases that REST and the socket both offer, each with its idempotency.

pub(crate) mod intercepted;
pub(crate) mod messages;
pub(crate) mod once;
