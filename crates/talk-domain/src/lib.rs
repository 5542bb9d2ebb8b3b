//! The rules of Talk: entities, use cases and ports. No I/O, no runtime.
//!
//! A use case is one function on an open [`UnitOfWork`](store::UnitOfWork) (or a read-only
//! [`Snapshot`](store::Snapshot)): all or nothing, its events written in the same transaction.
//! Time and ids are data and come with the [`Context`](context::Context).

pub mod access;
pub mod access_key;
pub mod agent;
pub mod blank;
pub mod chat;
pub mod cleanup;
pub mod context;
pub mod customer;
pub mod emoji;
pub mod error;
pub mod event;
pub mod fold;
pub mod id;
pub mod idempotency;
pub mod identity;
pub mod limits;
pub mod live;
pub mod media;
pub mod mention;
pub mod message;
pub mod page;
pub mod participant;
pub mod reaction;
pub mod read;
pub mod retention;
pub mod session;
pub mod store;
#[cfg(any(test, feature = "mock"))]
pub mod testing;
pub mod time;
