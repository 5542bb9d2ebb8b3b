//! The real binary on a database of its own, and clients that read like sentences.

mod answer;
pub(crate) mod client;
pub(crate) mod dialect;
pub(crate) mod documented;
pub(crate) mod server;
pub(crate) mod socket;

pub(crate) use answer::Answer;
pub(crate) use client::Client;
pub(crate) use dialect::Dialect;
pub(crate) use server::Server;
pub(crate) use socket::Socket;
