//! Talk: chats, their participants and messages, and the delivery of what happens in them.

pub mod access;
pub mod chat;
pub mod cleanup;
pub mod departure;
pub mod list_events;
pub mod live;
pub mod message;
pub mod model;
pub mod participant;
pub mod reaction;
pub mod read;
pub mod reply;
pub mod resolve_mentions;
pub mod retention;
pub mod search;
pub mod steps;
pub mod unit;
