//! Optimizations. [`StoreOptions::is_plain`](crate::StoreOptions::is_plain) switches the cache off.

pub(crate) mod batch_cache;
pub(crate) mod chats;
pub(crate) mod prepared;
