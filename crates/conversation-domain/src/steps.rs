//! Steps that several use cases share.

pub(crate) mod participation;
pub(crate) mod record;
