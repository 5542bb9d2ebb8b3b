//! Use cases on how far participants have read.

pub mod mark;
pub mod readers;
