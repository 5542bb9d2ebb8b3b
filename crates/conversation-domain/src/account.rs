//! Use cases on accounts.

pub mod check;
pub mod create;
pub mod delete;
pub mod list;
pub mod update;
