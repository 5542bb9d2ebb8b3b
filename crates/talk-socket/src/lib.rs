#![doc = include_str!("../README.md")]

mod budget;
mod decoder;
mod handshake;
mod incoming;
mod listener;
mod outgoing;
mod peer;
mod tcp;
mod upgrade;
mod wire;

pub use budget::{Budget, Share};
pub use decoder::Received;
pub use handshake::{HandshakeRefused, Socket, accept};
pub use incoming::{Incoming, InputLimits};
pub use listener::{Listener, listen};
pub use outgoing::Outgoing;
pub use peer::Peer;
