//! Use cases on the requests of providers.

pub mod list;
pub mod store;
pub mod take;
