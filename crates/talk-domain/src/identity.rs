//! Identity: customers, their agents, access keys and sessions.

pub mod access_key;
pub mod agent;
pub mod credentials;
pub mod customer;
pub mod departure;
pub mod session;
pub mod unit;
