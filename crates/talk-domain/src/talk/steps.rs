//! Steps that several use cases of Talk share.

pub mod announce;
pub mod content;
pub mod direct;
pub mod membership;
pub mod mention;
pub mod status;
pub mod tombstone;
