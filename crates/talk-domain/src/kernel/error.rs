//! Refusals: each has a kind, a stable reason, and the field it concerns.

/// The kind of a refusal, from which an adapter derives its answer (HTTP its status).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request is invalid in every state.
    InvalidArgument,
    /// The caller is not authenticated.
    Unauthenticated,
    /// The caller lacks the permission.
    PermissionDenied,
    /// The object does not exist, or its existence is hidden from the caller.
    NotFound,
    /// The object exists already.
    AlreadyExists,
    /// The object is in a state that does not allow it.
    FailedPrecondition,
    /// The request contradicts an earlier one with the same key.
    Unprocessable,
    /// A rate limit was reached.
    ResourceExhausted,
    /// A part of the system is unavailable; nothing was stored.
    Unavailable,
    /// An error of the server.
    Internal,
}

/// An error of a use case, as callers see it.
pub trait DomainError: std::error::Error + Send + Sync + 'static {
    /// The kind of refusal.
    fn kind(&self) -> ErrorKind;
    /// The stable `UPPER_SNAKE` reason.
    fn reason(&self) -> &'static str;
    /// The invalid input, if there is one.
    fn detail(&self) -> Option<&Invalid> {
        None
    }
    /// Returns whether the database requires running the unit again.
    fn wants_retry(&self) -> bool {
        false
    }
}

/// A refusal that a use case may return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The kind of refusal.
    pub kind: ErrorKind,
    /// The stable `UPPER_SNAKE` reason.
    pub reason: &'static str,
    /// The message for people.
    pub message: &'static str,
}

/// An error type that lists all its refusals, for the description of the API.
pub trait Refuses {
    /// Returns every refusal with its own reason, including the refusals of its steps. Refusals by
    /// [`Invalid`] depend on the fields and are not listed.
    fn refusals() -> Vec<Refusal>;
}

/// An invalid input, with its path and the limit it breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct Invalid {
    /// Path of the field, for example `medias[1].url`.
    pub field: String,
    /// The stable reason.
    pub reason: &'static str,
    /// Human-readable explanation.
    pub message: String,
    /// The limit, if one was exceeded.
    pub limit: Option<u64>,
}

impl Invalid {
    /// Creates the refusal of `field`.
    pub fn new(field: impl Into<String>, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            reason,
            message: message.into(),
            limit: None,
        }
    }

    /// Creates the refusal of a `field` longer than `limit`, counted in `unit`.
    pub fn too_long(field: impl Into<String>, limit: usize, unit: &str) -> Self {
        Self {
            limit: Some(limit as u64),
            ..Self::new(field, "LIMIT_EXCEEDED", format!("at most {limit} {unit}"))
        }
    }
}

impl DomainError for Invalid {
    fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidArgument
    }
    fn reason(&self) -> &'static str {
        self.reason
    }
    fn detail(&self) -> Option<&Invalid> {
        Some(self)
    }
}

impl Refuses for Invalid {
    fn refusals() -> Vec<Refusal> {
        Vec::new()
    }
}

/// The error of a check, or of the work that runs after it.
#[derive(Debug, thiserror::Error)]
pub enum CheckedError<C, E> {
    /// The check refused; the work did not run.
    #[error(transparent)]
    Check(C),
    /// The work refused.
    #[error(transparent)]
    Work(E),
}

impl<C: DomainError, E: DomainError> CheckedError<C, E> {
    fn inner(&self) -> &dyn DomainError {
        match self {
            Self::Check(error) => error,
            Self::Work(error) => error,
        }
    }
}

impl<C: DomainError, E: DomainError> DomainError for CheckedError<C, E> {
    fn kind(&self) -> ErrorKind {
        self.inner().kind()
    }
    fn reason(&self) -> &'static str {
        self.inner().reason()
    }
    fn detail(&self) -> Option<&Invalid> {
        self.inner().detail()
    }
    fn wants_retry(&self) -> bool {
        self.inner().wants_retry()
    }
}

