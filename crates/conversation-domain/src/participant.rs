//! Use cases of participants, one file each.

pub mod add;
pub mod list;
pub mod remove;
