//! The error of every port to storage.

use crate::kernel::error::{CheckedError, DomainError, ErrorKind, Refusal, Refuses};

/// The source of a storage failure.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Storage failed; nothing of the unit was kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The queue is full: try again soon.
    #[error("the server is busy")]
    Busy,
    /// The database requires running the unit again; stores do so themselves a bounded number of
    /// times.
    #[error("the database asks for a retry")]
    Conflict,
    /// The read exceeded its maximum duration.
    #[error("the read took too long")]
    Timeout,
    /// The disk is full. Reads still work, and changes are accepted again as soon as there is
    /// space.
    #[error("the disk is full")]
    Full,
    /// The database is unavailable.
    #[error("storage failed")]
    Unavailable(#[source] Cause),
    /// A stored row is invalid, or the unit panicked.
    #[error("storage failed")]
    Corrupt(#[source] Cause),
}

impl DomainError for StoreError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Busy | Self::Conflict | Self::Timeout | Self::Full | Self::Unavailable(_) => {
                ErrorKind::Unavailable
            }
            Self::Corrupt(_) => ErrorKind::Internal,
        }
    }
    fn reason(&self) -> &'static str {
        match self {
            Self::Busy | Self::Conflict => "BUSY",
            Self::Timeout => "QUERY_TIMEOUT",
            Self::Full => "STORAGE_FULL",
            Self::Unavailable(_) => "STORAGE_UNAVAILABLE",
            Self::Corrupt(_) => "INTERNAL",
        }
    }
    fn wants_retry(&self) -> bool {
        matches!(self, Self::Conflict)
    }
}

impl<C, E: From<StoreError>> From<StoreError> for CheckedError<C, E> {
    fn from(error: StoreError) -> Self {
        Self::Work(error.into())
    }
}

impl Refuses for StoreError {
    fn refusals() -> Vec<Refusal> {
        let refusal = |kind, reason, message| Refusal {
            kind,
            reason,
            message,
        };
        vec![
            refusal(ErrorKind::Unavailable, "BUSY", "the server is busy"),
            refusal(
                ErrorKind::Unavailable,
                "QUERY_TIMEOUT",
                "the read took too long",
            ),
            refusal(ErrorKind::Unavailable, "STORAGE_FULL", "the disk is full"),
            refusal(
                ErrorKind::Unavailable,
                "STORAGE_UNAVAILABLE",
                "storage failed",
            ),
            refusal(ErrorKind::Internal, "INTERNAL", "storage failed"),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// API-13: each refusal has one status and one reason.
    #[test]
    fn a_failure_of_storage_says_whether_to_retry() {
        let cause = || Cause::from("away");
        for (error, kind, reason, wants_retry) in [
            (StoreError::Busy, ErrorKind::Unavailable, "BUSY", false),
            (StoreError::Conflict, ErrorKind::Unavailable, "BUSY", true),
            (
                StoreError::Timeout,
                ErrorKind::Unavailable,
                "QUERY_TIMEOUT",
                false,
            ),
            (
                StoreError::Full,
                ErrorKind::Unavailable,
                "STORAGE_FULL",
                false,
            ),
            (
                StoreError::Unavailable(cause()),
                ErrorKind::Unavailable,
                "STORAGE_UNAVAILABLE",
                false,
            ),
            (
                StoreError::Corrupt(cause()),
                ErrorKind::Internal,
                "INTERNAL",
                false,
            ),
        ] {
            let told = (error.kind(), error.reason(), error.wants_retry());
            assert_eq!(told, (kind, reason, wants_retry));
            let described = Refusal {
                kind,
                reason,
                message: "",
            };
            let is_described = StoreError::refusals().iter().any(|refusal| {
                (refusal.kind, refusal.reason) == (described.kind, described.reason)
                    && refusal.message == error.to_string()
            });
            assert!(is_described || wants_retry, "{error:?}");
        }
    }
}
