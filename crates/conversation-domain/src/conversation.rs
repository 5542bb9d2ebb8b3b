//! Use cases on conversations.

pub mod claim;
pub mod delete;
pub mod list;
pub mod open;
pub mod state;
pub mod update;
