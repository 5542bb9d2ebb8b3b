//! The store of Talk on Diesel: one set of repositories, SQLite with group commit.
//!
//! [`open`] migrates the database and starts its writer. Changes run on one thread that commits all
//! waiting units of work at once; reads run on connections that cannot write and that customers
//! share fairly, each on one consistent snapshot and with a deadline. After an error that leaves
//! the stored state unknown, the store fails: every call returns
//! [`StoreError::Unavailable`](talk_domain::kernel::store_error::StoreError), and [`StoreOptions::on_fatal`] is
//! called so that the process can end.

mod connection;
mod encoders;
mod error;
mod location;
mod open;
mod options;
mod portable;
mod sqlite;

pub use connection::AnyConnection;
pub use encoders::Encoders;
pub use error::OpenError;
pub use location::{check_url, display_name, exists};
pub use open::{migrate, open};
pub use options::{FatalHook, StoreOptions};
pub use portable::snapshot::DieselSnapshot;
pub use portable::stored::StoredDomain;
pub use portable::unit::DieselUnit;
pub use sqlite::file::backup::{Backup, CopyError, Step, backup};
pub use sqlite::file::examine::{cleanup_backlog, examine, receipts_waiting, search_backlog};
pub use sqlite::file::files::{Elsewhere, FileCopies};
pub use sqlite::file::lock::{DatabaseLock, lock, lock_for_command};
pub use sqlite::file::mark::{Marker, renew_if_older, rewrite_mark};
pub use sqlite::file::restore::{Restore, restore};
pub use sqlite::file::sealed::{SealedSecret, sealed_secrets};
pub use sqlite::file::vacuum::{FreeSpace, Vacuumed, free_space, vacuum};
pub use sqlite::store::SqliteStore;

#[cfg(test)]
mod purity;
