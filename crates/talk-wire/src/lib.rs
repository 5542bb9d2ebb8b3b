//! The JSON contract of Talk: requests, resources, frames and the time format.
//!
//! It contains no rules: domain values are converted into JSON, and JSON into commands. Ids and
//! times are text on the wire, and every documented field is always present.

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

/// Serializes a wire type. Text, numbers and lists of them always have a JSON form.
#[must_use]
pub fn json(body: &impl Serialize) -> String {
    let mut json = Vec::with_capacity(USUAL);
    let written = serde_json::to_writer(&mut json, body).ok();
    written
        .and_then(|()| String::from_utf8(json).ok())
        .unwrap_or_default()
}
