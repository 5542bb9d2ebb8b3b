//! One connection type over the databases compiled in.

#![allow(
    unreachable_pub,
    missing_docs,
    clippy::pedantic,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "written by diesel's macro"
)]

/// A connection to whichever database is configured.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    /// SQLite.
    Sqlite(diesel::SqliteConnection),
}
