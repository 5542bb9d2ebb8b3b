//! Steps that several use cases of Talk share.

pub mod announce;
pub mod content;
