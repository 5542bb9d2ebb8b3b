//! The store of Talk on Diesel: one set of repositories, SQLite with group commit.
//!
//! [`open`] migrates the database and starts its writer. Changes run on one thread that commits
//! all waiting units of work at once; reads run on connections that cannot write and that
//! customers share fairly, each on one consistent snapshot and with a deadline. An error that leaves it unknown what is stored ends the store: from
//! then on every call answers [`StoreError::Unavailable`](talk_domain::store::StoreError), and the
//! process is told to go (see [`StoreOptions::on_fatal`]).

mod backup;
mod batch;
mod budget;
mod checkpoint;
mod connection;
mod deadline;
mod disk;
mod error;
mod examine;
mod health;
mod inbox;
mod index;
mod indexer;
mod location;
mod lock;
mod mark;
mod memory;
mod open;
mod options;
mod outcome;
mod ownership;
mod pacing;
mod paging;
mod prepared;
mod queue;
mod readers;
mod restore;
mod rows;
#[allow(
    unreachable_pub,
    clippy::wildcard_imports,
    reason = "written by diesel's macro"
)]
mod schema;
mod scope;
mod search;
mod snapshot;
mod sqlite;
mod store;
mod unit;
mod usernames;
mod vacuum;
mod watch;
mod writer;

pub use backup::{Backup, CopyError, Step, backup};
pub use error::OpenError;
pub use examine::{cleanup_backlog, examine, search_backlog};
pub use location::check_url;
pub use lock::{DatabaseLock, lock, lock_for_command};
pub use mark::{Marker, renew_if_older, rewrite_mark};
pub use open::{migrate, open};
pub use options::{FatalHook, StoreOptions};
pub use restore::{Restore, restore};
pub use vacuum::{FreeSpace, Vacuumed, free_space, vacuum};

#[cfg(test)]
mod plans;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod upgrades;
