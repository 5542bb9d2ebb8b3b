//! Steps that several use cases share.

pub(crate) mod record;
