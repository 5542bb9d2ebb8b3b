//! Conversion of all errors into HTTP answers.

use std::error::Error;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use talk_domain::kernel::error::{DomainError, ErrorKind, Invalid};
use talk_wire::error::{ErrorBody, ErrorDetail, ErrorEnvelope};

use crate::status::Status;

/// The header with the request's id, in requests and answers.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// `Retry-After` in seconds when a part of the system is unavailable.
const UNAVAILABLE_FOR: u32 = 1;

/// A refusal that will be answered.
#[derive(Debug)]
pub(crate) struct ApiError(Box<Refusal>);

#[derive(Debug)]
struct Refusal {
    status: Status,
    reason: &'static str,
    message: String,
    details: Vec<ErrorDetail>,
    retry_after: Option<u32>,
    allow: Option<String>,
    /// The size of the file, of a range that begins behind its end.
    size: Option<u64>,
    cause: Option<String>,
    request_id: String,
}

impl ApiError {
    pub(crate) fn new(status: Status, reason: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Refusal {
            status,
            reason,
            message: message.into(),
            details: Vec::new(),
            retry_after: None,
            allow: None,
            size: None,
            cause: None,
            request_id: String::new(),
        }))
    }

    /// Creates a refusal of an invalid field.
    pub(crate) fn invalid(field: &str, reason: &'static str, message: impl Into<String>) -> Self {
        Invalid::new(field, reason, message).into()
    }

    pub(crate) fn route_not_found() -> Self {
        Self::new(
            Status::NOT_FOUND,
            "ROUTE_NOT_FOUND",
            "there is no such route",
        )
    }

    pub(crate) fn method_not_allowed(allow: impl Into<String>) -> Self {
        let mut error = Self::new(
            Status::MethodNotAllowed,
            "METHOD_NOT_ALLOWED",
            "the route has no such method",
        );
        error.0.allow = Some(allow.into());
        error
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        let mut error = Self::new(
            Status::PayloadTooLarge,
            "PAYLOAD_TOO_LARGE",
            format!("the body may have at most {limit} bytes"),
        );
        error.0.details.push(ErrorDetail {
            field: "body".to_owned(),
            limit: Some(limit as u64),
        });
        error
    }

    /// Creates the refusal of a range of a file of `size` bytes.
    pub(crate) fn not_satisfiable(size: u64) -> Self {
        let message = format!("the file has {size} bytes");
        let status = Status::RangeNotSatisfiable;
        let mut error = Self::new(status, "RANGE_NOT_SATISFIABLE", message);
        error.0.size = Some(size);
        error
    }

    pub(crate) fn too_many(reason: &'static str, message: &str, retry_after: u32) -> Self {
        let status = Status::Domain(ErrorKind::ResourceExhausted);
        Self::new(status, reason, message).retry_after(retry_after)
    }

    /// Sets the `Retry-After` seconds.
    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// Creates an internal error; `cause` is only logged.
    pub(crate) fn internal(cause: impl Into<String>) -> Self {
        let mut error = Self::new(
            Status::INTERNAL,
            "INTERNAL",
            "something went wrong on our side",
        );
        error.0.cause = Some(cause.into());
        error
    }

    /// Creates the refusal for an error answer of the framework.
    pub(crate) fn of_code(code: StatusCode) -> Self {
        match code {
            StatusCode::NOT_FOUND => Self::route_not_found(),
            StatusCode::METHOD_NOT_ALLOWED => Self::method_not_allowed("GET"),
            StatusCode::PAYLOAD_TOO_LARGE => Self::new(
                Status::PayloadTooLarge,
                "PAYLOAD_TOO_LARGE",
                "the request is too large",
            ),
            code if code.is_client_error() => Self::new(
                Status::INVALID,
                "INVALID_REQUEST",
                "the request could not be read",
            ),
            code => Self::internal(format!("the framework answered {code}")),
        }
    }

    /// Sets the id of the request.
    pub(crate) fn answering(mut self, request_id: &str) -> Self {
        request_id.clone_into(&mut self.0.request_id);
        self
    }

    /// The stable reason.
    pub(crate) fn reason(&self) -> &'static str {
        self.0.reason
    }

    /// For people.
    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns whether the request is invalid in every state.
    pub(crate) fn is_mistake(&self) -> bool {
        self.0.status == Status::INVALID
    }

    /// Returns whether a part of the system is unavailable.
    pub(crate) fn is_unavailable(&self) -> bool {
        self.0.status.code().is_server_error()
    }

    /// Logs the details that the client does not get.
    pub(crate) fn log(&self, request_id: &str) {
        if let Some(cause) = &self.0.cause {
            let reason = self.0.reason;
            tracing::error!(request_id, reason, cause, "a request failed");
        }
    }

    /// The answer.
    pub(crate) fn response(&self, request_id: &str) -> HttpResponse {
        let refusal = &*self.0;
        let code = refusal.status.code();
        let mut response = HttpResponseBuilder::new(code);
        if let Some(seconds) = refusal.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        if let Some(allow) = &refusal.allow {
            response.insert_header((header::ALLOW, allow.as_str()));
        }
        if let Some(size) = refusal.size {
            response.insert_header((header::CONTENT_RANGE, format!("bytes */{size}")));
        }
        if code == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        response.json(ErrorEnvelope {
            error: ErrorBody {
                status: refusal.status.word().to_owned(),
                reason: refusal.reason.to_owned(),
                message: refusal.message.clone(),
                request_id: request_id.to_owned(),
                details: refusal.details.clone(),
            },
        })
    }
}

