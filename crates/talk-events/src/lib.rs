//! Delivery of committed events to connections.
//!
//! The store rings the bell of a [`Node`] with every durable event, and the node sends it to the
//! subscribers of its stream. The [`hub`] decides which subscriber gets which event; around it, the
//! node performs the I/O: it reads the log and owns the queues of the connections. Both handle
//! streams, not the objects that have them. The event log is the truth: a connection that misses an
//! event gets it from there.
//!
//! A [`LogReader`] gives every event of the installation to a
//! [consumer](talk_domain::kernel::consumer), from its stored position on.

mod by_realm;
mod connection;
pub mod hub;
mod mailbox;
mod node;
mod reader;
mod roster;

pub use by_realm::ByRealm;
pub use node::{Node, NodeBell, NodeHandle};
pub use reader::{LogReader, ReaderBell};
