//! Conversations with people outside.

mod accounts;
mod fetches;
mod inbox;
mod jobs;
mod medias;
mod messages;
mod participants;
mod parts;
mod reads;
mod receipts;
mod removal;
mod rooms;
pub(crate) mod rows;
#[allow(
    unreachable_pub,
    clippy::wildcard_imports,
    reason = "written by diesel's macro"
)]
pub(crate) mod schema;
mod searching;
mod threads;
