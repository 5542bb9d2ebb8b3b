//! The store on SQLite: its connections, its single writer, its readers, its search index and its file.

mod backend;
pub(crate) mod connection;
mod deadline;
pub(crate) mod fault;
pub(crate) mod file;
pub(crate) mod health;
mod log;
mod readers;
#[allow(
    unreachable_pub,
    clippy::wildcard_imports,
    reason = "written by diesel's macro"
)]
mod schema;
pub(crate) mod search;
mod serial;
pub(crate) mod store;
mod usernames;
mod writer;

#[cfg(test)]
mod plans;
#[cfg(test)]
mod statements;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod upgrades;