/// Declares the refusals of a use case: `Variant = Kind "REASON" "message"`, then (`..`) the errors of
/// the steps it is built from, which keep their own kind and reason.
#[macro_export]
macro_rules! refusals {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($variant:ident = $kind:ident $reason:literal $message:literal,)*
            $(..$from:ident($inner:ty),)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, thiserror::Error)]
        pub enum $name {
            $(#[doc = concat!("`", $reason, "`: ", $message, ".")] #[error($message)] $variant,)*
            $(
                #[doc = concat!("See [`", stringify!($inner), "`].")]
                #[error(transparent)]
                $from(#[from] $inner),
            )*
        }

        impl $crate::kernel::error::Refuses for $name {
            #[allow(unused_mut, reason = "some are built from no steps")]
            fn refusals() -> Vec<$crate::kernel::error::Refusal> {
                let mut all = vec![$($crate::kernel::error::Refusal {
                    kind: $crate::kernel::error::ErrorKind::$kind,
                    reason: $reason,
                    message: $message,
                },)*];
                $(all.extend(<$inner as $crate::kernel::error::Refuses>::refusals());)*
                all
            }
        }

        impl $crate::kernel::error::DomainError for $name {
            fn kind(&self) -> $crate::kernel::error::ErrorKind {
                match self {
                    $(Self::$variant => $crate::kernel::error::ErrorKind::$kind,)*
                    $(Self::$from(inner) => $crate::kernel::error::DomainError::kind(inner),)*
                }
            }
            fn reason(&self) -> &'static str {
                match self {
                    $(Self::$variant => $reason,)*
                    $(Self::$from(inner) => $crate::kernel::error::DomainError::reason(inner),)*
                }
            }
            fn detail(&self) -> Option<&$crate::kernel::error::Invalid> {
                match self {
                    $(Self::$variant => None,)*
                    $(Self::$from(inner) => $crate::kernel::error::DomainError::detail(inner),)*
                }
            }
            fn wants_retry(&self) -> bool {
                match self {
                    $(Self::$variant => false,)*
                    $(Self::$from(inner) => $crate::kernel::error::DomainError::wants_retry(inner),)*
                }
            }
        }
    };
}
pub use refusals;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::store_error::StoreError;
    use crate::talk::message::edit::EditMessageError;

    #[test]
    fn the_refusals_of_a_use_case_include_those_of_its_steps() {
        let all = EditMessageError::refusals();
        let of = |reason: &str| all.iter().find(|refusal| refusal.reason == reason);
        let own = of("MESSAGE_DELETED").unwrap();
        assert_eq!(own.kind, ErrorKind::FailedPrecondition);
        assert_eq!(of("CHAT_NOT_FOUND").unwrap().kind, ErrorKind::NotFound);
        assert_eq!(
            of("STORAGE_UNAVAILABLE").unwrap().kind,
            ErrorKind::Unavailable
        );
    }

    /// API-13: `details` names the field, whichever check refused it.
    #[test]
    fn an_error_after_a_check_keeps_its_kind_reason_and_field() {
        type Checked = CheckedError<StoreError, EditMessageError>;
        let invalid = Invalid::too_long("text", 5, "characters");
        let work = Checked::Work(invalid.clone().into());
        let told = (work.kind(), work.reason(), work.wants_retry());
        assert_eq!(told, (ErrorKind::InvalidArgument, "LIMIT_EXCEEDED", false));
        assert_eq!(work.detail(), Some(&invalid));
        let check = Checked::Check(StoreError::Conflict);
        let told = (check.kind(), check.reason(), check.wants_retry());
        assert_eq!(told, (ErrorKind::Unavailable, "BUSY", true));
        assert_eq!(check.detail(), None);
        let storage = Checked::from(StoreError::Conflict);
        assert!(matches!(storage, CheckedError::Work(_)) && storage.wants_retry());
    }

    /// API-13: naming field and limit.
    #[test]
    fn an_invalid_input_names_its_field_its_limit_and_nothing_of_its_own_in_general() {
        let invalid = Invalid::too_long("name", 255, "characters");
        assert_eq!(invalid.to_string(), "name: at most 255 characters");
        assert_eq!(invalid.limit, Some(255));
        assert_eq!(invalid.detail(), Some(&invalid));
        assert_eq!(Invalid::new("a", "B", "c").limit, None);
        assert!(Invalid::refusals().is_empty());
    }

    /// A refusal without an input names no field and requires no retry.
    #[test]
    fn a_refusal_without_a_field_has_no_detail() {
        let refusal = EditMessageError::Deleted;
        let told = (refusal.kind(), refusal.reason(), refusal.wants_retry());
        assert_eq!(
            told,
            (ErrorKind::FailedPrecondition, "MESSAGE_DELETED", false)
        );
        assert_eq!(refusal.detail(), None);
    }
}
