#![doc = include_str!("../README.md")]

mod body;
mod catch_up;
mod consumer;
mod delivery;
mod dispatcher;
mod intercepts;
mod seal;
mod signature;
mod worker;

pub use catch_up::CatchUp;
pub use consumer::DeliveryConsumer;
pub use dispatcher::{DispatchSettings, Dispatcher, Ports};
pub use intercepts::InterceptCaller;
pub use seal::{KeyTooShort, SealingKey, SealingKeys};
