//! Use cases on conversations.

pub mod claim;
pub mod list;
pub mod state;
pub mod update;
