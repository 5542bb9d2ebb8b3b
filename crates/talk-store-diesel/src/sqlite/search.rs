//! Full-text search: the index, and how messages and channels are searched with it.

pub(crate) mod channels;
pub(crate) mod index;
pub(crate) mod messages;
