//! Tests of single rules of the hub. The [model](super::model) tests them together, in random
//! order.

mod delivery;
mod desk;
mod ephemeral;
mod overseeing;
mod replay;
mod subscribing;
