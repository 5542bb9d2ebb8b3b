//! Delivery of committed events to connections.
//!
//! The [`Node`] of a process hears of every durable event by its bell and hands it to whoever
//! follows the chat. What to hand to whom is decided by the [`hub`], a state machine without I/O;
//! around it the node does the I/O: it reads the log and owns the connections' queues. The event
//! log is the truth: what a connection misses it gets from there.

mod connection;
pub mod hub;
mod mailbox;
mod node;
mod roster;

pub use node::{Node, NodeBell, NodeHandle};
