//! The routes of a listener: one table that all threads share.
//!
//! The framework makes its own table for every thread. With some hundred routes, that is 2.5 MiB each.

use actix_web::http::Method;
use actix_web::{HttpMessage as _, HttpRequest, web};
use matchit::{InsertError, Router};

use super::handler::Call;
use super::{Endpoint, Incoming};
use crate::api_error::ApiError;
use crate::caller::Reply;

/// The order of methods in `Allow`.
static METHODS: [Method; 5] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::DELETE,
];

/// The routes of a listener.
pub(crate) struct Routes {
    resources: Router<Resource>,
}

/// The endpoints of a path.
struct Resource {
    /// The path, with its parameters by name.
    pattern: &'static str,
    /// The methods, as the header `Allow` lists them.
    allow: String,
    endpoints: Vec<(Method, Call)>,
}

/// The pattern of the path that a request has matched. It is an extension of the request.
#[derive(Clone, Copy)]
pub(crate) struct Matched(pub(crate) &'static str);

impl Matched {
    /// Returns the pattern of a request; `"unknown"` if its path has none.
    pub(crate) fn of(request: &HttpRequest) -> &'static str {
        let matched = request.extensions().get::<Self>().copied();
        matched.map_or("unknown", |Self(pattern)| pattern)
    }
}

impl Routes {
    /// Creates the routes of endpoints.
    ///
    /// # Errors
    /// If the paths of two endpoints match the same requests.
    pub(crate) fn new(rows: Vec<Endpoint>) -> Result<Self, InsertError> {
        let mut paths: Vec<(&'static str, Vec<(Method, Call)>)> = Vec::new();
        for row in rows {
            match paths.iter_mut().find(|(path, _)| *path == row.path) {
                Some((_, endpoints)) => endpoints.extend(row.calls),
                None => paths.push((row.path, row.calls)),
            }
        }
        let mut resources = Router::new();
        for (pattern, endpoints) in paths {
            let allow = methods(&endpoints).join(", ");
            let resource = Resource {
                pattern,
                allow,
                endpoints,
            };
            resources.insert(pattern, resource)?;
        }
        Ok(Self { resources })
    }
}

/// Calls the handler of a request. A path with no endpoint is answered 404, another method of a path with
/// endpoints 405 with `Allow`.
pub(crate) async fn serve(
    routes: web::Data<Routes>,
    request: HttpRequest,
    payload: web::Payload,
) -> Reply {
    let found = routes.resources.at(request.match_info().as_str());
    let resource = found.map_err(|_| ApiError::route_not_found())?.value;
    request.extensions_mut().insert(Matched(resource.pattern));
    let mut endpoints = resource.endpoints.iter();
    let Some((_, call)) = endpoints.find(|(method, _)| method == request.method()) else {
        return Err(ApiError::method_not_allowed(resource.allow.clone()));
    };
    call(Incoming::new(request, payload)).await
}

/// Returns the segment of a path at the place of a parameter in the pattern of the path.
pub(super) fn parameter<'a>(pattern: &str, path: &'a str, name: &str) -> Option<&'a str> {
    let is_wanted = |segment: &str| {
        let inner = segment
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'));
        inner == Some(name)
    };
    let mut segments = pattern.split('/').zip(path.split('/'));
    segments.find_map(|(of_pattern, of_path)| is_wanted(of_pattern).then_some(of_path))
}

/// Returns the methods of endpoints, in the order of `Allow`.
pub(super) fn methods(endpoints: &[(Method, Call)]) -> Vec<&'static str> {
    let has = |wanted: &&Method| endpoints.iter().any(|(method, _)| method == *wanted);
    METHODS.iter().filter(has).map(Method::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_the_segment_in_its_place() {
        let pattern = "/v1.0/chats/{chat_id}/participants/{participant_id}";
        let path = "/v1.0/chats/7/participants/8%2F";
        assert_eq!(parameter(pattern, path, "chat_id"), Some("7"));
        assert_eq!(parameter(pattern, path, "participant_id"), Some("8%2F"));
        assert_eq!(parameter(pattern, path, "message_id"), None);
    }
}
