//! The entities of Talk, each with its ports. No use cases.

pub mod chat;
pub mod emoji;
pub mod event;
pub mod held;
pub mod media;
pub mod mention;
pub mod message;
pub mod needle;
pub mod note;
pub mod participant;
pub mod reaction;
pub mod read;
pub mod removal;
pub mod retention;
