//! Steps that several use cases share.

pub(crate) mod owner;
pub(crate) mod record;
