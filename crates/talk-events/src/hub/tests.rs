//! The hub's rules, one by one. That they hold together whatever happens in whatever order is what
//! the [model](super::model) checks.

mod beginning;
mod delivery;
mod desk;
mod passing;
mod replay;
