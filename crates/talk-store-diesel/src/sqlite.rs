//! The store on SQLite: its connections, its single writer, its readers, its search index and its file.

pub(crate) mod connection;
pub(crate) mod file;
pub(crate) mod health;
mod readers;
pub(crate) mod search;
pub(crate) mod store;
mod usernames;
mod writer;

#[cfg(test)]
mod plans;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod upgrades;
