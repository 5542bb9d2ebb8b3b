//! Checks every answer of the tests against the OpenAPI document.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::Answer;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let document = include_str!("../../../talk-http-actix/openapi.json");
    serde_json::from_str(document).expect("a document")
});

/// Paths that the document leaves out: itself, the pages for people, the visitor's side of a web chat, the
/// requests of providers, the socket, and signed links.
const HIDDEN: [&str; 8] = [
    "/openapi.json",
    "/asyncapi.json",
    "/docs",
    "/console/",
    "/v1.0/webchat/",
    "/v1.0/conversation/accounts/",
    "/v1.0/ws",
    "/v1.0/files/",
];

const ERRORS: &str = include_str!("../../../talk-http-actix/ERRORS.md");

/// An answer has a code its operation is described with, and a refusal one of the reasons.
#[track_caller]
pub fn check(method: &str, path: &str, answer: &Answer) {
    let responses = responses(method, path);
    let code = answer.status.to_string();
    let response = responses.and_then(|responses| responses.get(&code));
    // A preflight belongs to no operation.
    let is_preflight = method == "OPTIONS" && answer.status == 204;
    if is_preflight || (method == "HEAD" && answer.status == 405) {
        return;
    }
    let is_hidden =
        path == "/" || HIDDEN.iter().any(|hidden| path.starts_with(hidden)) || method == "HEAD";
    if answer.status < 400 || method == "HEAD" {
        assert!(
            is_hidden || response.is_some(),
            "{method} {path}: {answer:?}"
        );
        return;
    }
    let error = answer.json();
    let reason = error["error"]["reason"].as_str().unwrap_or_default();
    assert_known(reason);
    // No operation refuses an unknown path or method.
    let is_general = ["ROUTE_NOT_FOUND", "METHOD_NOT_ALLOWED"].contains(&reason);
    let is_described = response.is_some_and(|response| reasons(response).contains(&reason));
    assert!(
        is_hidden || is_described || is_general,
        "{method} {path} is not described with {code} {reason}"
    );
}

/// Asserts that a reason of a frame or answer is explained in the catalogue.
#[track_caller]
pub fn assert_known(reason: &str) {
    assert!(
        ERRORS.contains(&format!("| `{reason}` |")),
        "{reason} is not explained"
    );
}

fn responses(method: &str, path: &str) -> Option<&'static Map<String, Value>> {
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let (_, operations) = paths.iter().find(|(known, _)| matches(known, path))?;
    operations[method.to_lowercase()]["responses"].as_object()
}

/// Returns whether `path` matches the template `described`, segment by segment.
fn matches(described: &str, path: &str) -> bool {
    let (described, path) = (described.split('/'), path.split('/'));
    described.clone().count() == path.clone().count()
        && described
            .zip(path)
            .all(|(known, part)| known.starts_with('{') || known == part)
}

fn reasons(response: &Value) -> Vec<&str> {
    let response = match response["$ref"].as_str() {
        Some(reference) => DOCUMENT.pointer(&reference[1..]).expect("a response"),
        None => response,
    };
    let reasons = response["x-reasons"].as_array();
    reasons
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}
