//! Use cases that carry messages to other services.

pub mod lease;
pub mod report;
pub mod retry;
pub mod settle;
