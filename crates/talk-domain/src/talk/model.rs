//! The entities of Talk, each with the ports it is stored and read by. No use case.

pub mod chat;
pub mod emoji;
pub mod event;
pub mod limits;
pub mod media;
pub mod mention;
pub mod message;
pub mod participant;
pub mod reaction;
pub mod read;
pub mod retention;
