//! Steps that several use cases of Talk share.

pub mod announce;
pub(crate) mod attachment;
pub mod compose;
pub mod content;
pub mod direct;
pub mod erasure;
pub mod membership;
pub mod mention;
pub mod record;
pub mod status;
pub mod tombstone;
