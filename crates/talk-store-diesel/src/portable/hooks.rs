//! Endpoints of webhooks and their deliveries.

mod deliveries;
mod removal;
mod webhooks;
