//! Entities with their ports, and events.

pub mod account;
pub mod address;
pub mod conversation;
pub mod event;
pub mod inbox;
pub mod message;
pub mod origin;
pub mod participant;
pub mod read;
pub mod room;
