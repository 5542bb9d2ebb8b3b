//! What REST and the socket both offer: each use case with its idempotency, whoever asks for it.

pub(crate) mod messages;
pub(crate) mod once;
