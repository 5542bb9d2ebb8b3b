//! The JSON contract of Talk: requests, resources, frames and the time format.
//!
//! Nothing here decides anything: domain values become JSON and JSON becomes commands. Ids and
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
pub mod socket;
pub mod time;

use serde::Serialize;

/// Most answers and frames are shorter, in bytes.
const USUAL: usize = 1024;

/// JSON of a wire type; text, numbers and lists of them always have a JSON form.
#[must_use]
pub fn json(body: &impl Serialize) -> String {
    let mut json = Vec::with_capacity(USUAL);
    let written = serde_json::to_writer(&mut json, body).ok();
    written
        .and_then(|()| String::from_utf8(json).ok())
        .unwrap_or_default()
}
