//! Use cases on messages.

pub mod list;
pub mod receive;
pub mod send;
pub mod visit;
