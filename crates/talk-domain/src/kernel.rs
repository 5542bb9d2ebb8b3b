//! The kernel: types and ports that every domain needs. It has no rules of a domain.

pub mod blank;
pub mod cleanup;
pub mod consumer;
pub mod context;
pub mod error;
pub mod fold;
pub mod future;
pub mod id;
pub mod idempotency;
pub mod limits;
pub mod live;
pub mod log;
pub mod needle;
pub mod page;
pub mod positions;
pub mod secret;
pub mod store;
pub mod store_error;
pub mod stream;
pub mod text;
pub mod time;
pub mod unit;
pub mod username_key;
