//! Webhooks and intercepts: addresses of a customer that are called for what happens in its streams.
//! A webhook gets events afterwards; an intercept is called before.
//!
//! Every event that an endpoint wants becomes a row, a [`Delivery`](delivery::Delivery). A delivery is
//! tried until the endpoint accepts it or the [schedule](schedule::Schedule) ends. The row has no body:
//! the body is made from the logged event each time.
//!
//! An [intercept](intercept::Intercept) is called before a message is stored, and decides on it.

pub mod abandon;
pub mod access;
pub mod attempt;
pub mod catch_up;
pub mod create;
pub mod decision;
pub mod delivery;
pub mod due;
mod enabling;
pub mod filter;
pub mod gateway;
pub mod intercept;
pub mod list;
pub mod own;
pub mod remove;
pub mod replay;
pub mod rotate;
pub mod schedule;
pub mod secret;
pub mod set_intercept;
pub mod take;
pub mod unit;
pub mod update;
pub mod uri;
pub mod webhook;
