//! The store in operation: shared by many, on a disk that fills up, closed, and robbed of its files.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod closing;
mod fairness;
mod full_disk;
mod support;
mod vacuum;
