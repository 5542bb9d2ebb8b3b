//! Shared parts of Talk's tests: the contract of a store, the real server and its clients.

#[cfg(feature = "harness")]
pub mod harness;
mod process;
mod silent;
#[cfg(feature = "contract")]
pub mod store_contract;

pub use process::{Addresses, Process, Serving, StartError};
pub use silent::Silent;
