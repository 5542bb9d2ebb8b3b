//! Use cases on messages.

pub mod delete;
pub mod edit;
pub mod list;
pub mod post;
pub mod show;
