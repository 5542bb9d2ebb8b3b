//! The hub's rules, one by one. That they hold together whatever happens in whatever order is what
//! the [model](super::model) checks.

mod delivery;
mod desk;
mod ephemeral;
mod replay;
mod subscribing;
