//! Parts that use cases share.

pub(crate) mod owner;
pub(crate) mod record;
