//! Conversations with people outside.

mod accounts;
mod inbox;
mod messages;
mod participants;
mod reads;
mod removal;
mod rooms;
mod rows;
#[allow(
    unreachable_pub,
    clippy::wildcard_imports,
    reason = "written by diesel's macro"
)]
pub(crate) mod schema;
mod threads;
