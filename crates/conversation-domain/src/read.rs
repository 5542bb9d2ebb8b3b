//! Use cases of read marks, one file each.

pub mod mark;
pub mod state;
