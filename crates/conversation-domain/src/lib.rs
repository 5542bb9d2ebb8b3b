//! The rules of conversations with people outside: entities, use cases and ports. No I/O, no runtime.
//!
//! - [`model`]: accounts, addresses, rooms, conversations, messages, events, and their ports.
//! - [`account`], [`conversation`], [`message`], [`participant`], [`read`]: use cases, one file each.
//! - [`delivery`], [`receipt`]: messages to and from other services, through the port in [`gateway`].
//! - [`media`]: the bytes of medias of incoming messages.
//! - [`departure`]: what happens to conversations when an agent is deleted.
//! - [`live`]: which conversations a connection may follow.
//! - [`mod@unit`]: the ports of a transaction and of a snapshot, and the domain's name.
//!
//! The crate uses kernel, identity and files of `talk-domain`, and nothing of Talk. `RULES.md` lists its
//! rules by id.

pub mod access;
pub mod account;
pub mod conversation;
pub mod delivery;
pub mod departure;
pub mod gateway;
pub mod live;
pub mod media;
pub mod message;
pub mod model;
pub mod participant;
pub mod read;
pub mod receipt;
mod steps;
#[cfg(any(test, feature = "mock"))]
pub mod testing;
pub mod unit;
