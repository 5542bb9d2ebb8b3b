#![doc = include_str!("../README.md")]

mod body;
mod catch_up;
mod client;
mod consumer;
mod dispatcher;
mod guard;
mod intercepts;
mod seal;
mod signature;
mod worker;

pub use catch_up::CatchUp;
pub use client::{Client, ClientError, ClientSettings};
pub use consumer::DeliveryConsumer;
pub use dispatcher::{DispatchSettings, Dispatcher, Ports};
pub use guard::{Guard, NetworksError};
pub use intercepts::InterceptCaller;
pub use seal::{KeyTooShort, SealingKey, SealingKeys};
