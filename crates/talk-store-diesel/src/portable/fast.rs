//! Optimizations. [`StoreOptions::is_plain`](crate::StoreOptions::is_plain) switches the cache off.

pub(crate) mod chats;
pub(crate) mod memory;
pub(crate) mod prepared;
