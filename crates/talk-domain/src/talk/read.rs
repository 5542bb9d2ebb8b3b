//! Use cases on read marks.

pub mod mark;
pub mod readers;
pub mod state;
