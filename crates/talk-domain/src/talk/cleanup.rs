//! Use cases of the server that run cleanups.

pub mod run_step;
