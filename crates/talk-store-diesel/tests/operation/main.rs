//! Tests of the store in operation: fairness, full disks, closing, vanished files, and vacuum.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod closing;
mod fairness;
mod full_disk;
mod kept;
mod support;
mod vacuum;
