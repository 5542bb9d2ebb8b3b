//! Refusals of an operation, one response per HTTP code.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use talk_wire::reason::{Reason, find};

use super::parameter::shared_header;
use crate::status::Status;

/// The responses that give these reasons.
pub(super) fn responses(reasons: &BTreeSet<&'static str>) -> Map<String, Value> {
    let mut codes: BTreeMap<u16, Vec<&Reason>> = BTreeMap::new();
    for known in reasons.iter().filter_map(|reason| find(reason)) {
        if let Some(status) = Status::of_word(known.status) {
            codes.entry(status.code().as_u16()).or_default().push(known);
        }
    }
    let responses = codes.into_iter();
    responses
        .map(|(code, reasons)| (code.to_string(), response(code, &reasons)))
        .collect()
}

fn response(code: u16, reasons: &[&Reason]) -> Value {
    let described: Vec<_> = reasons
        .iter()
        .map(|known| format!("- `{}`: {}", known.reason, known.meaning))
        .collect();
    let names: Vec<_> = reasons.iter().map(|known| known.reason).collect();
    json!({
        "description": described.join("\n"),
        "headers": headers(code),
        "x-reasons": names,
        "content": {"application/json": {
            "schema": {"$ref": "#/components/schemas/ErrorEnvelope"},
            "example": example(reasons),
        }},
    })
}

fn headers(code: u16) -> Value {
    let mut headers = Map::new();
    let mut add = |name: &str, shared| headers.insert(name.to_owned(), shared_header(shared));
    add("X-Request-Id", "RequestId");
    match code {
        401 => add("WWW-Authenticate", "WwwAuthenticate"),
        429 | 503 => add("Retry-After", "RetryAfter"),
        _ => None,
    };
    headers.into()
}

fn example(reasons: &[&Reason]) -> Value {
    reasons.first().map_or(Value::Null, |known| {
        json!({"error": {
            "status": known.status,
            "reason": known.reason,
            "message": known.meaning,
            "request_id": "018d172d3f0a7c3e9b1a5d2c4e6f8a90",
            "details": [],
        }})
    })
}
