//! Finds the token of a request: in a header or the query, never in a cookie.

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;

use crate::api_error::ApiError;
use crate::endpoint::QueryReader;
use crate::status::Status;

/// Returns the token or access key of a request.
///
/// # Errors
/// `AUTHENTICATION_REQUIRED` if there is none.
pub(crate) fn presented(request: &HttpRequest) -> Result<String, ApiError> {
    if let Some(token) = bearer(request) {
        return Ok(token.to_owned());
    }
    let query = QueryReader::parse(request.query_string())?;
    let token = query.hidden("token").or_else(|| query.hidden("accesskey"));
    token.map(str::to_owned).ok_or_else(|| {
        ApiError::new(
            Status::UNAUTHENTICATED,
            "AUTHENTICATION_REQUIRED",
            "give a token or an access key",
        )
    })
}

fn bearer(request: &HttpRequest) -> Option<&str> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn a_token_is_found_in_each_of_its_three_places() {
        for request in [
            TestRequest::get().insert_header((AUTHORIZATION, "bearer  t-1")),
            TestRequest::get().uri("/?token=t-1"),
            TestRequest::get().uri("/?accesskey=t-1"),
            TestRequest::get()
                .uri("/?token=t-1")
                .insert_header((AUTHORIZATION, "Basic eDp5")),
        ] {
            assert_eq!(presented(&request.to_http_request()).unwrap(), "t-1");
        }
    }

    #[test]
    fn a_cookie_never_authenticates() {
        for request in [
            TestRequest::get().insert_header(("cookie", "token=t-1")),
            TestRequest::get().insert_header((AUTHORIZATION, "Bearer ")),
            TestRequest::get().uri("/?token="),
        ] {
            let refused = presented(&request.to_http_request())
                .unwrap_err()
                .response("r");
            assert_eq!(refused.status(), 401);
            assert_eq!(refused.headers().get("www-authenticate").unwrap(), "Bearer");
        }
    }
}
