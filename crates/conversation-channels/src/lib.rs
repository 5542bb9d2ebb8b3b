#![doc = include_str!("../README.md")]

mod adapter;
mod channels;
#[cfg(test)]
mod conformance;
mod fetcher;
mod http;
mod reader;
mod sender;
mod smpp;
mod telnyx;
mod twilio;
pub mod verified;

pub use channels::{Channels, Ports};
pub use fetcher::{FetchSettings, Fetcher};
pub use reader::Reader;
pub use sender::{SendSettings, Sender};
pub use smpp::Sessions;
