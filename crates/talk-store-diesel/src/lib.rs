//! The store of Talk on Diesel: one set of repositories, SQLite with group commit.
//!
//! [`open`] migrates the database and starts its writer. Changes run on one thread that commits
//! all waiting units of work at once; reads run on connections that cannot write and that
//! customers share fairly, each on one consistent snapshot and with a deadline. An error that leaves it unknown what is stored ends the store: from
//! then on every call answers [`StoreError::Unavailable`](talk_domain::store::StoreError), and the
//! process is told to go (see [`StoreOptions::on_fatal`]).

mod error;
mod location;
mod open;
mod options;
mod portable;
mod sqlite;

pub use error::OpenError;
pub use location::check_url;
pub use open::{migrate, open};
pub use options::{FatalHook, StoreOptions};
pub use sqlite::file::backup::{Backup, CopyError, Step, backup};
pub use sqlite::file::examine::{cleanup_backlog, examine, search_backlog};
pub use sqlite::file::lock::{DatabaseLock, lock, lock_for_command};
pub use sqlite::file::mark::{Marker, renew_if_older, rewrite_mark};
pub use sqlite::file::restore::{Restore, restore};
pub use sqlite::file::vacuum::{FreeSpace, Vacuumed, free_space, vacuum};
