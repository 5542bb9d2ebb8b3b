//! Use cases on chats.

pub mod close;
pub mod create;
pub mod delete;
pub mod join;
pub mod list;
pub mod remove;
pub mod reopen;
pub mod show;
pub mod update;
