//! Endpoints of webhooks and their deliveries.

mod deliveries;
mod held;
mod removal;
mod webhooks;
