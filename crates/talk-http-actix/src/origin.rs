//! Access of web pages: the `Origin` header of browsers, compared by scheme, host and port, and the
//! headers that let a browser show answers to the page (CORS).
//!
//! `actix-cors` answers preflights with 200, and as a middleware inside [`observe`](crate::observe)
//! its headers are lost when a refusal is put into its envelope. The few headers are set here
//! instead, on every answer as it leaves.

use std::fmt;
use std::str::FromStr;

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HOST,
    HeaderMap, HeaderValue, ORIGIN, VARY,
};
use url::Url;

use crate::address::Scheme;
use crate::endpoints::OPEN_TO_PAGES;

/// The methods a page may use: those of the API.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, DELETE");

/// The request headers a page may set. There is no `*`: it does not cover `Authorization`.
const HEADERS: HeaderValue =
    HeaderValue::from_static("Authorization, Content-Type, Idempotency-Key, X-Request-Id");

/// The headers of an answer a page may read.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "Talk-Position, X-Request-Id, Retry-After, Idempotent-Replayed, Deprecation",
);

/// Seconds for which a browser may keep the answer to a preflight. Browsers cap it at two hours or
/// less.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// The origin of a web page: `http` or `https`, a host, and a port, which is the scheme's default
/// if the text names none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(url::Origin);

/// A text that is not an origin of a web page.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no origin like https://console.example.com")]
pub struct OriginError(String);

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let error = || OriginError(text.to_owned());
        let url = Url::parse(text).map_err(|_| error())?;
        let is_web = matches!(url.scheme(), "http" | "https");
        // The parser adds the path `/`. A text with a path is a URL, not an origin.
        let rest = text.split_once("://").map_or("", |(_, rest)| rest);
        if !is_web || rest.is_empty() || rest.contains(['/', '\\', '?', '#', '@']) {
            return Err(error());
        }
        Ok(Self(url.origin()))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.ascii_serialization())
    }
}

/// The web page that a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page<'a> {
    /// No `Origin` header: not a browser, or a request of a page of the same origin.
    None,
    /// A page of the host that the request went to.
    SameHost,
    /// A page of an origin in `allowed_origins`; the header's text.
    Allowed(&'a HeaderValue),
    /// Any other page.
    Foreign,
}

impl<'a> Page<'a> {
    /// Classifies the page in the headers of a request.
    ///
    /// `scheme` is the one that the client used, as reported by a trusted proxy. If it is unknown,
    /// the scheme of the page is assumed, since a proxy that reports nothing may have terminated
    /// TLS.
    pub(crate) fn of(headers: &'a HeaderMap, scheme: Option<Scheme>, allowed: &[Origin]) -> Self {
        let Some(header) = headers.get(ORIGIN) else {
            return Self::None;
        };
        let Ok(page) = header.to_str().unwrap_or_default().parse::<Origin>() else {
            return Self::Foreign;
        };
        if allowed.contains(&page) {
            return Self::Allowed(header);
        }
        let scheme = match scheme {
            Some(scheme) => scheme.name(),
            None => page.scheme(),
        };
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let own = host.and_then(|host| format!("{scheme}://{host}").parse().ok());
        if own == Some(page) {
            Self::SameHost
        } else {
            Self::Foreign
        }
    }
}

impl Origin {
    fn scheme(&self) -> &str {
        match &self.0 {
            url::Origin::Tuple(scheme, _, _) => scheme,
            url::Origin::Opaque(_) => "",
        }
    }
}

/// Whether pages of any origin may use `path`: the widget of a web chat is on pages of customers, and its
/// endpoints admit those of the account.
fn is_open(path: &str) -> bool {
    path.starts_with(OPEN_TO_PAGES)
}

/// Answers the preflight of a page of an allowed origin; `None` for every other request.
pub(crate) fn preflight(request: &ServiceRequest, allowed: &[Origin]) -> Option<HttpResponse> {
    let headers = request.headers();
    if request.method() != Method::OPTIONS || !headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        return None;
    }
    let is_allowed = matches!(Page::of(headers, None, allowed), Page::Allowed(_));
    if !is_allowed && !is_open(request.path()) {
        return None;
    }
    let mut answer = HttpResponse::NoContent();
    answer
        .insert_header((ACCESS_CONTROL_ALLOW_METHODS, METHODS))
        .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, HEADERS))
        .insert_header((ACCESS_CONTROL_MAX_AGE, MAX_AGE));
    Some(answer.finish())
}

