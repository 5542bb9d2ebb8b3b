//! The repositories of every database: rows, paging and queries in Diesel's DSL.

pub(crate) mod backend;
pub(crate) mod conversations;
pub(crate) mod deadline;
pub(crate) mod fast;
mod files;
pub(crate) mod hooks;
pub(crate) mod identity;
pub(crate) mod kernel;
pub(crate) mod outcome;
pub(crate) mod paging;
pub(crate) mod rows;
#[allow(
    unreachable_pub,
    clippy::wildcard_imports,
    reason = "written by diesel's macro"
)]
pub(crate) mod schema;
pub(crate) mod scope;
pub(crate) mod search;
pub(crate) mod snapshot;
pub(crate) mod stored;
pub(crate) mod talk;
pub(crate) mod unit;
