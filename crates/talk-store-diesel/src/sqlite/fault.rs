//! Recognises SQLite's errors that have no code of their own, by their messages.

use diesel::result::Error;
use talk_domain::kernel::store_error::Cause;

use crate::error::OpenError;

/// SQLite's message for a full disk.
const DISK_FULL: &str = "database or disk is full";

/// Returns whether the error means that the disk is full, or the database has reached its size
/// limit.
pub(crate) fn is_full(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(_, info) if info.message() == DISK_FULL)
}

/// Returns whether the error means that another process held the database for too long.
pub(crate) fn is_locked(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(_, info) if info.message().contains("is locked"))
}

/// Returns whether a database was not opened because the disk is full. SQLite reports an I/O error
/// instead when it cannot allocate the files that it needs for reading.
pub(crate) fn is_for_space(error: &OpenError) -> bool {
    match error {
        OpenError::Connect(cause) => {
            let cause = cause.to_string();
            cause == DISK_FULL || cause == "disk I/O error"
        }
        _ => false,
    }
}

/// Returns the error of a migration that failed for this reason.
pub(crate) fn not_migrated(cause: Cause) -> OpenError {
    if cause.to_string().contains(DISK_FULL) {
        return OpenError::Full(cause);
    }
    OpenError::Migrate(cause)
}
