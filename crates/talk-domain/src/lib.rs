//! The rules of Talk: entities, use cases and ports. No I/O, no runtime.
//!
//! - [`kernel`]: what every domain needs, and no rule.
//! - [`identity`]: customers, agents, access keys, sessions.
//! - [`files`]: uploaded files and who may read them.
//! - [`hooks`]: webhooks, their deliveries and when these are tried again.
//! - [`talk`]: chats, participants, messages, reactions, live delivery.
//! - [`intercepts`]: messages of Talk on which an intercept decides.
//!
//! A use case is one function on an open [`UnitOfWork`](kernel::unit::UnitOfWork) (or a read-only
//! [`Snapshot`](kernel::unit::Snapshot)): all or nothing, its events written in the same
//! transaction. Time and ids are data and come with the [`Context`](kernel::context::Context).

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

pub mod files;
pub mod hooks;
pub mod identity;
pub mod intercepts;
pub mod kernel;
pub mod talk;
#[cfg(any(test, feature = "mock"))]
pub mod testing;
