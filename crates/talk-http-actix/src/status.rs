//! The table of statuses: the word and the HTTP code of each kind of refusal.

use actix_web::http::StatusCode;
use talk_domain::kernel::error::ErrorKind;

/// The status of an error answer: a kind of the domain, or one of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Refused by a rule.
    Domain(ErrorKind),
    /// The route has no such method.
    MethodNotAllowed,
    /// The body is over its limit.
    PayloadTooLarge,
    /// The file has no such bytes.
    RangeNotSatisfiable,
    /// The body is not JSON, or compressed.
    UnsupportedMediaType,
}

impl Status {
    pub(crate) const INVALID: Self = Self::Domain(ErrorKind::InvalidArgument);
    pub(crate) const UNAUTHENTICATED: Self = Self::Domain(ErrorKind::Unauthenticated);
    pub(crate) const NOT_FOUND: Self = Self::Domain(ErrorKind::NotFound);
    pub(crate) const INTERNAL: Self = Self::Domain(ErrorKind::Internal);

    /// Every status.
    pub(crate) const ALL: [Self; 14] = [
        Self::INVALID,
        Self::UNAUTHENTICATED,
        Self::Domain(ErrorKind::PermissionDenied),
        Self::NOT_FOUND,
        Self::MethodNotAllowed,
        Self::Domain(ErrorKind::AlreadyExists),
        Self::Domain(ErrorKind::FailedPrecondition),
        Self::PayloadTooLarge,
        Self::RangeNotSatisfiable,
        Self::UnsupportedMediaType,
        Self::Domain(ErrorKind::Unprocessable),
        Self::Domain(ErrorKind::ResourceExhausted),
        Self::Domain(ErrorKind::Unavailable),
        Self::INTERNAL,
    ];

    /// Finds the status with this word.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }

    /// The word in the envelope.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Domain(ErrorKind::InvalidArgument) => "INVALID_ARGUMENT",
            Self::Domain(ErrorKind::Unauthenticated) => "UNAUTHENTICATED",
            Self::Domain(ErrorKind::PermissionDenied) => "PERMISSION_DENIED",
            Self::Domain(ErrorKind::NotFound) => "NOT_FOUND",
            Self::Domain(ErrorKind::AlreadyExists) => "ALREADY_EXISTS",
            Self::Domain(ErrorKind::FailedPrecondition) => "FAILED_PRECONDITION",
            Self::Domain(ErrorKind::Unprocessable) => "UNPROCESSABLE",
            Self::Domain(ErrorKind::ResourceExhausted) => "RESOURCE_EXHAUSTED",
            Self::Domain(ErrorKind::Unavailable) => "UNAVAILABLE",
            Self::Domain(ErrorKind::Internal) => "INTERNAL",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::PayloadTooLarge => "PAYLOAD_TOO_LARGE",
            Self::RangeNotSatisfiable => "RANGE_NOT_SATISFIABLE",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
        }
    }

    /// The HTTP code.
    pub(crate) const fn code(self) -> StatusCode {
        match self {
            Self::Domain(ErrorKind::InvalidArgument) => StatusCode::BAD_REQUEST,
            Self::Domain(ErrorKind::Unauthenticated) => StatusCode::UNAUTHORIZED,
            Self::Domain(ErrorKind::PermissionDenied) => StatusCode::FORBIDDEN,
            Self::Domain(ErrorKind::NotFound) => StatusCode::NOT_FOUND,
            Self::Domain(ErrorKind::AlreadyExists | ErrorKind::FailedPrecondition) => {
                StatusCode::CONFLICT
            }
            Self::Domain(ErrorKind::Unprocessable) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Domain(ErrorKind::ResourceExhausted) => StatusCode::TOO_MANY_REQUESTS,
            Self::Domain(ErrorKind::Unavailable) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Domain(ErrorKind::Internal) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::RangeNotSatisfiable => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_word_and_code() {
        let table = [
            (ErrorKind::InvalidArgument, "INVALID_ARGUMENT", 400),
            (ErrorKind::Unauthenticated, "UNAUTHENTICATED", 401),
            (ErrorKind::PermissionDenied, "PERMISSION_DENIED", 403),
            (ErrorKind::NotFound, "NOT_FOUND", 404),
            (ErrorKind::AlreadyExists, "ALREADY_EXISTS", 409),
            (ErrorKind::FailedPrecondition, "FAILED_PRECONDITION", 409),
            (ErrorKind::Unprocessable, "UNPROCESSABLE", 422),
            (ErrorKind::ResourceExhausted, "RESOURCE_EXHAUSTED", 429),
            (ErrorKind::Unavailable, "UNAVAILABLE", 503),
            (ErrorKind::Internal, "INTERNAL", 500),
        ];
        for (kind, word, code) in table {
            let status = Status::Domain(kind);
            assert_eq!((status.word(), status.code().as_u16()), (word, code));
        }
        assert_eq!(Status::MethodNotAllowed.code().as_u16(), 405);
        assert_eq!(Status::PayloadTooLarge.code().as_u16(), 413);
        assert_eq!(Status::RangeNotSatisfiable.code().as_u16(), 416);
        assert_eq!(Status::UnsupportedMediaType.code().as_u16(), 415);
    }
}
