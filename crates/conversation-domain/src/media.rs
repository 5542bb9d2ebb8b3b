//! Use cases on medias of messages.

pub mod fetch;
