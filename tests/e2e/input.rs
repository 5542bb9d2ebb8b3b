//! Bad input: a 4xx with a stable reason, the field and the limit, and no effect.

mod body;
mod endpoint;
mod field;
mod header;
mod id;
mod limit;
mod query;
mod raw;
mod route;
mod size;
mod world;

use serde_json::{Value, json};

use talk_testkit::harness::Answer;

/// The word that goes with each code of a refusal here.
const WORDS: [(u16, &str); 7] = [
    (400, "INVALID_ARGUMENT"),
    (401, "UNAUTHENTICATED"),
    (403, "PERMISSION_DENIED"),
    (404, "NOT_FOUND"),
    (405, "METHOD_NOT_ALLOWED"),
    (413, "PAYLOAD_TOO_LARGE"),
    (415, "UNSUPPORTED_MEDIA_TYPE"),
];

/// Checks a refusal: its envelope, the word of its code, and what it is about.
#[track_caller]
fn refused(answer: &Answer, (status, reason): (u16, &str), details: &Value) {
    let error = answer.refused(status, reason);
    assert!(WORDS.contains(&(status, error["status"].as_str().expect("a word"))));
    assert_ne!(error["message"], "", "{answer:?}");
    assert_eq!(error["details"], *details, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

/// Checks a refusal of one field.
#[track_caller]
fn refused_field(answer: &Answer, reason: &str, field: &str) {
    refused(answer, (400, reason), &json!([{"field": field}]));
}

/// Checks a refusal of one field for its limit.
#[track_caller]
fn refused_limit(answer: &Answer, reason: &str, (field, limit): (&str, u64)) {
    refused(
        answer,
        (400, reason),
        &json!([{"field": field, "limit": limit}]),
    );
}

/// Checks a refusal of what is about no field.
#[track_caller]
fn refused_whole(answer: &Answer, status: u16, reason: &str) {
    refused(answer, (status, reason), &json!([]));
}
