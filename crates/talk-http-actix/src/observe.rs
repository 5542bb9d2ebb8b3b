//! The outermost middleware: request ids, log lines, metrics, and the error envelope, also for
//! errors of the framework.

use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use actix_http::ConnectionType;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, ResponseError, web};
use futures_util::FutureExt;
use metrics::{Gauge, Histogram};

use crate::address::ClientAddress;
use crate::api_error::{ApiError, REQUEST_ID, name_request};
use crate::endpoint::Matched;
use crate::endpoints::{RateLimited, deprecate, is_probed};
use crate::files::FileBody;
use crate::origin::{Origin, preflight, share};
use crate::shared::Shared;

thread_local! {
    /// The metrics of each request are looked up once per thread: a lookup in the registry compares
    /// and copies the labels.
    static IN_FLIGHT: Gauge = metrics::gauge!("talk_http_requests_in_flight");
    /// By route, method and status.
    static DURATIONS: RefCell<HashMap<(&'static str, &'static str, u16), Histogram>> = RefCell::default();
}

/// Counts a request in flight.
struct InFlight(());

impl InFlight {
    fn begin() -> Self {
        IN_FLIGHT.with(|gauge| gauge.increment(1.0));
        Self(())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        // At the end of its thread there may be none.
        let _ = IN_FLIGHT.try_with(|gauge| gauge.decrement(1.0));
    }
}

/// The attributes of a request that its log line shows.
struct Seen {
    id: String,
    method: &'static str,
    client: ClientAddress,
    started: Instant,
}

impl Seen {
    fn of(request: &ServiceRequest) -> Self {
        let shared = request.app_data::<web::Data<Shared>>();
        let client = shared.map(|shared| shared.addresses.note(request));
        Self {
            id: request_id(request),
            method: method(request.method()),
            client: client.unwrap_or_else(|| ClientAddress::of(request.request())),
            started: Instant::now(),
        }
    }
}

/// The outermost middleware.
pub(crate) async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let _in_flight = InFlight::begin();
    let seen = Seen::of(&request);
    if let Err(refusal) = admit(&request, seen.client).await {
        let refusal = request.into_response(refusal.response(&seen.id));
        return Ok(finish(refusal, &seen));
    }
    if let Some(answer) = preflight(&request, allowed_origins(request.request())) {
        return Ok(finish(request.into_response(answer), &seen));
    }
    // A request shares no mutable state that a panic could leave inconsistent.
    let answered = AssertUnwindSafe(next.call(request)).catch_unwind().await;
    let response = match answered {
        Ok(Ok(response)) => enveloped(response.map_into_boxed_body(), &seen.id),
        Ok(Err(error)) => {
            let error = ApiError::of_code(error.as_response_error().status_code());
            return Err(failed(error, &seen).into());
        }
        Err(_) => return Err(failed(ApiError::internal("a handler panicked"), &seen).into()),
    };
    charge(&response);
    Ok(finish(counted(response, &seen.id), &seen))
}

/// Charges a request to its address, before authentication.
async fn admit(request: &ServiceRequest, client: ClientAddress) -> Result<(), ApiError> {
    match request.app_data::<web::Data<Shared>>() {
        Some(shared) if request.app_data::<RateLimited>().is_some() => {
            shared.limiter.admit(request.request(), client).await
        }
        _ => Ok(()),
    }
}

/// Charges the body of an answer.
fn charge(response: &ServiceResponse) {
    let request = response.request();
    if let BodySize::Sized(size) = response.response().body().size()
        && request.app_data::<RateLimited>().is_some()
        && let Some(shared) = request.app_data::<web::Data<Shared>>()
    {
        if response.response().extensions().get::<FileBody>().is_some() {
            shared.limiter.charge_file(request, size);
        } else {
            shared.limiter.charge_body(request, size);
        }
    }
}

/// Records a request that failed before it reached a route.
fn failed(error: ApiError, seen: &Seen) -> ApiError {
    error.log(&seen.id);
    record("unknown", error.status_code(), seen);
    error.answering(&seen.id)
}

/// Counts the body of an answer until the client has read it.
fn counted(response: ServiceResponse, id: &str) -> ServiceResponse {
    let shared = response.request().app_data::<web::Data<Shared>>().cloned();
    match shared {
        Some(shared) => shared.unsent.count(response, id),
        None => response,
    }
}

/// Replaces error bodies of the framework by the error envelope.
fn enveloped(response: ServiceResponse, id: &str) -> ServiceResponse {
    if let Some(error) = response.response().error() {
        let envelope = if let Some(error) = error.as_error::<ApiError>() {
            error.log(id);
            error.response(id)
        } else {
            let error = ApiError::of_code(response.status());
            error.log(id);
            error.response(id)
        };
        return response.into_response(envelope);
    }
    let code = response.status();
    if (code.is_client_error() || code.is_server_error()) && !is_json(response.headers()) {
        let envelope = ApiError::of_code(code).response(id);
        return response.into_response(envelope);
    }
    response
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"))
}

