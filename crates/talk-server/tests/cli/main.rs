//! The binary as an operator meets it: one line and the right exit code, and nothing created by a
//! mistake.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod erasing;
mod logging;
mod mistakes;
mod operator;
mod place;
mod printing;
mod running;
