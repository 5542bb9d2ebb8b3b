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
