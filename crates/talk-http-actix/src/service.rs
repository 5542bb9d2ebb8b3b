//! Parts that handlers share: use cases that REST and the socket both offer, each with its idempotency, and
//! the units of work of conversations.

pub(crate) mod conversations;
pub(crate) mod intercepted;
pub(crate) mod messages;
pub(crate) mod once;
