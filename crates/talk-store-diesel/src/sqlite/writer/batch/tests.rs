//! Tests of batches.

mod twin;
