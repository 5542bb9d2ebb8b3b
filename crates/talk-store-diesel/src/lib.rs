//! The store of Talk on Diesel: one set of repositories, SQLite with group commit.
