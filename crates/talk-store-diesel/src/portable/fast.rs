//! Code that is there for speed alone.

pub(crate) mod chats;
pub(crate) mod memory;
pub(crate) mod prepared;