/// Lets a page of an allowed origin read the answer to `request`, and any page that of a web chat.
/// Credentials are not allowed, since cookies never authenticate (API-01).
pub(crate) fn share(
    (path, request): (&str, &HeaderMap),
    answer: &mut HeaderMap,
    allowed: &[Origin],
) {
    if is_open(path) {
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        return;
    }
    if allowed.is_empty() {
        return;
    }
    // Caches must not serve the answer for one page to another.
    answer.append(VARY, HeaderValue::from_static("Origin"));
    if let Page::Allowed(origin) = Page::of(request, None, allowed) {
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn page(host: &str, origin: &str, scheme: Option<Scheme>, allowed: &[&str]) -> &'static str {
        let allowed: Vec<Origin> = allowed.iter().map(|text| text.parse().unwrap()).collect();
        let request = TestRequest::get()
            .insert_header((HOST, host))
            .insert_header((ORIGIN, origin))
            .to_http_request();
        match Page::of(request.headers(), scheme, &allowed) {
            Page::None => "none",
            Page::SameHost => "same host",
            Page::Allowed(_) => "allowed",
            Page::Foreign => "foreign",
        }
    }

    /// Cases 28 and 69.
    #[test]
    fn pages_are_compared_by_scheme_host_and_port() {
        for (host, origin, judged) in [
            ("talk.test:8095", "http://talk.test:8095", "same host"),
            ("talk.test:8095", "HTTPS://Talk.TEST:8095", "same host"),
            ("talk.test:443", "https://talk.test", "same host"),
            ("talk.test", "https://talk.test:443", "same host"),
            ("talk.test", "http://talk.test:80", "same host"),
            ("[::1]:8095", "http://[::1]:8095", "same host"),
            ("talk.test", "chrome-extension://talk.test", "foreign"),
            ("talk.test:8095", "http://talk.test", "foreign"),
            ("talk.test:443", "http://talk.test", "foreign"),
            ("talk.test", "http://talk.test.evil.test", "foreign"),
            ("talk.test", "https://a@talk.test", "foreign"),
            ("talk.test", "https://talk.test/page", "foreign"),
            ("talk.test", "null", "foreign"),
            ("talk.test", "", "foreign"),
            ("", "http://", "foreign"),
            ("a/b", "http://a", "foreign"),
        ] {
            assert_eq!(page(host, origin, None, &[]), judged, "{host} {origin}");
        }
        let none = TestRequest::get().to_http_request();
        assert_eq!(Page::of(none.headers(), None, &[]), Page::None);
    }

    /// Case 69.
    #[test]
    fn a_page_of_the_same_host_has_the_scheme_that_the_client_used() {
        for (scheme, host, origin, judged) in [
            (Scheme::Https, "t.test", "https://t.test", "same host"),
            (Scheme::Https, "t.test:443", "https://t.test", "same host"),
            (
                Scheme::Https,
                "t.test:8443",
                "https://t.test:8443",
                "same host",
            ),
            (Scheme::Https, "t.test", "http://t.test", "foreign"),
            (Scheme::Https, "t.test:443", "http://t.test:443", "foreign"),
            (Scheme::Http, "t.test", "http://t.test", "same host"),
            (Scheme::Http, "t.test", "https://t.test", "foreign"),
            (Scheme::Http, "t.test", "http://t.test:443", "foreign"),
        ] {
            assert_eq!(
                page(host, origin, Some(scheme), &[]),
                judged,
                "{host} {origin}"
            );
        }
        let console = ["https://console.test"];
        assert_eq!(
            page("t.test", console[0], Some(Scheme::Http), &console),
            "allowed"
        );
    }

    /// Cases 68 and 69.
    #[test]
    fn an_allowed_origin_is_itself_whether_its_port_is_named_or_not() {
        let allowed = ["https://console.test", "http://localhost:3000"];
        for (origin, judged) in [
            ("https://console.test", "allowed"),
            ("https://console.test:443", "allowed"),
            ("http://console.test", "foreign"),
            ("https://console.test:8443", "foreign"),
            ("https://x.console.test", "foreign"),
            ("http://localhost:3000", "allowed"),
            ("http://localhost", "foreign"),
        ] {
            assert_eq!(page("t.test", origin, None, &allowed), judged, "{origin}");
        }
    }

    #[test]
    fn an_origin_is_a_scheme_a_host_and_perhaps_a_port() {
        for text in [
            "http://a",
            "https://a.test:1",
            "http://[::1]:80",
            "http://1.2.3.4",
        ] {
            assert!(text.parse::<Origin>().is_ok(), "{text}");
        }
        for text in [
            "",
            "*",
            "null",
            "a.test",
            "http:",
            "http:/a",
            "http://",
            "http://a/",
            "ws://a",
            "http://a?b",
            "http://a#b",
            "http://u@a",
            "http://a:x",
            "http:a",
            "http://a\\b",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }
}
