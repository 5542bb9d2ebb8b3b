//! Parts that several handlers share: use cases that both REST and the socket offer, with their
//! idempotency, and units of work of conversations.

pub(crate) mod conversations;
pub(crate) mod intercepted;
pub(crate) mod messages;
pub(crate) mod once;
