//! Parts that use cases share.

pub(crate) mod record;
