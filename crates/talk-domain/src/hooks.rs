//! Webhooks: endpoints of a customer to which the events of its streams are sent.
//!
//! Every event that an endpoint wants becomes a row, a [`Delivery`](delivery::Delivery). A delivery is
//! tried until the endpoint accepts it or the [schedule](schedule::Schedule) ends. The row has no body:
//! the body is made from the logged event each time.

pub mod abandon;
pub mod access;
pub mod attempt;
pub mod catch_up;
pub mod create;
pub mod delivery;
pub mod due;
mod enabling;
pub mod filter;
pub mod list;
pub mod own;
pub mod remove;
pub mod replay;
pub mod rotate;
pub mod schedule;
pub mod secret;
pub mod take;
pub mod unit;
pub mod update;
pub mod uri;
pub mod webhook;
