//! Shared parts of Talk's tests: the contract of a store, the real server and its clients, an S3-compatible
//! service.

#[cfg(feature = "harness")]
pub mod harness;
mod process;
#[cfg(feature = "s3")]
pub mod s3;
mod silent;
#[cfg(feature = "contract")]
pub mod store_contract;

pub use process::{Addresses, Process, Serving, StartError};
pub use silent::Silent;