fn finish(mut response: ServiceResponse, seen: &Seen) -> ServiceResponse {
    name_request(response.headers_mut(), &seen.id);
    keep_http(&mut response);
    for_browsers(&mut response);
    let route = Matched::of(response.request());
    deprecate(route, response.headers_mut());
    record(route, response.status(), seen);
    response
}

/// Sets the headers for browsers: no caching unless the route allows it (static files), no content
/// sniffing, and CORS.
fn for_browsers(response: &mut ServiceResponse) {
    let request = response.request().clone();
    let headers = response.headers_mut();
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let asked = (request.path(), request.headers());
    share(asked, headers, allowed_origins(&request));
}

fn allowed_origins(request: &HttpRequest) -> &[Origin] {
    let shared = request.app_data::<web::Data<Shared>>();
    shared.map_or(&[], |shared| &shared.api.allowed_origins)
}

/// Removes the `Upgrade` header from an answer that does not switch protocols, which the framework
/// would echo.
fn keep_http(response: &mut ServiceResponse) {
    let is_wanted = response.request().head().upgrade();
    if is_wanted && response.status() != StatusCode::SWITCHING_PROTOCOLS {
        let head = response.response_mut().head_mut();
        head.set_connection_type(ConnectionType::Close);
    }
}

/// Writes the log line and the metric of a request. The raw path stays out of both: it has no
/// bounded number of values, and the query may hold a token.
fn record(route: &'static str, status: StatusCode, seen: &Seen) {
    let took = seen.started.elapsed();
    let duration_ms = took.as_secs_f64() * 1_000.0;
    let status = status.as_u16();
    let (method, client, request_id) = (seen.method, seen.client, &seen.id);
    if status == 200 && is_probed(route) {
        // Probes come every second and would flood the log.
        tracing::debug!(method, route, status, duration_ms, %client, request_id, "request");
    } else {
        tracing::info!(method, route, status, duration_ms, %client, request_id, "request");
    }
    DURATIONS.with_borrow_mut(|durations| {
        let of_route = durations.entry((route, method, status));
        let histogram = of_route.or_insert_with_key(|(route, method, status)| {
            metrics::histogram!(
                "talk_http_request_duration_seconds",
                "method" => *method,
                "route" => *route,
                "status" => status.to_string(),
            )
        });
        histogram.record(took.as_secs_f64());
    });
}

const fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

/// Returns the client's request id if it is valid, else a new one.
fn request_id(request: &ServiceRequest) -> String {
    let given = request.headers().get(REQUEST_ID);
    let given = given.and_then(|id| id.to_str().ok()).filter(|id| {
        (1..=64).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    });
    match (given, request.app_data::<web::Data<Shared>>()) {
        (Some(given), _) => given.to_owned(),
        (None, Some(shared)) => format!("{:032x}", (shared.api.random)()),
        (None, None) => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, get, request};

    #[actix_web::test]
    async fn an_unknown_route_and_a_wrong_method_get_an_envelope() {
        let refused = Scene::new().call(get(1, "/v1.0/nothing")).await;
        assert_eq!(refused.refusal().1, "ROUTE_NOT_FOUND");
        for method in [Method::PATCH, Method::OPTIONS, Method::HEAD] {
            let refused = Scene::new().call(request(1, method, "/v1.0/agents")).await;
            assert_eq!(refused.refusal().1, "METHOD_NOT_ALLOWED");
            assert_eq!(refused.status, 405);
            assert_eq!(refused.header("allow"), "GET, POST");
        }
    }

    #[actix_web::test]
    async fn every_answer_carries_its_request_id_also_in_the_envelope() {
        let request = get(1, "/healthz").insert_header((REQUEST_ID, "r_1-A"));
        assert_eq!(
            Scene::new().call(request).await.header("x-request-id"),
            "r_1-A"
        );
        let too_long = "x".repeat(65);
        for bad in ["", "a b", &too_long] {
            let request = get(1, "/v1.0/nothing").insert_header((REQUEST_ID, bad));
            let refused = Scene::new().call(request).await;
            let id = refused.header("x-request-id");
            assert_eq!(id, "00000000000000000000000000000007");
            assert_eq!(refused.json()["error"]["request_id"], id);
        }
    }

    #[actix_web::test]
    async fn a_panic_is_an_internal_error() {
        // No read is set up, so the mock panics.
        let refused = Scene::empty().call(get(1, "/readyz")).await;
        assert_eq!(refused.refusal().1, "INTERNAL");
        assert_eq!(refused.status, 500);
        assert_eq!(
            refused.header("x-request-id"),
            refused.json()["error"]["request_id"]
        );
    }

    #[actix_web::test]
    async fn metrics_are_not_for_the_public() {
        let refused = Scene::new().call(get(1, "/metrics")).await;
        assert_eq!(refused.refusal().1, "ROUTE_NOT_FOUND");
    }
}