/// Sets the header with the request's id.
pub(crate) fn name_request(headers: &mut HeaderMap, request_id: &str) {
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, value);
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.reason, self.0.message)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.0.status.code()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = self.response(&self.0.request_id);
        name_request(response.headers_mut(), &self.0.request_id);
        response
    }
}

impl<E: DomainError> From<E> for ApiError {
    fn from(error: E) -> Self {
        let kind = error.kind();
        let mut refused = match kind {
            ErrorKind::Internal => return Self::internal(chain(&error)),
            ErrorKind::Unavailable => {
                let message = "a part of the system is away, try again soon";
                let mut refused = Self::new(Status::Domain(kind), error.reason(), message);
                refused.0.retry_after = Some(UNAVAILABLE_FOR);
                refused.0.cause = Some(chain(&error));
                refused
            }
            _ => Self::new(Status::Domain(kind), error.reason(), error.to_string()),
        };
        refused.0.details = error.detail().map(ErrorDetail::from).into_iter().collect();
        refused
    }
}

/// Formats an error with its causes.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::body::to_bytes;
    use talk_domain::kernel::store_error::StoreError;
    use talk_domain::talk::access::AccessError;

    async fn shown(error: ApiError) -> (HttpResponse, String) {
        let response = error.response("r-1");
        let (head, body) = response.into_parts();
        let body = to_bytes(body).await.unwrap();
        (
            head.set_body(actix_web::body::BoxBody::new(())),
            String::from_utf8(body.to_vec()).unwrap(),
        )
    }

    #[actix_web::test]
    async fn a_refusal_keeps_its_reason_and_names_the_field() {
        let (head, body) =
            shown(Invalid::too_long("medias[1].name", 255, "characters").into()).await;
        assert_eq!(head.status(), 400);
        assert_eq!(
            body,
            concat!(
                r#"{"error":{"status":"INVALID_ARGUMENT","reason":"LIMIT_EXCEEDED","#,
                r#""message":"medias[1].name: at most 255 characters","request_id":"r-1","#,
                r#""details":[{"field":"medias[1].name","limit":255}]}}"#
            )
        );
        let (head, body) = shown(AccessError::NoSuchChat.into()).await;
        assert_eq!(head.status(), 404);
        assert!(body.contains(r#""reason":"CHAT_NOT_FOUND""#), "{body}");
    }

    /// Case 31.
    #[actix_web::test]
    async fn an_outage_is_answered_with_the_time_to_retry_and_logged_with_its_cause() {
        let error = ApiError::from(StoreError::Unavailable("disk full on /var".into()));
        assert_eq!(
            error.0.cause.as_deref(),
            Some("storage failed: disk full on /var")
        );
        let (head, body) = shown(error).await;
        assert_eq!(head.status(), 503);
        assert_eq!(head.headers().get(header::RETRY_AFTER).unwrap(), "1");
        assert!(!body.contains("disk"), "{body}");
    }

    /// Case 39.
    #[actix_web::test]
    async fn a_read_that_took_too_long_may_be_tried_again() {
        let (head, body) = shown(StoreError::Timeout.into()).await;
        assert_eq!(head.status(), 503);
        assert_eq!(head.headers().get(header::RETRY_AFTER).unwrap(), "1");
        assert!(body.contains(r#""reason":"QUERY_TIMEOUT""#), "{body}");
    }

    #[actix_web::test]
    async fn a_fault_of_ours_shows_nothing_of_its_inside() {
        let (head, body) = shown(StoreError::Corrupt("row 7".into()).into()).await;
        assert_eq!(head.status(), 500);
        assert!(
            body.contains(r#""reason":"INTERNAL""#) && !body.contains("row 7"),
            "{body}"
        );
    }
}
