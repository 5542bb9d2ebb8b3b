//! Repositories of customers, agents, access keys and sessions.

mod access_keys;
mod agents;
mod customers;
mod directory;
mod sessions;
