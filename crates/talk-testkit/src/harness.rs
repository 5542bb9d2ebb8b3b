//! The real binary on a database of its own, and clients that read like sentences.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "a test that cannot go on has failed, and panics"
)]

mod answer;
pub mod client;
pub mod dialect;
pub mod documented;
mod program;
pub mod server;
pub mod socket;

pub use answer::Answer;
pub use client::Client;
pub use dialect::Dialect;
pub use program::{Program, refused};
pub use server::Server;
pub use socket::Socket;
