//! Errors of the database, in the words of the domain.

use std::path::PathBuf;

use diesel::result::{DatabaseErrorKind, Error};
use talk_domain::store::{Cause, StoreError};

use crate::deadline::PAST_DEADLINE;

/// Why a database was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL does not start with the kind of database.
    #[error("the database URL must be sqlite:<path>")]
    NoScheme,
    /// Nobody knows this kind of database.
    #[error("unknown kind of database {0:?}: the database URL must be sqlite:<path>")]
    UnknownScheme(String),
    /// This program was built without this kind of database.
    #[error("{0} is not built in yet: the database URL must be sqlite:<path>")]
    NotBuiltIn(&'static str),
    /// The URL names no file.
    #[error("the database URL names no file: it must be sqlite:<path>")]
    MissingPath,
    /// What follows `sqlite:` is no path of a file.
    #[error("the database URL must be sqlite:<path>, without // or file: and not in memory")]
    NotAPath,
    /// The database's directory or file could not be created.
    #[error("failed to create {0}")]
    Create(PathBuf, #[source] std::io::Error),
    /// The database could not be opened.
    #[error("failed to open the database")]
    Connect(#[source] Cause),
    /// The tables could not be created or changed.
    #[error("failed to migrate the database")]
    Migrate(#[source] Cause),
    /// The writer or a reader could not be started.
    #[error("failed to start the store")]
    Start(#[source] Cause),
}

/// An error of a statement, as a use case sees it.
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
        _ => StoreError::Unavailable(Box::new(error)),
    }
}

/// Whether another process held the database for too long.
pub(crate) fn is_locked(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(_, info) if info.message().contains("is locked"))
}

/// A row, or a request of the program itself, that makes no sense.
pub(crate) fn corrupt(what: impl Into<Cause>) -> StoreError {
    StoreError::Corrupt(what.into())
}
