//! Delivery of committed events inside one process.
//!
//! [`LocalBell`] hears of every durable event and passes it on to whoever listens. It promises
//! nothing: the event log is the truth, and a listener that missed something reads it there.

mod bell;
pub mod hub;

pub use bell::{Heard, Listener, LocalBell};
