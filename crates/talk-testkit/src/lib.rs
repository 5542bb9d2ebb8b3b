//! Builders, the store contract suite and the server harness for the tests of Talk.

mod silent;
pub mod store_contract;

pub use silent::Silent;
