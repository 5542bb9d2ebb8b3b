//! Entities with their ports, and events.

pub mod account;
pub mod address;
pub mod consent;
pub mod conversation;
pub mod event;
pub mod fetch;
pub mod inbox;
pub mod job;
pub mod media;
pub mod message;
pub mod origin;
pub mod part;
pub mod participant;
pub mod provider;
pub mod read;
pub mod receipt;
pub mod room;
pub mod smpp;
