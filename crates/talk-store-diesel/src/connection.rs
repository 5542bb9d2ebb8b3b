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

/// Runs a query on the database's own connection: `natively!(conn, |conn| query.execute(conn))`.
///
/// Diesel's own dispatch builds the text of a statement several times only to find the prepared
/// one, which takes longer than running it. For statements of the hot path.
macro_rules! natively {
    ($connection:expr, |$conn:ident| $query:expr) => {
        match $connection {
            crate::connection::AnyConnection::Sqlite($conn) => $query,
        }
    };
}
pub(crate) use natively;
