//! The JSON contract of Talk: requests, resources, frames and the time format.
//!
//! It contains no rules: domain values are converted into JSON, and JSON into commands. Ids and
//! times are text on the wire, and every documented field is always present.

pub mod conversation_frame;
pub mod error;
pub mod frame;
pub mod id;
pub mod legacy;
mod object;
pub mod page_token;
pub mod reason;
pub mod request;
pub mod resource;
pub mod schema;
pub mod socket;
pub mod time;

use serde::Serialize;

/// Initial capacity in bytes; most answers and frames are shorter.
const USUAL: usize = 1024;

/// Serializes a wire type.
///
/// # Panics
/// If `body` has no JSON form, for example a map whose keys are no strings. No wire type is like
/// that; an empty answer instead would hide the mistake.
#[must_use]
#[expect(
    clippy::expect_used,
    reason = "a mistake in a type must not pass for an answer"
)]
pub fn json(body: &impl Serialize) -> String {
    let mut json = Vec::with_capacity(USUAL);
    serde_json::to_writer(&mut json, body).expect("a wire type has a JSON form");
    String::from_utf8(json).expect("JSON is UTF-8")
}
