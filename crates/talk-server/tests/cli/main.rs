//! Tests of the binary: messages of one line, exit codes, and no side effects of mistakes.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod erasing;
mod logging;
mod mistakes;
mod operator;
mod printing;
mod running;
