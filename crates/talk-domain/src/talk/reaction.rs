//! Use cases on the reactions to a message.

pub mod add;
pub mod remove;
