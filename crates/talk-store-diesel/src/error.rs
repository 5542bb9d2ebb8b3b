//! Errors of the database, and their conversion into those of the domain.

use std::path::PathBuf;

use diesel::result::{DatabaseErrorKind, Error};
use talk_domain::kernel::store_error::{Cause, StoreError};

use crate::portable::deadline::PAST_DEADLINE;
use crate::sqlite::fault::{is_full, is_locked};

/// Reasons why a database was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL does not start with the kind of database.
    #[error("the database URL must be sqlite:<path>")]
    NoScheme,
    /// This kind of database is unknown.
    #[error("unknown kind of database {0:?}: the database URL must be sqlite:<path>")]
    UnknownScheme(String),
    /// This program was built without this kind of database.
    #[error("{0} is not built in yet: the database URL must be sqlite:<path>")]
    NotBuiltIn(&'static str),
    /// The URL names no file.
    #[error("the database URL names no file: it must be sqlite:<path>")]
    MissingPath,
    /// The part after `sqlite:` is not the path of a file.
    #[error("the database URL must be sqlite:<path>, without // or file: and not in memory")]
    NotAPath,
    /// The database's directory or file could not be created.
    #[error("failed to create {0}")]
    Create(PathBuf, #[source] std::io::Error),
    /// The database could not be opened.
    #[error("failed to open the database")]
    Connect(#[source] Cause),
    /// The file is a database of another program, or no database.
    #[error("the file belongs to another program ({0}); name another file, or an empty one")]
    Foreign(String),
    /// Another server has the database.
    #[error("another server uses this database; one database has one server")]
    InUse,
    /// An operator's command has the database open, or a restore or vacuum is replacing its file.
    #[error("another command uses this database; try again when it has ended")]
    BesideCommand,
    /// The tables could not be created or changed.
    #[error("failed to migrate the database")]
    Migrate(#[source] Cause),
    /// The tables have to be created or changed first, and there is no space.
    #[error("the disk is full, and the database must be migrated before it can be served")]
    Full(#[source] Cause),
    /// The writer or a reader could not be started.
    #[error("failed to start the store")]
    Start(#[source] Cause),
}

/// Converts the error of a statement for use cases.
pub(crate) fn fault(error: Error) -> StoreError {
    match error {
        Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => StoreError::Conflict,
        _ if is_locked(&error) => StoreError::Busy,
        Error::DatabaseError(_, ref info) if info.message() == PAST_DEADLINE => StoreError::Timeout,
        Error::DatabaseError(
            DatabaseErrorKind::UniqueViolation
            | DatabaseErrorKind::ForeignKeyViolation
            | DatabaseErrorKind::NotNullViolation
            | DatabaseErrorKind::CheckViolation,
            _,
        )
        | Error::DeserializationError(_)
        | Error::SerializationError(_) => StoreError::Corrupt(Box::new(error)),
        _ if is_full(&error) => StoreError::Full,
        _ => StoreError::Unavailable(Box::new(error)),
    }
}

/// Creates the error of a row, or of a call, that is invalid.
pub(crate) fn corrupt(what: impl Into<Cause>) -> StoreError {
    StoreError::Corrupt(what.into())
}
