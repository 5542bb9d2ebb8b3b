//! Webhooks and intercepts: addresses of a customer that the server calls. A webhook gets the
//! events of the customer's streams after their commit; an intercept decides on a message before it
//! is stored.
//!
//! For every event that passes an endpoint's filters, a row is stored, a
//! [`Delivery`](delivery::Delivery). A delivery is tried until the endpoint accepts it or the
//! [schedule](schedule::Schedule) ends. The row has no body: at each try, the body is made from the
//! logged event.
//!
//! This module has the settings and decisions of [intercepts](intercept::Intercept); the messages
//! on which they decide are in the module `intercepts`.

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
