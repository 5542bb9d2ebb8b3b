//! Use cases of the server that clean up behind a deletion.

pub mod carry_on;
mod erasure;
