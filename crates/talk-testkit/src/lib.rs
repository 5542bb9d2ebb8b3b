//! Builders, the store contract suite and the server harness for the tests of Talk.

pub mod store_contract;
