//! Use cases on messages.

pub mod delete;
pub mod list;
pub mod receive;
pub mod send;
pub mod visit;
