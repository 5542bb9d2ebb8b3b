//! Use cases on the participants of a chat.

pub mod add;
pub mod list;
pub mod remove;
