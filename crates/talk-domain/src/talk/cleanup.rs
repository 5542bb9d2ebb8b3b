//! Use cases of the server that run cleanups.

pub mod carry_on;
